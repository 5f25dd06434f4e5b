"""Fuzzing guided by coverage, run by hand: it looks for what the tests do not know yet."""
