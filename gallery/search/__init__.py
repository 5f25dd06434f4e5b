"""Search: an index of what is on view, and the page on which visitors ask it."""
