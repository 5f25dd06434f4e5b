"""Artists and their consents."""
