"""Reviews: the queue of submitted works and what curators decide."""
