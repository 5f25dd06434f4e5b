"""Works as curators may read them: what was sent for review, never what an organisation typed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gallery.artists.models import Artist, Consent
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Status, Submission
from gallery.artworks.snapshots import ARTIST_PARTS, PROJECT_PARTS
from gallery.artworks.works import TEXT_FIELDS
from gallery.db.model_tables import preload
from gallery.images.models import Image
from gallery.organisations.models import Project
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _


async def load_as_sent(works: Collection[Artwork]) -> None:
    """Have each of `works` say and show what was last sent of it; one that was never sent says nothing,
    and one that was withdrawn its number.

    They are for a page: never save them. At most four queries, however many works.
    """
    changeable = {work.id: work for work in works if work.status not in LOCKED_STATUSES}
    if not changeable:
        return
    sent: dict[int, dict[str, str]] = {}
    for submission in await Submission.filter(artwork_id__in=list(changeable)).order_by("number"):
        if changeable[submission.artwork_id].status != Status.WITHDRAWN:
            sent[submission.artwork_id] = submission.sent
    images = await Image.in_bulk(_ids_in(sent.values(), "picture"), "id")
    consents = await Consent.in_bulk(_ids_in(sent.values(), "consent_id"), "id")
    themes = await Theme.in_bulk(_ids_in(sent.values(), "theme_ids"), "id")
    for work in works:  # the same work may stand in a list twice
        if work.id not in changeable:
            continue
        told = sent.get(work.id, {})
        work.language = told.get("language", work.language)
        for name in TEXT_FIELDS:
            setattr(work, name, told.get(name, ""))
        if work.status == Status.WITHDRAWN:
            work.title = work.title_translation = _("Withdrawn work %(number)s") % {"number": work.public_id}
        work.unfinished = {}
        work.year = int(told["year"]) if told.get("year") else None
        work.image = next(iter(_rows_named(images, told, "picture")), None)
        work.consent = next(iter(_rows_named(consents, told, "consent_id")), None)
        work.artist = _artist_as_sent(told)
        work.project = _project_as_sent(told)
        preload(work.themes, _rows_named(themes, told, "theme_ids"))


def _ids_in(snapshots: Iterable[Mapping[str, str]], name: str) -> set[int]:
    return {int(id) for told in snapshots for id in told.get(name, "").split()}


def _rows_named(rows: Mapping[int, Any], told: Mapping[str, str], name: str) -> list[Any]:
    return [rows[id] for id in sorted(_ids_in([told], name)) if id in rows]


def _artist_as_sent(told: Mapping[str, str]) -> Artist | None:
    """Older snapshots have no parts, only both names in one line."""
    if not told.get("artist"):
        return None
    parts = {name: told[name] for name in ARTIST_PARTS if name in told}
    return Artist(**(parts or {"credit_name": told["artist"]}))


def _project_as_sent(told: Mapping[str, str]) -> Project | None:
    if not told.get("project"):
        return None
    parts = {name: told[f"project_{name}"] for name in PROJECT_PARTS if f"project_{name}" in told}
    return Project(**(parts or {"title_zh": told["project"]}))
