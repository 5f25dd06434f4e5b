"""Pictures: every kind that comes in, and everything that is meant to harm."""
