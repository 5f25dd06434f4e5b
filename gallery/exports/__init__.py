"""Exports: all of an organisation's own data, as ZIP files for its owners."""
