"""What programs of organisations use: tokens, and a small JSON API that describes itself."""
