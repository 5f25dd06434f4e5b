"""Opening pictures in a confined child process: parent.py starts it and checks its answers, everything else
runs in it."""
