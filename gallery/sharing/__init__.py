"""Share images for links, posters, and wall labels to print."""
