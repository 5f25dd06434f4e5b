"""Exhibitions as folders of plain pages."""
