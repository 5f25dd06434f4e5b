"""What a work says at one moment, field by field, and how two such moments differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import NamedTuple

from gallery.artworks.models import Artwork
from gallery.artworks.works import TEXT_FIELDS

Snapshot = Mapping[str, str]  # form field, or part of one → what stands in it

# The fields of a snapshot, in the order of the work's form.
SNAPSHOT_FIELDS = ("picture", "language", *TEXT_FIELDS, "year", "artist", "consent", "project", "themes")


# What a snapshot holds beside them, so that a page can be made of it (gallery/artworks/as_sent.py).
ARTIST_PARTS = ("credit_name", "credit_name_translation")
PROJECT_PARTS = ("title_zh", "title_en", "summary_zh", "summary_en", "link")


def snapshot_of(artwork: Artwork) -> dict[str, str]:
    """What stands in each field now, and its parts; artist, consent, project and themes must be fetched."""
    artist, consent, project = artwork.artist, artwork.consent, artwork.project
    told = {
        "picture": str(artwork.image_id or ""),
        "language": artwork.language,
        **{name: getattr(artwork, name) for name in TEXT_FIELDS},
        "year": str(artwork.year or ""),
        "artist": _join(artist.credit_name, artist.credit_name_translation) if artist else "",
        "themes": _join(*sorted(theme.title_zh or theme.title_en for theme in artwork.themes)),
        "consent": "",
        "project": "",
    }
    if consent is not None:
        days = f"{consent.starts_on} – {consent.ends_on or ''}".strip()
        ended = "" if consent.withdrawn_at is None else "×"
        told["consent"] = _join(f"{consent.agreed_by}", *consent.scope, days, ended)
    if project is not None:
        told["project"] = _join(
            project.title_zh, project.title_en, project.summary_zh, project.summary_en, project.link
        )
    return {
        **{name: told[name] for name in SNAPSHOT_FIELDS},
        **{name: getattr(artist, name) if artist else "" for name in ARTIST_PARTS},
        **{f"project_{name}": getattr(project, name) if project else "" for name in PROJECT_PARTS},
        "consent_id": str(artwork.consent_id or ""),
        "theme_ids": " ".join(str(theme.id) for theme in artwork.themes),
    }


class SnapshotChange(NamedTuple):
    """A field that says something else than before."""

    field: str
    before: str
    after: str


def field_changes(before: Snapshot, after: Snapshot) -> list[SnapshotChange]:
    """The fields in which two snapshots differ, in the order of the form."""
    return [
        SnapshotChange(name, before.get(name, ""), after.get(name, ""))
        for name in SNAPSHOT_FIELDS
        if before.get(name, "") != after.get(name, "")
    ]


TOKENS = re.compile(r"[A-Za-z0-9'’]+|\s+|.", re.DOTALL)  # Latin by words, Chinese by characters


def diff_passages(before: str, after: str) -> list[tuple[str, str]]:
    """The way from one text to the other: ("same" | "gone" | "new", text), in reading order."""
    old, new = TOKENS.findall(before), TOKENS.findall(after)
    found: list[tuple[str, str]] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            found.append(("same", "".join(old[i:j])))
            continue
        if i < j:
            found.append(("gone", "".join(old[i:j])))
        if k < m:
            found.append(("new", "".join(new[k:m])))
    return found


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
