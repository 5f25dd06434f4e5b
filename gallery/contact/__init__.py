"""Contact: messages of visitors to the keepers of the site."""
