"""Every state that a page can show has words, in both languages, in one place: its enum."""

from __future__ import annotations

import importlib
from enum import StrEnum

import pytest
from tortoise import fields
from tortoise.models import Model

from gallery.accounts.models import JoinedAs, Purpose
from gallery.artists.models import ConsentState
from gallery.artworks.models import Stage, Status
from gallery.cli.row_checks import MEMBERSHIP_WORDS
from gallery.db.connection import MODELS
from gallery.exhibitions.models import Layout
from gallery.images.models import ImageState
from gallery.images.profile_image_models import ProfileImageState
from gallery.monitoring.models import MaintenanceKind
from gallery.organisations.models import ApplicationState, LinkState
from gallery.reviews.models import Decision
from gallery.stats.models import CountKind
from gallery.web.catalogues import shipped_languages
from gallery.web.languages import LabelledEnum, use_language

# No page shows a label for these: a form or a page has a whole sentence about each.
WITHOUT_LABELS = {Layout, Purpose, LinkState, CountKind, MaintenanceKind, ProfileImageState}
UNNAMED = {
    ImageState.READY,
    Stage.FIRST,
    ApplicationState.WAITING,
}  # their lists and pages say it by themselves


def state_enums() -> set[type[StrEnum]]:
    """The enums of all columns."""
    models = [
        each
        for name in MODELS
        for each in vars(importlib.import_module(name)).values()
        if isinstance(each, type) and issubclass(each, Model)
    ]
    return {
        field.enum_type
        for model in models
        for field in model._meta.fields_map.values()
        if isinstance(field, fields.data.CharEnumFieldInstance)
    }


def test_each_state_of_a_column_has_a_label_in_both_languages() -> None:
    enums = state_enums()
    assert {Status, Decision, ImageState} <= enums
    for enum in enums - WITHOUT_LABELS:
        assert issubclass(enum, LabelledEnum), f"{enum.__name__} has no labels"
        for language in shipped_languages():
            with use_language(language):
                unnamed = {member for member in enum if not str(member.label)}
                assert unnamed <= UNNAMED, language


def test_a_state_without_a_label_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="SHUT"):

        class Door(LabelledEnum):
            OPEN = "open", "open"
            SHUT = "SHUT"


@pytest.mark.parametrize("language", shipped_languages())
def test_each_state_has_the_further_words_that_some_pages_need(language: str) -> None:
    with use_language(language):
        assert all(str(member.label) for member in ConsentState)
        assert all(member.curator_label for member in Status)
        assert all(str(member.curator_label) for member in ImageState if member is not ImageState.READY)
        for member in Decision:
            assert all(map(str, (member.action_label, member.opinion_label, member.own_opinion)))
    assert set(MEMBERSHIP_WORDS) == set(JoinedAs)


def test_curators_read_that_what_was_submitted_waits() -> None:
    with use_language("en"):
        assert [member.curator_label for member in Status] == [
            "Draft",
            "Waiting",
            "Returned",
            "Accepted",
            "Declined",
            "Withdrawn",
        ]
