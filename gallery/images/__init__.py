"""Pictures: originals, safe decoding, and the renditions that visitors see."""
