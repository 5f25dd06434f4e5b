"""Opening pictures in a confined child process.

parent.py starts the child and checks its answers; the other modules run in the child.
"""
