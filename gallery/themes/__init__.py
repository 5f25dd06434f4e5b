"""Themes: the occasions that works are made for, and their calls."""
