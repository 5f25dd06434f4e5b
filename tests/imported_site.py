"""Imports the site as `python -m gallery.cli` does, for tests/forked.py."""

import gc
import os

gc.disable()
os.environ["COLUMNS"] = "250"  # rich reads it once

from gallery.db.model_comments import skip_model_comments  # noqa: E402

skip_model_comments()

import gallery.cli  # noqa: E402, F401

gc.freeze()
gc.enable()
