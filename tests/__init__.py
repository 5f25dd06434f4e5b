"""The gallery's tests: one folder for each feature."""
