"""The language of a page."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.web.languages import (
    LANGUAGES,
    LocalizedText,
    accepted_language,
    current_language,
    localized,
    set_language,
    use_language,
)
from gallery.web.texts import NO_TEXTS, Texts


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("EN", "en"),
        ("En-us", "en"),
        ("ZH-TW", "zh"),
        ("zh_CN", "zh"),
        ("fr, de", "zh"),
        ("fr, en;q=0.3", "en"),
        ("zh;q=0.2, en;q=0.7", "en"),
        ("en;q=0, zh;q=0.1", "zh"),
        ("en; q=0.5, zh;q=0.4", "en"),
        ("*", "zh"),
        ("en;q=much", "zh"),
        ("en;q=nan", "zh"),
        (",,;;,", "zh"),
        ("-", "zh"),
        ("english", "zh"),
    ],
)
def test_accepted_language(header: str, language: str) -> None:
    assert accepted_language(header) == language


@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(["en", "zh", "-", "_", ";", "q=", ",", "0.5", "1e999", "*", " "])).map(
            "".join
        ),
    )
)
def test_accepted_language_is_always_one_of_ours(header: str) -> None:
    assert accepted_language(header) in LANGUAGES


def test_a_value_says_which_language_it_is_in() -> None:
    both = SimpleNamespace(name=Texts({"zh": "冬至", "en": "Winter solstice"}))
    assert localized(both, "name", "en") == LocalizedText("Winter solstice", "en")
    assert localized(SimpleNamespace(name=Texts({"zh": "冬至"})), "name", "en") == LocalizedText("冬至", "zh")
    assert localized(SimpleNamespace(name=NO_TEXTS), "name", "en") == LocalizedText("", "en")


async def test_requests_at_once_do_not_change_each_others_language() -> None:
    async def speak(language: str) -> str:
        set_language(language)
        await asyncio.sleep(0)
        return current_language()

    tasks = [asyncio.create_task(speak(language)) for language in ("en", "zh", "en", "zz")]
    assert await asyncio.gather(*tasks) == ["en", "zh", "en", "zh"]


def test_speaking_ends() -> None:
    with use_language("zh"):
        with pytest.raises(RuntimeError), use_language("en"):
            raise RuntimeError
        assert current_language() == "zh"
