"""Opening pictures in a confined child process: parent.py starts it and judges its answers, all else runs
in it."""
