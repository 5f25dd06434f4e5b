"""What leaves the site: share images for links, posters, and wall labels to print."""
