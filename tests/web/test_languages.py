"""The language of a page."""

from __future__ import annotations

import asyncio

import langcodes
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes.language_distance import _DISTANCE_CACHE

from gallery.themes.models import Theme
from gallery.web import languages
from gallery.web.languages import (
    LocalizedText,
    accepted_language,
    current_language,
    localized,
    set_language,
    site_languages,
    use_language,
)
from gallery.web.texts import Texts, language_name, normalised_tag


def test_languages_that_visitors_make_up_do_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "MAX_CACHED_TAGS", 10)
    for number in range(50):
        accepted_language(f"en-x-visitor{number}")
        assert language_name(normalised_tag(f"en-x-a{number}"))
    caches = (langcodes.Language._PARSE_CACHE, langcodes.Language._INSTANCES, _DISTANCE_CACHE)
    assert all(len(cache) < 20 for cache in caches)


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
    assert accepted_language(header) in site_languages()


def test_a_value_says_which_language_it_is_in() -> None:
    both = Theme(title=Texts({"zh": "冬至", "en": "Winter solstice"}))
    assert localized(both, "title", "en") == LocalizedText("Winter solstice", "en")
    assert localized(Theme(title=Texts({"zh": "冬至"})), "title", "en") == LocalizedText("冬至", "zh")
    assert localized(Theme(), "title", "en") == LocalizedText("", "en")


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
