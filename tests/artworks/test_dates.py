"""The date of a work: kept as people write it, read as a range of days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.dates import (
    FIRST_YEAR,
    date_texts,
    described_date,
    parse_date,
    read_date,
    shown_work_date,
    years_between,
)
from gallery.artworks.unreadable import Unreadable
from gallery.clock import today
from gallery.reviews.checks import personal_data
from gallery.web.languages import use_language

DAYS = st.dates(date(FIRST_YEAR, 1, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("typed", "edtf", "first", "last"),
    [
        ("2022", "2022", "2022-01-01", "2022-12-31"),
        ("２０２２年", "2022", "2022-01-01", "2022-12-31"),
        ("2022-12", "2022-12", "2022-12-01", "2022-12-31"),
        ("2022/2", "2022-02", "2022-02-01", "2022-02-28"),
        ("2022.12.3", "2022-12-03", "2022-12-03", "2022-12-03"),
        ("2022年12月3日", "2022-12-03", "2022-12-03", "2022-12-03"),
        ("二〇二二年十二月二十三日", "2022-12-23", "2022-12-23", "2022-12-23"),
        ("3rd Dec. 2022", "2022-12-03", "2022-12-03", "2022-12-03"),
        ("December 3, 2022", "2022-12-03", "2022-12-03", "2022-12-03"),
        ("2024年春", "2024-21", "2024-02-01", "2024-05-31"),
        ("Spring 2024", "2024-21", "2024-02-01", "2024-05-31"),
        ("2024-24", "2024-24", "2024-11-01", "2024-12-31"),
        ("1980年代", "198X", "1980-01-01", "1989-12-31"),
        ("the 1980s", "198X", "1980-01-01", "1989-12-31"),
        ("二十世纪八十年代", "198X", "1980-01-01", "1989-12-31"),
        ("20th century", "19XX", "1900-01-01", "1999-12-31"),
        ("约1980年", "1980~", "1980-01-01", "1980-12-31"),
        ("c. 1980", "1980~", "1980-01-01", "1980-12-31"),
        ("1980年左右", "1980~", "1980-01-01", "1980-12-31"),
        ("1980？", "1980?", "1980-01-01", "1980-12-31"),
        ("1980%", "1980%", "1980-01-01", "1980-12-31"),
        ("2019–2021", "2019/2021", "2019-01-01", "2021-12-31"),
        ("2019-2021", "2019/2021", "2019-01-01", "2021-12-31"),
        ("2019～2021年", "2019/2021", "2019-01-01", "2021-12-31"),
        ("between 2019 and 2021", "2019/2021", "2019-01-01", "2021-12-31"),
        ("2022年3月至5月", "2022-03/2022-05", "2022-03-01", "2022-05-31"),
        ("March to May 2022", "2022-03/2022-05", "2022-03-01", "2022-05-31"),
        ("1980~/1985", "1980~/1985", "1980-01-01", "1985-12-31"),
        ("last year", None, "", ""),
        ("20x2", None, "", ""),
        ("12/3/2022", None, "", ""),
    ],
)
def test_people_write_a_date_in_many_ways(typed: str, edtf: str | None, first: str, last: str) -> None:
    read = parse_date(typed)
    assert (read and (read.edtf, str(read.first), str(read.last))) == (edtf and (edtf, first, last))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2024-02-31", "“2024-02-31” is not in the calendar"),
        ("2023年13月", "is not in the calendar"),
        ("2099", "from 1900 to today"),
        ("1066", "from 1900 to today"),
        ("0000", "is not in the calendar"),
        ("0世纪", "Please write a date such as"),
        ("00世纪", "is not in the calendar"),
        ("2022" * 30, "Please write a date such as"),
        ("2020/2099", "from 1900 to today"),
        ("2021–2019", "before its beginning"),
        ("soon", "Please write a date such as"),
    ],
)
def test_each_mistake_has_its_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_date(typed)
    with use_language("en"):
        assert sentence in refused.value.sentence


def test_today_is_a_date_and_tomorrow_is_not_yet() -> None:
    assert read_date(today().isoformat()).first == today()
    assert read_date(f"{today().year // 10}0s").last >= today(), "a decade that has begun"
    with pytest.raises(Unreadable):
        read_date((today() + timedelta(days=1)).isoformat())


@given(DAYS, st.sampled_from(["zh", "en"]))
def test_what_is_described_can_be_read_again(day: date, language: str) -> None:
    year = f"{day.year:04}"
    codes = (
        day.isoformat(),
        f"{day:%Y-%m}",
        year,
        f"{year}-2{day.day % 4 + 1}",
        f"{year[:3]}X",
        f"{year}~",
        f"{year}?",
    )
    with use_language(language):
        for edtf in (*codes, f"{year}%", f"{day:%Y-%m}/2025-12"):
            read = parse_date(described_date(edtf))
            assert read is not None
            assert read.edtf == edtf


@given(DAYS, DAYS)
def test_an_interval_lasts_from_its_first_day_to_its_last(one: date, other: date) -> None:
    first, last = sorted((one, other))
    read = read_date(f"{first} – {last}")
    assert (read.first, read.last) == (first, last)
    assert read.day_numbers == (int(f"{first:%Y%m%d}"), int(f"{last:%Y%m%d}"))
    assert list(years_between(*read.day_numbers)) == list(range(first.year, last.year + 1))


@given(st.text(st.sampled_from("0123456789年月日春冬约至-–/~? .xX世纪代cst")) | st.text())
def test_any_text_is_a_date_or_has_a_sentence(typed: str) -> None:
    try:
        read, sentence = read_date(typed), ""
    except Unreadable as refused:
        read, sentence = None, refused.sentence
    assert sentence or read
    if read is not None:
        assert date(FIRST_YEAR, 1, 1) <= read.first <= read.last
        assert parse_date(read.edtf) == read, "the code says the same"
        assert not list(personal_data.check({"date_made": typed}))


@pytest.mark.parametrize(
    ("typed", "in_english", "in_chinese"),
    [
        ("2022", "2022", "2022"),
        ("2022-12", "2022-12", "2022-12"),
        ("2024年春", "spring 2024", "2024年春"),
        ("Spring of 2024", "Spring of 2024", "2024年春"),
        ("2024-21", "spring 2024", "2024年春"),
        ("198X", "1980s", "1980年代"),
        ("c. 1980", "c. 1980", "约1980年"),
        ("2022年3月至5月", "March 2022 to May 2022", "2022年3月至5月"),
        ("what a later release reads", "what a later release reads", "what a later release reads"),
        ("2024-02-31", "2024-02-31", "2024-02-31"),
    ],
)
def test_a_date_is_shown_as_written_or_in_the_words_of_the_page(
    typed: str, in_english: str, in_chinese: str
) -> None:
    for language, words in (("en", in_english), ("zh", in_chinese)):
        with use_language(language):
            assert shown_work_date(typed) == words


def test_a_date_is_found_in_both_languages_and_by_its_year() -> None:
    assert set(date_texts("2024年春")) == {"2024年春", "spring 2024", "2024"}
    assert set(date_texts("1980s")) == {"1980s", "1980年代"}
    assert date_texts("") == []
