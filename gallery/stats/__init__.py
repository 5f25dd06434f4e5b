"""Statistics: page views, appreciations and clicks on support links."""
