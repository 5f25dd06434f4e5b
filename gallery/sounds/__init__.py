"""Voices: recordings of the artist, or of somebody who speaks for the artist, that belong to works."""
