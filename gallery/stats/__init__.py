"""Statistics: page views, appreciations and followed project links."""
