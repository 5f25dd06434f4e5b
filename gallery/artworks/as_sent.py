"""Shows works to curators as they were when sent for review, without later changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gallery.artists.models import Artist, Consent
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import (
    LOCKED_STATUSES,
    Artwork,
    Picture,
    Status,
    Submission,
    further_pictures_in,
    images_in,
)
from gallery.artworks.snapshots import texts_in, value_in
from gallery.artworks.works import set_texts
from gallery.db.model_tables import preload
from gallery.images.models import Image
from gallery.organisations.models import Project
from gallery.sounds.models import Sound
from gallery.themes.models import Theme
from gallery.web.languages import current_language, default_language
from gallery.web.languages import gettext as _
from gallery.web.texts import Texts


async def load_as_sent(works: Collection[Artwork]) -> None:
    """Fetch the further pictures of `works`, and set their fields to the last snapshot that was sent for review.

    The fields are empty if nothing was sent. The title of a withdrawn work is its public id. The works are
    then only for display: never save them. Runs at most six queries.
    """
    await load_further_pictures(work for work in works if work.status in LOCKED_STATUSES)
    changeable = {work.id: work for work in works if work.status not in LOCKED_STATUSES}
    if not changeable:
        return
    sent: dict[int, dict[str, str]] = {}
    for submission in await Submission.filter(artwork_id__in=list(changeable)).order_by("number"):
        if changeable[submission.artwork_id].status != Status.WITHDRAWN:
            sent[submission.artwork_id] = submission.sent
    images = await Image.in_bulk({id for snapshot in sent.values() for id in images_in(snapshot)}, "id")
    sounds = await Sound.in_bulk(_ids_in(sent.values(), "sound"), "id")
    consents = await Consent.in_bulk(_ids_in(sent.values(), "consent_id"), "id")
    themes = await Theme.in_bulk(_ids_in(sent.values(), "theme_ids"), "id")
    for work in works:  # a list may contain the same work twice
        if work.id not in changeable:
            continue
        snapshot = sent.get(work.id, {})
        values = {**snapshot, "date_made": value_in(snapshot, "date_made")}
        _set_further_pictures(work, snapshot, images)
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


def _set_further_pictures(work: Artwork, snapshot: Mapping[str, str], images: Mapping[Any, Image]) -> None:
    """Set the work's further pictures to those of a snapshot that still exist, without their texts."""
    pictures = [
        Picture(id=id, artwork_id=work.id, position=position, image=images[image_id])
        for position, (id, image_id) in enumerate(further_pictures_in(snapshot).items(), 2)
        if image_id in images
    ]
    work.more_pictures = len(pictures)
    preload(work.further_pictures, pictures)


def _ids_in(snapshots: Iterable[Mapping[str, str]], name: str) -> set[int]:
    return {int(id) for snapshot in snapshots for id in snapshot.get(name, "").split()}


def _rows_named(rows: Mapping[int, Any], snapshot: Mapping[str, str], name: str) -> list[Any]:
    return [rows[id] for id in sorted(_ids_in([snapshot], name)) if id in rows]


def _artist_as_sent(snapshot: Mapping[str, str]) -> Artist | None:
    """The artist in a snapshot. Older snapshots hold both names in one line."""
    if not snapshot.get("artist"):
        return None
    name = snapshot.get("credit_name", snapshot["artist"])
    return Artist(credit_name=name, credit_translations=texts_in(snapshot, "credit_translations"))


def _project_as_sent(snapshot: Mapping[str, str]) -> Project | None:
    """The project in a snapshot. Older snapshots hold its texts in one line."""
    if not snapshot.get("project"):
        return None
    if "project_link" not in snapshot:
        return Project(title=Texts({default_language(): snapshot["project"]}))
    title, summary = texts_in(snapshot, "project_title"), texts_in(snapshot, "project_summary")
    return Project(title=title, summary=summary, link=snapshot["project_link"])
