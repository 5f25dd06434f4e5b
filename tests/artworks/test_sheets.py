"""Reading sheets and their ZIP files: every format and encoding, and false sizes and lengths in them."""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import unicodedata
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.bundles import Bundle, PictureRefused, open_bundle
from gallery.artworks.sheet_columns import (
    COLUMN_LABELS,
    column_label,
    find_column,
    known_headers,
    template_csv,
    template_xlsx,
)
from gallery.artworks.sheet_faults import (
    FAULT_SENTENCES,
    SheetRefused,
    fault_sentence,
    similar_or_some_names,
)
from gallery.artworks.sheet_rows import read_row, texts_in
from gallery.artworks.sheets import SheetFile, SheetRow
from gallery.artworks.works import TRANSLATED_FIELDS
from gallery.web.languages import site_languages, use_language
from tests.artworks.archives import UNIX, WAYS, RawEntry, packed, unicode_path
from tests.artworks.sheets import csv_bytes, zipped

HEADER = ["图片", "标题", "故事", "Year"]


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def rows_in(folder: Path, content: bytes) -> list[SheetRow]:
    return list(SheetFile(kept(folder, content)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_that_office_programs_write(tmp_path: Path, encoding: str, separator: str) -> None:
    content = csv_bytes(
        HEADER, ["a.jpg", "饺子皮", "第一行\n第二行", "2022"], encoding=encoding, separator=separator
    )
    (row,) = rows_in(tmp_path, content)
    assert row.number == 2
    assert row.cells == {
        "picture": "a.jpg",
        "title": "饺子皮",
        "story": "第一行\n第二行",
        "date_made": "2022",
    }


@pytest.mark.parametrize("language", site_languages())
@pytest.mark.parametrize("template", [template_csv, template_xlsx])
def test_templates_are_read_back_in_either_language(tmp_path: Path, language: str, template: Any) -> None:
    with use_language(language):
        content = template()
    sheet = SheetFile(kept(tmp_path, content))
    (row,) = list(sheet)
    row_values, faults = read_row(row)
    assert not faults
    assert sheet.header.strangers == []
    assert row_values.picture == "IMG_0001.jpg"
    assert all(row_values.texts[name] for name in ("title", "story", "alt_text", "medium"))
    other = "en" if language == "zh" else "zh"
    translated = [name for name in TRANSLATED_FIELDS if name in COLUMN_LABELS]
    second = {"alt_text_2", "caption_2"}
    assert set(row.cells) == {*COLUMN_LABELS, *second, *(f"{name}[{other}]" for name in translated)}


def test_columns_are_known_by_what_people_call_them(tmp_path: Path) -> None:
    sheet = SheetFile(
        kept(tmp_path, csv_bytes(["照片", "作品名称", "作者", "授权", "Theme"], ["a", "b", "c", "d", "e"]))
    )
    (row,) = list(sheet)
    assert list(row.cells) == ["picture", "title", "credit_name", "consent", "themes"]
    assert sheet.header.strangers == []


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("title[bo]", "title[bo]"),
        ("标题（藏文）", "title[bo]"),
        ("标题 (维吾尔语)", "title[ug]"),
        ("Story [Spanish]", "story[es]"),
        ("What the picture shows (粵語)", "alt_text[yue]"),
        ("*title[zh_Hant]:", "title[zh-Hant]"),
        ("标题（火星文）", None),
        ("年份（藏文）", None),  # a year has no language
        ("title[]", None),
    ],
)
def test_a_column_may_name_its_language(tmp_path: Path, header: str, column: str | None) -> None:
    sheet = SheetFile(kept(tmp_path, csv_bytes(["Title", header], ["a", "b"])))
    (row,) = list(sheet)
    assert list(row.cells) == ["title", *([column] if column else [])]
    assert sheet.header.strangers == ([] if column else [header])


def row_of(**cells: str) -> tuple[dict[str, str], list[str]]:
    """The texts of a row, and the codes of its faults. `title_bo` stands for `title[bo]`."""
    named = {name.replace("__", "[") + ("]" if "__" in name else ""): text for name, text in cells.items()}
    row, faults = read_row(SheetRow(2, named))
    texts, twice = texts_in(row, row.language or "zh")
    return {name: words for name, words in texts.items() if words}, [each.code for each in [*faults, *twice]]


def test_the_texts_of_a_row_by_its_own_language() -> None:
    assert row_of(title="雪", title__bo="ཁ་བ།") == ({"title": "雪", "title[bo]": "ཁ་བ།"}, [])
    in_tibetan = {"title": "ཁ་བ།", "title[zh]": "雪"}
    assert row_of(language="藏文", title="ཁ་བ།", title__zh="雪") == (in_tibetan, [])
    assert row_of(language="bo", title__bo="ཁ་བ།", title__zh="雪") == (in_tibetan, [])
    # Sheets of earlier templates: the translation is into the site's other language.
    assert row_of(title="雪", title_translation="Snow") == ({"title": "雪", "title[en]": "Snow"}, [])
    assert row_of(language="English", title="Snow", title_translation="雪") == (
        {"title": "Snow", "title[zh]": "雪"},
        [],
    )


def test_the_same_language_twice_and_one_that_is_none() -> None:
    assert row_of(title="雪", title__zh="雪花") == ({"title": "雪"}, ["language_twice"])
    assert row_of(title="雪", title_translation="Snow", title__en="Ice")[1] == ["language_twice"]
    assert row_of(title="雪", language="火星文") == ({"title": "雪"}, ["language"])
    assert row_of(title__bo="\u202eཁ་བ།\u202c") == ({"title[bo]": "ཁ་བ།"}, [])
    assert row_of(title__bo="x" * 121)[1] == ["too_long", "untitled"]


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_a_workbook_with_numbers_formulas_and_blank_rows(tmp_path: Path) -> None:
    content = workbook(HEADER, ["a.jpg", 12.0, "story", 2022], [], [None, "=A1&B1", None, 2023.0])
    first, second = rows_in(tmp_path, content)
    assert first.cells["title"] == "12"
    assert first.cells["date_made"] == "2022"
    assert second.number == 4
    _told, faults = read_row(second)
    assert [(fault.column, fault.code) for fault in faults] == [("title", "formula")]


def test_a_formula_in_text_and_a_story_of_40000_characters(tmp_path: Path) -> None:
    content = csv_bytes(HEADER, ["", "=HYPERLINK(1)", "x" * 40_000, "last year"])
    (row,) = rows_in(tmp_path, content)
    _told, faults = read_row(row)
    found = {fault.column: fault for fault in faults}
    assert {name: fault.code for name, fault in found.items()} == {
        "title": "formula",
        "story": "too_long",
        "date_made": "date",
    }
    with use_language("en"):
        assert (
            fault_sentence("too_long", found["story"].facts)
            == "This has 40000 characters; please keep it to 20000."
        )
    assert len(found["story"].as_json()["value"]) < 100


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (csv_bytes(["图片", "故事"], ["a", "b"]), "missing_column"),
        (csv_bytes(["标题"]), "no_rows"),
        (b"", "no_rows"),
        ("标题\n饺子".encode() + b"\xff\xfe\x80", "wrong_encoding"),
        (bytes(range(256)) * 4, "wrong_encoding"),
        (b"PK\x03\x04 and nothing more", "broken_sheet"),
        (csv_bytes(["标题"], *(["x"] for _ in range(10_001))), "too_many_rows"),
    ],
)
def test_what_is_no_sheet_says_so(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(SheetRefused) as refusal:
        rows_in(tmp_path, content)
    assert refusal.value.code == code
    for language in site_languages():
        with use_language(language):
            assert "%(" not in fault_sentence(code, refusal.value.facts)


def test_a_name_that_is_like_none_gets_those_that_there_are() -> None:
    assert similar_or_some_names("冬致", ["冬至", "世界杯"]) == {"near_names": "冬至"}
    assert similar_or_some_names("端午", ["冬至", "世界杯"]) == {"there_names": "冬至 / 世界杯"}
    assert similar_or_some_names("端午", []) == {}
    with use_language("en"):
        values = fault_sentence("no_such_theme", similar_or_some_names("Easter", ["冬至", "世界杯"]))
        assert values == "No open theme has this name. There are: 冬至 / 世界杯."


def test_unknown_columns_are_told(tmp_path: Path) -> None:
    sheet = SheetFile(kept(tmp_path, csv_bytes(["标题", "序号", "Storey"], ["a", "1", "b"])))
    list(sheet)
    assert sheet.header.strangers == ["序号", "Storey"]


def test_of_two_columns_with_one_name_the_first_is_read(tmp_path: Path) -> None:
    sheet = SheetFile(kept(tmp_path, csv_bytes(["标题", "Title"], ["a", "b"])))
    assert ([row.cells for row in sheet], sheet.header.strangers) == ([{"title": "a"}], ["Title"])


BANNER = ["阳光小学作品汇总表（2026年春）"]
INSTRUCTION = ["请勿改动表头；照片名称要与文件名一致，多张用逗号隔开", "", "", "必填"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_header_may_stand_below_a_banner_and_an_instruction(tmp_path: Path, separator: str) -> None:
    rows = [
        BANNER,
        [],
        INSTRUCTION,
        HEADER,
        ["a.jpg", "汤圆", "圆；甜", "2022"],
        HEADER,
        ["", "标题", "", ""],
    ]
    sheet = SheetFile(kept(tmp_path, csv_bytes(*rows, separator=separator)))
    first, second = list(sheet)
    assert (first.number, first.cells["title"], first.cells["story"]) == (5, "汤圆", "圆；甜")
    assert (second.number, second.cells["title"]) == (7, "标题")  # not the header, which is repeated above it


def test_the_worksheet_with_the_works_is_found(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    cover = book.worksheets[0]
    cover.title = "说明"
    cover.append(["怎样填写"])
    for name, state, title in (
        ("旧表", "hidden", "旧"),
        ("作品", "visible", "新"),
        ("更多", "visible", "后"),
    ):
        page = book.create_sheet(name)
        page.sheet_state = state
        for row in (BANNER, INSTRUCTION, ["照片", "作品名称（必填）", "作品简介"], ["a.jpg", title, "x"]):
            page.append(row)
    written = io.BytesIO()
    book.save(written)
    sheet = SheetFile(kept(tmp_path, written.getvalue()))
    (row,) = list(sheet)
    assert (sheet.header.page, sheet.header.row, row.cells["title"]) == ("作品", 3, "新")
    cover.parent.remove(book["作品"])
    book.remove(book["更多"])
    book.save(tmp_path / "file")
    with pytest.raises(SheetRefused) as refusal:
        list(SheetFile(tmp_path / "file"))
    assert refusal.value.code == "missing_column"  # a hidden worksheet is not read


@pytest.mark.parametrize(
    ("typed", "kept_as", "code"),
    [
        (date(2022, 5, 3), "2022-05-03", None),
        ("2022/5/3 10:22:00", "2022", "only_year"),
        ("画于2021年，二年级", "2021", "only_year"),
        ("2021年或2022年", "", "date"),
        ("2999年的一天", "", "date"),
        ("小时候", "", "date"),
        (20220503, "", "date"),
    ],
)
def test_a_date_that_is_none_leaves_its_year_or_nothing(
    tmp_path: Path, typed: Any, kept_as: str, code: str | None
) -> None:
    (row,) = rows_in(tmp_path, workbook(HEADER, ["", "汤圆", "", typed]))
    values, faults = read_row(row)
    assert values.texts["date_made"] == kept_as
    assert [(fault.code, fault.is_note) for fault in faults] == ([(code, True)] if code else [])


def test_entities_in_a_workbook_are_not_followed(tmp_path: Path) -> None:
    source, written = io.BytesIO(workbook(["Title"], ["x"])), io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(("sheet1.xml", "sharedStrings.xml")):
                content = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>' + content.partition(b"?>")[2]
            new.writestr(name, content)
    with pytest.raises(SheetRefused) as refusal:
        rows_in(tmp_path, written.getvalue())
    assert refusal.value.code == "broken_sheet"


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: f"title,story\n{text}".encode()))
def test_any_bytes_are_rows_or_a_refusal(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            for row in SheetFile(kept(Path(folder), content)):
                row_values, faults = read_row(row)
                assert row_values.texts["title"] or row_values.picture or faults
                assert all("%(" not in fault_sentence(fault.code, fault.facts) for fault in faults)
        except SheetRefused as refusal:
            assert refusal.code in FAULT_SENTENCES  # noqa: PT017


# ZIPs


SHEET = ("works.csv", csv_bytes(["Title"], ["x"]))


def refused(folder: Path, content: bytes) -> str:
    with pytest.raises(SheetRefused) as refusal, open_bundle(kept(folder, content)) as bundle:
        bundle.unpack_sheet(folder)
    with use_language("en"):
        assert "%(" not in fault_sentence(refusal.value.code, refusal.value.facts)
    return refusal.value.code


def test_a_bundle_finds_its_pictures_however_they_are_named(tmp_path: Path) -> None:
    content = zipped(
        SHEET,
        ("图/一.JPG", b"one"),
        ("b/same.jpg", b"1"),
        ("c/same.jpg", b"2"),
        ("__MACOSX/._works.csv", b"x"),
        (".DS_Store", b"x"),
    )
    with open_bundle(kept(tmp_path, content)) as bundle:
        assert (
            bundle.names.find("一.jpg")
            == bundle.names.find("图\\一.JPG")
            == bundle.names.find("一")
            == "图/一.jpg"
        )
        assert bundle.names.find("same.jpg") is None
        assert bundle.names.find("c/same.jpg") == "c/same.jpg"
        assert len(bundle.names.entries) == 3
        assert bundle.unpack_sheet(tmp_path).read_bytes() == SHEET[1]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_without_the_flag_are_what_windows_or_macos_meant(tmp_path: Path, encoding: str) -> None:
    raw = "饺子皮.jpg".encode(encoding)
    content = zipped(SHEET, ("N" * len(raw), b"x")).replace(b"N" * len(raw), raw)
    with open_bundle(kept(tmp_path, content)) as bundle:
        assert list(bundle.names.entries) == ["饺子皮.jpg"]
        assert bundle.unpack_picture("饺子皮.jpg", tmp_path / "out", 100).size == 1


NAMES = [
    "图片1.jpg",
    "图1.jpg",
    "爷爷.jpg",
    "café.jpg",
    "ガラス.jpg",
    "Émile.jpg",
    "冬至/汤圆.jpg",
    "ᠮᠣᠩ.jpg",
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("names", [NAMES, NAMES[:3], NAMES[3:6], *([name] for name in NAMES)], ids="|".join)
def test_names_are_found_whoever_packed_them(tmp_path: Path, way: str, names: list[str]) -> None:
    content = packed(WAYS[way], {"作品.csv": SHEET[1], **{name: name.encode() for name in names}})
    with open_bundle(kept(tmp_path, content)) as bundle:
        assert bundle.unpack_sheet(tmp_path).read_bytes() == SHEET[1]
        bundle.settle_names(names)
        assert list(bundle.names.entries) == [name.lower() for name in names]
        for name in names:
            for typed in (name, unicodedata.normalize("NFD", name).upper()):
                assert bundle.names.find(typed) == name.lower()
            picture = bundle.unpack_picture(name.lower(), tmp_path / "out", 100)
            assert (tmp_path / "out").read_bytes()[: picture.size] == name.encode()


def test_the_sheet_decides_for_all_names_of_an_archive(tmp_path: Path) -> None:
    """These bytes are valid in both encodings, so what one name means follows from the others."""
    for encoding in ("gbk", "utf-8"):
        raw = [name.encode(encoding) for name in ("图片1.jpg", "爷爷.jpg", "é.jpg")]
        content = packed(
            lambda name: RawEntry(name.encode("latin-1"), UNIX),
            {"a.csv": SHEET[1], **{each.decode("latin-1"): b"x" for each in raw}},
        )
        with open_bundle(kept(tmp_path, content)) as bundle:
            bundle.settle_names(["nothing.jpg", "一.jpg，爷爷.jpg"])
            assert list(bundle.names.entries) == ["图片1.jpg", "爷爷.jpg", "é.jpg"]


def test_a_unicode_path_of_another_name_is_not_obeyed(tmp_path: Path) -> None:
    stale = RawEntry("新.jpg".encode("gbk"), UNIX, extra=unicode_path(b"old.jpg", "旧.jpg"))
    broken = RawEntry(b"b.jpg", UNIX, extra=unicode_path(b"b.jpg", "b").replace(b"b", b"\xff"))
    with open_bundle(kept(tmp_path, zipped(SHEET, (stale, b"x"), (broken, b"x")))) as bundle:
        assert list(bundle.names.entries) == ["新.jpg", "b.jpg"]


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([SHEET, ("../evil.jpg", b"x")], "outside"),
        ([SHEET, ("a/../../evil.jpg", b"x")], "outside"),
        ([SHEET, ("/etc/passwd", b"x")], "outside"),
        ([SHEET, ("C:\\evil.jpg", b"x")], "outside"),
        ([SHEET, ("..\\evil.jpg", b"x")], "outside"),
        ([SHEET, (link("a.jpg"), b"/etc/passwd")], "symlink"),
        ([SHEET, ("more.zip", b"x")], "nested"),
        ([("a.jpg", b"x")], "no_sheet"),
        ([SHEET, ("other.xlsx", b"x")], "two_sheets"),
    ],
)
def test_a_zip_that_would_do_harm_is_refused(
    tmp_path: Path, entries: list[tuple[Any, bytes]], code: str
) -> None:
    assert refused(tmp_path, zipped(*entries)) == code


def test_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(SHEET))
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert refused(tmp_path, bytes(content)) == "encrypted"


def test_a_hundred_thousand_entries_are_not_even_listed(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 40_000, 40_000, 4_000_000, 0, 0)
    assert refused(tmp_path, b"PK\x03\x04" + end) == "too_many_entries"
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 100_000, 100_000, 9_000_000, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 4, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert refused(tmp_path, b"PK\x03\x04" + record + locator + end) == "too_many_entries"


def test_a_zip_that_lies_about_its_entries_is_not_believed(tmp_path: Path) -> None:
    honest = zipped(SHEET, *((f"{number}", b"") for number in range(12_000)))  # one more than allowed
    end = honest.rindex(b"PK\x05\x06")
    values = honest[: end + 8] + struct.pack("<HH", 5, 5) + honest[end + 12 :]
    assert refused(tmp_path, values) == "too_many_entries"
    # A small record that is read first, and a ZIP64 record, which takes precedence.
    small = zipped(SHEET)
    end = small.rindex(b"PK\x05\x06")
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0)
    harmless = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 55, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    assert refused(tmp_path, small[:end] + record + locator + small[end:]) == "too_many_entries"
    # The locator points to a harmless record; the record right before it is not.
    assert refused(tmp_path, small[:end] + harmless + record + locator + small[end:]) == "too_many_entries"
    beyond = struct.pack("<4sIQI", b"PK\x06\x07", 0, 1 << 50, 1)
    assert refused(tmp_path, small[:end] + record + beyond + small[end:]) == "broken_zip"


def test_a_true_zip64_is_read(tmp_path: Path) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in (SHEET, ("a.jpg", b"x")):
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(content)
    small = written.getvalue()
    end = small.rindex(b"PK\x05\x06")
    size, offset = struct.unpack("<II", small[end + 12 : end + 20])
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, size, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    with open_bundle(kept(tmp_path, small[:end] + record + locator + last)) as bundle:
        assert list(bundle.names.entries) == ["a.jpg"]


def take(bundle: Bundle, folder: Path, key: str, most: int = 60_000_000) -> str:
    with pytest.raises(PictureRefused) as refusal:
        bundle.unpack_picture(key, folder / "out", most)
    return refusal.value.code


def test_what_unpacks_to_too_much_stops_while_it_is_read(tmp_path: Path) -> None:
    content = zipped(
        SHEET, ("bomb.jpg", bytes(30_000_000)), ("large.jpg", b"x" * 9_000_000), ("empty.jpg", b"")
    )
    with open_bundle(kept(tmp_path, content)) as bundle:
        assert take(bundle, tmp_path, "bomb.jpg") == "bomb"
        assert (tmp_path / "out").stat().st_size < 12_000_000
        assert take(bundle, tmp_path, "large.jpg", 1_000_000) == "picture_too_large"
        assert take(bundle, tmp_path, "empty.jpg") == "picture_empty"


def test_an_archive_called_a_picture_and_a_damaged_one(tmp_path: Path) -> None:
    inner = zipped(("x", b"x"))
    content = bytearray(zipped(SHEET, ("inner.jpg", inner), ("torn.jpg", b"0123456789" * 50)))
    at = content.index(b"torn.jpg") + len("torn.jpg")
    content[at + 3] ^= 0xFF
    with open_bundle(kept(tmp_path, bytes(content))) as bundle:
        assert take(bundle, tmp_path, "inner.jpg") == "nested"
        assert take(bundle, tmp_path, "torn.jpg") == "picture_broken"


def test_a_sheet_that_is_a_bomb(tmp_path: Path) -> None:
    content = zipped(("works.csv", b"title\n" + b"x" * 40_000_000))
    with open_bundle(kept(tmp_path, content)) as bundle, pytest.raises(SheetRefused) as refusal:
        bundle.unpack_sheet(tmp_path)
    assert refusal.value.code == "bomb"


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a_mangled_zip_is_read_or_refused(noise: bytes, at: int) -> None:
    content = bytearray(zipped(SHEET, ("a.jpg", b"x" * 30)))
    content[at : at + len(noise)] = noise
    with tempfile.TemporaryDirectory() as folder:
        try:
            with open_bundle(kept(Path(folder), bytes(content))) as bundle:
                path = bundle.unpack_sheet(Path(folder))
                list(SheetFile(path))
                for key in bundle.names.entries:
                    bundle.unpack_picture(key, Path(folder) / "out", 1000)
        except (SheetRefused, PictureRefused) as refusal:
            assert refusal.code in FAULT_SENTENCES  # noqa: PT017


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("画面描述 2", "alt_text_2"),
        ("画面描述3", "alt_text_3"),
        ("What the picture shows 24", "alt_text_24"),
        ("alt_text_2", "alt_text_2"),
        ("Alt text 2", "alt_text_2"),
        ("caption 2[bo]", "caption_2[bo]"),
        ("图片说明 2（藏文）", "caption_2[bo]"),
        ("图片说明 1", "caption"),
        ("画面描述 25", None),
        ("标题 2", None),
        ("画面描述 0", None),
    ],
)
def test_texts_of_further_pictures_have_numbered_columns(header: str, column: str | None) -> None:
    assert find_column(header, known_headers()) == column
    if column is not None and "[" not in column:
        assert find_column(column_label(column), known_headers()) == column
