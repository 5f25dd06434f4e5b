"""Tests of pictures: every supported format, and malicious files."""
