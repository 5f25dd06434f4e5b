"""Which accent colours are readable."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gallery
from gallery.themes.accents import (
    COLOUR_PATTERN,
    DAY_BACKGROUNDS,
    DAY_TEXT,
    MIN_CONTRAST,
    MIN_NIGHT_CONTRAST,
    NIGHT_BACKGROUNDS,
    NIGHT_TEXT,
    contrast,
    is_readable,
    lowest_contrast,
    nearest_readable,
    relative_luminance,
    surface_of,
)


# Figures of the WCAG definition: black on white is 21, and #767676 the lightest grey that passes on white.
def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#ffffff", "#ffffff") == 1
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")


def test_contrast_does_not_depend_on_the_order() -> None:
    assert contrast("#a8322a", "#faf8f4") == contrast("#faf8f4", "#a8322a")


def test_the_accents_a_theme_begins_with_are_readable() -> None:
    assert is_readable("#a8322a", DAY_BACKGROUNDS)
    assert is_readable("#e4755f", NIGHT_BACKGROUNDS)


def test_the_wall_counts_as_well_as_the_paper() -> None:
    assert lowest_contrast("#a8322a", DAY_BACKGROUNDS) == contrast("#a8322a", "#f3efe8")


def test_what_is_readable_already_stays() -> None:
    assert nearest_readable("#a8322a", DAY_BACKGROUNDS) == "#a8322a"


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format), st.sampled_from([DAY_BACKGROUNDS, NIGHT_BACKGROUNDS]))
def test_the_proposed_tone_is_always_readable_and_a_colour(colour: str, grounds: tuple[str, ...]) -> None:
    tone = nearest_readable(colour, grounds)
    assert COLOUR_PATTERN.fullmatch(tone)
    assert lowest_contrast(tone, grounds) >= MIN_CONTRAST


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_the_proposed_tone_is_darker_by_day_and_lighter_by_night(colour: str) -> None:
    assert relative_luminance(nearest_readable(colour, DAY_BACKGROUNDS)) <= relative_luminance(colour)
    assert relative_luminance(nearest_readable(colour, NIGHT_BACKGROUNDS)) >= relative_luminance(colour)


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_text_on_an_accent_as_a_surface_is_readable_by_day_and_by_night(colour: str) -> None:
    surface = surface_of(colour)
    assert all(map(COLOUR_PATTERN.fullmatch, surface))
    assert contrast(surface.day, DAY_TEXT) >= MIN_CONTRAST
    assert contrast(surface.night, NIGHT_TEXT) >= MIN_NIGHT_CONTRAST


def test_the_tokens_of_the_style_sheet_are_these_colours() -> None:
    tokens = (Path(gallery.__file__).parent / "static/css/public/0-tokens.css").read_text()
    surface = surface_of("#a8322a")
    for token in (f"--surface: {surface.day}", f"--surface: {surface.night}"):
        assert token in tokens
    for text in (DAY_TEXT, NIGHT_TEXT):
        assert f"--on-surface: {text}" in tokens
