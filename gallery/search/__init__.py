"""Search: an index of everything on view, and the search page."""
