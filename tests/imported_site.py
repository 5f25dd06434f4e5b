"""Imports the site as `python -m gallery.cli` does, for tests/forked.py."""

import gc
import os

gc.disable()
os.environ["COLUMNS"] = "250"  # rich reads it once

import gallery.cli  # noqa: E402, F401
from tests.templates import compile_templates_once  # noqa: E402

compile_templates_once()

gc.freeze()
gc.enable()
