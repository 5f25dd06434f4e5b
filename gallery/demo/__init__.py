"""The demo: a complete example site, with pictures that are drawn by code."""
