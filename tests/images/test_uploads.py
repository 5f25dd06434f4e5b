"""Uploads: a form is read as it arrives and its file is written to disk at once, whatever the client does."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect, Request

from gallery.images.uploads import MAX_FIELD_BYTES, MAX_FIELDS, FormReader, MalformedForm, ReceivedForm
from tests.images.multipart import BOUNDARY, END, Sender, in_chunks, part


async def read(
    sender: Sender, folder: Path, max_bytes: int = 10_000_000, content_type: str = ""
) -> ReceivedForm:
    kind = content_type or f"multipart/form-data; boundary={BOUNDARY.decode()}"
    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return await FormReader(Request(scope, sender), folder, max_bytes).read()


PICTURE = bytes(range(256)) * 9 + b"\r\n--grenze-12\r\n--\r\n"


def whole_form() -> bytes:
    return (
        part("title", "汤圆".encode())
        + part("picture", PICTURE, "IMG_1.jpg")
        + part("theme", b"1")
        + part("theme", b"2")
        + END
    )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, 100_000])
async def test_a_form_in_chunks_of_any_size(tmp_path: Path, size: int) -> None:
    form = await read(Sender(in_chunks(whole_form(), size)), tmp_path)
    assert form.fields["title"] == "汤圆"
    assert form.fields.getlist("theme") == ["1", "2"]
    assert form.file is not None
    assert form.file.path.read_bytes() == PICTURE
    assert form.file.size == len(PICTURE)
    assert form.file.head == PICTURE[:64]
    assert not form.is_too_large


async def test_a_file_over_the_limit_is_not_read_to_its_end(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield part("title", b"before") + part("picture", b"", "a.jpg")[:-2]
        for _ in range(1000):
            yield b"x" * 10_000
        yield b"\r\n" + END

    sender = Sender(chunks())
    form = await read(sender, tmp_path, max_bytes=50_000)
    assert form.is_too_large
    assert form.file is None
    assert form.fields["title"] == "before"
    assert sender.sent < 10
    assert list(tmp_path.iterdir()) == []


async def test_a_file_of_just_the_limit_is_taken(tmp_path: Path) -> None:
    body = part("picture", b"x" * 1000, "a.jpg") + END
    form = await read(Sender(in_chunks(body, 100)), tmp_path, max_bytes=1000)
    assert form.file is not None
    assert form.file.size == 1000


async def test_a_large_file_never_lies_in_memory(tmp_path: Path) -> None:
    size, chunk = 30_000_000, b"y" * 65_536

    def chunks() -> Iterator[bytes]:
        yield part("picture", b"", "a.jpg")[:-2]
        left = size
        while left:
            piece = chunk[:left]
            left -= len(piece)
            yield piece
        yield b"\r\n" + part("title", b"after") + END

    tracemalloc.start()
    try:
        form = await read(Sender(chunks()), tmp_path, max_bytes=size)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert form.file is not None
    assert form.file.path.stat().st_size == size
    assert form.fields["title"] == "after"
    assert peak < 3_000_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of a form",
        part("title", b"a"),  # never ends
        part("picture", b"half", "a.jpg")[:-2],
        part("picture", b"half", "a.jpg"),
        part("title", b"a")[:20],
        b"--another\r\n\r\n--another--\r\n",
        part("title", b"\xff\xfe") + END,
    ],
)
async def test_what_is_no_whole_form_is_refused(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(MalformedForm):
        await read(Sender(in_chunks(body, 50)), tmp_path)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "application/json",
        "multipart/mixed; boundary=a",
    ],
)
async def test_what_is_no_form_is_refused(tmp_path: Path, content_type: str) -> None:
    with pytest.raises(MalformedForm):
        await read(Sender(in_chunks(whole_form(), 50)), tmp_path, content_type=content_type)


async def test_a_connection_that_breaks_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises((MalformedForm, ClientDisconnect)):
        await read(Sender(in_chunks(whole_form()[:1500], 50), breaks_off=True), tmp_path)


async def test_as_many_fields_as_allowed_and_no_more(tmp_path: Path) -> None:
    fields = b"".join(part(f"f{n}", b"v") for n in range(MAX_FIELDS))
    assert len((await read(Sender(in_chunks(fields + END, 4096)), tmp_path)).fields) == MAX_FIELDS
    with pytest.raises(MalformedForm):
        await read(Sender(in_chunks(fields + part("more", b"v") + END, 4096)), tmp_path)


async def test_text_as_long_as_allowed_and_no_longer(tmp_path: Path) -> None:
    half = b"x" * (MAX_FIELD_BYTES // 2)
    body = part("a", half) + part("b", half)
    assert len((await read(Sender(in_chunks(body + END, 65_536)), tmp_path)).fields["b"]) == len(half)
    sender = Sender(in_chunks(body + part("c", half) + END, 4096))
    with pytest.raises(MalformedForm):
        await read(sender, tmp_path)
    assert not sender.is_done


@pytest.mark.parametrize(
    "name", ["../../evil.jpg", "/etc/passwd", "C:\\x\\汤圆.jpg", "汤圆 ①.jpg", "a\0b", "x" * 200]
)
async def test_file_names_are_never_used(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    form = await read(Sender(in_chunks(part("picture", b"data", name) + END, 30)), folder)
    assert form.file is not None
    assert form.file.path == folder / "upload"
    assert [path.name for path in tmp_path.rglob("*")] == ["inner", "upload"]


async def test_the_first_picture_is_taken_and_other_files_are_passed_over(tmp_path: Path) -> None:
    body = (
        part("attachment", b"no", "a.txt")
        + part("picture", b"first", "a.jpg")
        + part("picture", b"second", "b.jpg")
        + END
    )
    form = await read(Sender(in_chunks(body, 40)), tmp_path)
    assert form.file is not None
    assert form.file.path.read_bytes() == b"first"
    assert len(form.fields) == 0


async def test_a_form_in_which_no_file_was_chosen(tmp_path: Path) -> None:
    form = await read(Sender(in_chunks(part("picture", b"", "") + part("title", b"t") + END, 40)), tmp_path)
    assert form.file is None
    assert form.fields["title"] == "t"


async def test_a_form_without_file_part_may_be_urlencoded(tmp_path: Path) -> None:
    sender = Sender(iter([b"title=%E6%B1%A4%E5%9C%86&theme=1&theme=2"]))
    form = await read(sender, tmp_path, content_type="application/x-www-form-urlencoded")
    assert form.fields.getlist("theme") == ["1", "2"]
    assert form.fields["title"] == "汤圆"
