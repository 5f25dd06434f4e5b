"""The gallery's tests: one folder for each feature."""

from gallery.db.model_comments import skip_model_comments

skip_model_comments()  # before a test imports a model
