"""`gallery demo` where the extra `demo` is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts a process

PROGRAM = """
import sys
sys.modules["httpx"] = None
from gallery.cli import main
main()
"""


def test_the_demo_names_its_extra(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'gallery[demo]'" in done.stderr
    assert list(tmp_path.iterdir()) == []
