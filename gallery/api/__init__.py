"""The JSON API for organisations' programs, with its tokens."""
