"""Common values: what the rows of a sheet lack for a review, set once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import ImmutableMultiDict

from gallery.artists.models import Consent
from gallery.artworks.forms import BulkEditForm
from gallery.artworks.import_lookup import RowDraft
from gallery.artworks.import_models import Import
from gallery.artworks.imports import recheck_import
from gallery.artworks.works import WorkOptions

COMMON_FIELDS = ("artist", "consent", "project", "themes", "medium")
REQUIRED_TEXTS = ("title", "story", "alt_text", "medium")


def lacking(draft: RowDraft, files_seen: Mapping[int, set[str]]) -> list[str]:
    """The fields that are missing for submitting a row's work, by the names of `missing_fields`.

    A consent that a family gave by a link covers only the pictures that it saw (`files_seen`).
    """
    has_artist = draft.artist or draft.consent or draft.needs_artist
    digests = {image.source_sha256 for image in draft.images}
    found = {
        "picture": draft.images,
        **{name: draft.texts.get(name) for name in REQUIRED_TEXTS},
        "artist": has_artist,
        "consent": draft.consent and files_seen.get(draft.consent.id, digests).issuperset(digests),
        "project": draft.project,
        "themes": draft.themes,
    }
    numbers = range(2, len(draft.images) + 1)
    if not all(draft.texts.get(f"alt_text_{number}") for number in numbers):
        found["alt_text"] = ""
    return [name for name, value in found.items() if not value]


class CommonForm(BulkEditForm):
    """The values for all rows that lack them."""

    def __init__(self, posted: Any = None, *, offered: WorkOptions) -> None:
        super().__init__(posted, offered=offered)
        self["themes"].description = ""

    @property
    def common(self) -> dict[str, list[str]]:
        return {name: value for name, value in self.set_fields.items() if name in COMMON_FIELDS}


def common_form(job: Import, offered: WorkOptions) -> CommonForm:
    """The form with the saved values."""
    values = {**job.common, **({"consent": [str(job.consent_id)]} if job.consent_id else {})}
    pairs = [(name, value) for name, several in values.items() for value in several]
    return CommonForm(ImmutableMultiDict(pairs), offered=offered)


async def set_common(job: Import, values: Mapping[str, list[str]], offered: WorkOptions) -> None:
    """Keep the values of a valid form, and check the import again. Raises ImportRefused."""
    ids = values.get("consent", [])
    consent: Consent | None = next((each for each in offered.consents if [str(each.id)] == ids), None)
    common = {name: value for name, value in values.items() if name != "consent"}
    await recheck_import(job, common=common, consent_id=consent.id if consent else None)
