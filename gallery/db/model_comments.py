"""Models are defined without reading their source, which takes a sixth of the time that a command takes to start.

Tortoise parses the source of each model for comments that begin with `#:`, as descriptions of its columns. No model here
has any: tests/db/test_model_comments.py.
"""

from __future__ import annotations

import tortoise.models


def skip_model_comments() -> None:
    """Call it before the first import of a model."""
    tortoise.models._get_comments = lambda cls: {}
