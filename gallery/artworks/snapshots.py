"""Snapshots of a work, field by field, and the differences between two of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import NamedTuple

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    PICTURE_TEXTS,
    TEXT_FIELDS,
    TRANSLATED_FIELDS,
    picture_field,
    pictures_of_fields,
    text_values,
    translated_into,
)
from gallery.organisations.models import Project
from gallery.web.languages import default_language
from gallery.web.texts import Texts, by_field, field_name, split_field_name

Snapshot = Mapping[str, str]  # form field, or part of one → value


def snapshot_fields(*snapshots: Snapshot) -> list[str]:
    """The fields in these snapshots that curators review, in the order of the work's form."""
    languages = dict.fromkeys(each for snapshot in snapshots for each in translated_into(snapshot))
    translations = [field_name(name, each) for each in languages for name in TRANSLATED_FIELDS]
    ids = dict.fromkeys(id for snapshot in snapshots for id in pictures_of_fields(snapshot))
    of_pictures = [picture_field(name, id) for id in ids for name in PICTURE_TEXTS]
    translations += [field_name(name, each) for each in languages for name in of_pictures]
    return [
        *("picture", "pictures", "sound", "language"),
        *(*TEXT_FIELDS, *of_pictures, *translations),
        *("artist", "consent", "project", "themes"),
    ]


def snapshot_of(artwork: Artwork) -> dict[str, str]:
    """The snapshot of a work: all fields and their parts.

    Artist, consent, project, themes and further pictures must be fetched.
    """
    artist, project = artwork.artist, artwork.project
    values = {
        "picture": str(artwork.image_id or ""),
        "pictures": " ".join(f"{each.id}:{each.image_id}" for each in artwork.later_pictures),
        "sound": str(artwork.sound_id or ""),
        "language": artwork.language,
        **text_values(artwork),
        "artist": _join(artist.credit_name, *_words(artist.credit_translations)) if artist else "",
        "consent": _consent_line(artwork.consent) if artwork.consent else "",
        "project": _join(*_words(project.title), *_words(project.summary), project.link) if project else "",
        "themes": _join(*sorted(_words(theme.title)[0] for theme in artwork.themes)),
    }
    return {
        **values,
        # The other values are not reviewed; gallery/artworks/as_sent.py displays the work with them.
        "year": str(artwork.year or ""),  # for the previous release, which knows no other date
        "credit_name": artist.credit_name if artist else "",
        **(by_field("credit_translations", artist.credit_translations) if artist else {}),
        **_project_parts(project),
        "consent_id": str(artwork.consent_id or ""),
        "theme_ids": " ".join(str(theme.id) for theme in artwork.themes),
    }


def _project_parts(project: Project | None) -> dict[str, str]:
    if project is None:
        return {"project_link": ""}
    title, summary = by_field("project_title", project.title), by_field("project_summary", project.summary)
    return {**title, **summary, "project_link": project.link}


def texts_in(snapshot: Snapshot, part: str) -> Texts:
    """A text of an artist or project in a snapshot, where its languages have keys such as `part[bo]`."""
    parts = (split_field_name(field) for field in snapshot)
    return Texts(
        {
            language: snapshot[field_name(part, language)]
            for name, language in parts
            if name == part and language
        }
    )


def _words(texts: Texts) -> list[str]:
    """The text in each of its languages; the page's language does not matter."""
    return [each.text for each in texts.others("", default_language())] or [""]


def _consent_line(consent: Consent) -> str:
    days = f"{consent.starts_on} – {consent.ends_on or ''}".strip()
    ended = "" if consent.withdrawn_at is None else "×"
    return _join(f"{consent.agreed_by}", *consent.scope, days, ended)


class SnapshotChange(NamedTuple):
    field: str
    before: str
    after: str


def field_changes(before: Snapshot, after: Snapshot) -> list[SnapshotChange]:
    """The fields in which two snapshots differ, in the order of the form."""
    return [
        SnapshotChange(name, value_in(before, name), value_in(after, name))
        for name in snapshot_fields(before, after)
        if value_in(before, name) != value_in(after, name)
    ]


def value_in(snapshot: Snapshot, name: str) -> str:
    """The value of a field. Snapshots of the previous release have a year instead of a date."""
    return snapshot.get(name, snapshot.get("year", "") if name == "date_made" else "")


TOKENS = re.compile(r"[A-Za-z0-9'’]+|\s+|.", re.DOTALL)  # Latin words, spaces, single other characters


def diff_passages(before: str, after: str) -> list[tuple[str, str]]:
    """The differences between two texts: ("same" | "gone" | "new", text), in reading order."""
    old, new = TOKENS.findall(before), TOKENS.findall(after)
    passages: list[tuple[str, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            passages.append(("same", "".join(old[i:j])))
            continue
        if i < j:
            passages.append(("gone", "".join(old[i:j])))
        if k < m:
            passages.append(("new", "".join(new[k:m])))
    return passages


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
