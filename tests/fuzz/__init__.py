"""Coverage-guided fuzzing, run by hand, to find cases that the tests lack."""
