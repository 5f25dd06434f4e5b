"""What leaves the site: cards and posters for sharing, and wall labels to print."""
