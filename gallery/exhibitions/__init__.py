"""Exhibitions: rooms of hung works, editions, and the pages that visitors see."""
