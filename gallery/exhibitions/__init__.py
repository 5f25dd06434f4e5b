"""Exhibitions as curators build them: drafts, rooms, editions, credits and talks."""
