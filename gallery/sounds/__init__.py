"""Voices: a recording of the artist, or of somebody who tells for them, that belongs to a work."""
