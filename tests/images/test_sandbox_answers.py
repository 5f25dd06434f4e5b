"""Kept answers of the sandbox are those of the child, and belong to one request for one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.images.framing import Framing
from gallery.images.sandbox import parent
from gallery.images.sandbox.parent import ImageRefused, Limits, develop, inspect
from tests import sandbox_answers
from tests.images import files
from tests.sandbox_answers import keeping_answers

PATIENT = Limits(wall_seconds=180)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that reach a child; nothing is kept from other tests."""
    tasks: list[str] = []
    run_child = parent.run_child

    async def noting(task: str, *request: Any, **more: Any) -> dict[str, Any]:
        tasks.append(task)
        return await run_child(task, *request, **more)

    (tmp_path / "kept").mkdir()
    monkeypatch.setattr(sandbox_answers, "answers", lambda: tmp_path / "kept")
    monkeypatch.setattr(parent, "run_child", keeping_answers(noting))
    return tasks


async def test_the_second_answer_and_its_files_are_those_of_the_first(
    asked: list[str], tmp_path: Path
) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(), "JPEG"))
    found = []
    for name in ("first", "second"):
        (out := tmp_path / name).mkdir()
        developed = await develop(source, out, PATIENT)
        inspected = await inspect(source, PATIENT, out / "preview.jpg")
        assert inspected.preview == out / "preview.jpg"
        found.append((developed, inspected.width, {path.name: path.read_bytes() for path in out.iterdir()}))
    assert found[0] == found[1]
    assert found[0][2].keys() == {*found[0][0].files, "preview.jpg"}
    assert asked == ["develop", "inspect"]


async def test_another_picture_request_or_program_is_answered_anew(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = files.stored(tmp_path, files.encoded(files.scene(), "JPEG"))
    other = files.stored(tmp_path, files.encoded(files.scene().transpose(0), "JPEG"), "other")
    await inspect(one, PATIENT)
    await inspect(other, PATIENT)
    await inspect(one, PATIENT, framing=Framing(turn=90))
    await inspect(one, PATIENT, tmp_path / "preview.jpg")
    monkeypatch.setattr(parent, "CHILD_PROGRAM", f"{parent.CHILD_PROGRAM}  # another")
    await inspect(one, PATIENT)
    assert asked == ["inspect"] * 5


async def test_a_refusal_is_not_kept(asked: list[str], tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(), "JPEG")[:2000])
    for _ in range(2):
        with pytest.raises(ImageRefused):
            await inspect(source, PATIENT)
    assert asked == ["inspect", "inspect"]
