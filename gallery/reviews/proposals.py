"""Proposals: other texts, or another picture, for a work that was accepted before."""

from __future__ import annotations

from collections.abc import Mapping

from gallery.artworks.models import Artwork, Submission
from gallery.artworks.snapshots import snapshot_of, value_in
from gallery.artworks.works import is_text_field, set_texts
from gallery.images.models import Image


def reviewed_fields(artwork: Artwork, submission: Submission) -> dict[str, str]:
    """The fields that a curator decides on: the work's snapshot, with the changes of a proposal.

    Artist, consent, project and themes must be fetched, and the further pictures.
    """
    current = snapshot_of(artwork)
    if not submission.is_proposal:
        return current
    kept = {name: value for name, value in current.items() if not is_text_field(name)}
    return {**kept, **_proposed_fields(submission.sent)}


def _proposed_fields(sent: Mapping[str, str]) -> dict[str, str]:
    """The fields of a snapshot that a proposal can change."""
    older = {"date_made": value_in(sent, "date_made")} if "year" in sent else {}  # sent by the release before
    return {
        **older,
        **{name: value for name, value in sent.items() if is_text_field(name) or name == "picture"},
    }


def apply_proposal(artwork: Artwork, sent: Mapping[str, str]) -> None:
    """Set the work's fields to the proposed ones, without saving it. The further pictures must be fetched."""
    proposed = _proposed_fields(sent)
    if not proposed:  # erased by a withdrawal
        return
    present = {name: getattr(artwork, name) for name in ("size", "date_made")}
    set_texts(artwork, sent.get("language", artwork.language), {**present, **proposed})
    if proposed.get("picture"):
        artwork.image_id = int(proposed["picture"])


async def swap_pictures(artwork: Artwork, before: int | None) -> None:
    """If the work no longer has the image `before`, keep that image as a candidate.

    A candidate is kept while the decision can be undone. The files of `before` are deleted from public
    storage, because the image is no longer on view.
    """
    if artwork.image_id != before:
        await Image.filter(id=before or 0).update(candidate_for_id=artwork.id)
        await Image.filter(id=artwork.image_id or 0).update(candidate_for_id=None)
