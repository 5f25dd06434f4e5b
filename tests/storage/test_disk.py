"""Atomic writes, and locks on folders."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gallery.storage.disk import atomic_write, lock_folder


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("old")
    with atomic_write(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]


def test_after_an_error_all_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), atomic_write(path) as new:
        new.write_text("ne")
        raise OSError("full")
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_what_is_secret_is_so_from_its_first_byte(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "secret", 0o600) as new:
        assert new.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


HOLD = """
import sys
from pathlib import Path
from gallery.storage.disk import lock_folder
with lock_folder(Path(sys.argv[1])) as is_ours:
    print(is_ours, flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_held_by_one_process_until_that_is_killed(tmp_path: Path, not_quick: None) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert other.stdout.readline() == b"True\n"
    with lock_folder(tmp_path) as is_ours:
        assert not is_ours
    other.kill()
    other.communicate()
    with lock_folder(tmp_path, waits=True) as is_ours:
        assert is_ours
