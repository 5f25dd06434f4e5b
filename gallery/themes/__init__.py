"""Themes: occasions that works are made for, and their calls for works."""
