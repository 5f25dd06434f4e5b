"""Exports: all that is an organisation's own, as ZIP files for its owners."""
