"""Shows works to curators as they were sent for review, without later changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gallery.artists.models import Artist, Consent
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Status, Submission
from gallery.artworks.snapshots import ARTIST_PARTS, PROJECT_TEXTS, value_in
from gallery.artworks.works import set_texts
from gallery.db.model_tables import preload
from gallery.images.models import Image
from gallery.organisations.models import Project
from gallery.sounds.models import Sound
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGES, current_language
from gallery.web.languages import gettext as _
from gallery.web.texts import Texts, split_field_name


async def load_as_sent(works: Collection[Artwork]) -> None:
    """Set the fields of `works` to the last snapshot that was sent for review.

    The fields are empty if nothing was sent. The title of a withdrawn work is its public id. The works are
    then only for display: never save them. Runs at most five queries.
    """
    changeable = {work.id: work for work in works if work.status not in LOCKED_STATUSES}
    if not changeable:
        return
    sent: dict[int, dict[str, str]] = {}
    for submission in await Submission.filter(artwork_id__in=list(changeable)).order_by("number"):
        if changeable[submission.artwork_id].status != Status.WITHDRAWN:
            sent[submission.artwork_id] = submission.sent
    images = await Image.in_bulk(_ids_in(sent.values(), "picture"), "id")
    sounds = await Sound.in_bulk(_ids_in(sent.values(), "sound"), "id")
    consents = await Consent.in_bulk(_ids_in(sent.values(), "consent_id"), "id")
    themes = await Theme.in_bulk(_ids_in(sent.values(), "theme_ids"), "id")
    for work in works:  # a list may contain the same work twice
        if work.id not in changeable:
            continue
        snapshot = sent.get(work.id, {})
        values = {**snapshot, "date_made": value_in(snapshot, "date_made")}
        set_texts(work, snapshot.get("language", work.language), values)
        if work.status == Status.WITHDRAWN:
            title = _("Withdrawn work %(number)s") % {"number": work.public_id}
            work.title = Texts({current_language(): title})
        work.unfinished = {}
        work.image = next(iter(_rows_named(images, snapshot, "picture")), None)
        work.sound = next(iter(_rows_named(sounds, snapshot, "sound")), None)
        work.consent = next(iter(_rows_named(consents, snapshot, "consent_id")), None)
        work.artist = _artist_as_sent(snapshot)
        work.project = _project_as_sent(snapshot)
        preload(work.themes, _rows_named(themes, snapshot, "theme_ids"))


def _ids_in(snapshots: Iterable[Mapping[str, str]], name: str) -> set[int]:
    return {int(id) for snapshot in snapshots for id in snapshot.get(name, "").split()}


def _rows_named(rows: Mapping[int, Any], snapshot: Mapping[str, str], name: str) -> list[Any]:
    return [rows[id] for id in sorted(_ids_in([snapshot], name)) if id in rows]


def _artist_as_sent(snapshot: Mapping[str, str]) -> Artist | None:
    """The artist in a snapshot. Older snapshots hold both names in one line instead of ARTIST_PARTS."""
    if not snapshot.get("artist"):
        return None
    parts = {name: snapshot[name] for name in ARTIST_PARTS if name in snapshot}
    return Artist(**(parts or {"credit_name": snapshot["artist"]}))


def _project_as_sent(snapshot: Mapping[str, str]) -> Project | None:
    """The project in a snapshot. Older snapshots hold its texts in one line."""
    if not snapshot.get("project"):
        return None
    if "project_link" not in snapshot:
        return Project(title=Texts({LANGUAGES[0]: snapshot["project"]}))
    parts: dict[str, dict[str, str]] = {name: {} for name in PROJECT_TEXTS}
    for field, words in snapshot.items():
        part, language = split_field_name(field)
        if part in parts:
            parts[part][language] = words
    texts = {name: Texts(parts[part]) for part, name in PROJECT_TEXTS.items()}
    return Project(**texts, link=snapshot["project_link"])
