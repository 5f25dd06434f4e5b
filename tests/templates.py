"""Compiled templates, kept between tests and between runs: compiling them takes most of the time of a typical
test.
"""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from jinja2 import FileSystemBytecodeCache

from gallery.web import rendering
from tests.kept import folder


def compile_templates_once() -> None:
    """Let every site of this process take compiled templates from a folder; Jinja compares them with their sources.

    How they are compiled is said in rendering.py, so each version of it has a folder of its own.
    """
    version = hashlib.sha256(Path(rendering.__file__).read_bytes()).hexdigest()[:12]
    compiled = folder() / f"templates-{version}"
    compiled.mkdir(exist_ok=True)
    cache = FileSystemBytecodeCache(str(compiled))
    rendering.Environment = partial(rendering.Environment, bytecode_cache=cache)  # type: ignore[assignment, misc]
