"""Proposals: other texts, another picture, one more, fewer, or another order, for a work that was accepted before."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from gallery.artworks.further_pictures import count_further_pictures
from gallery.artworks.models import Artwork, Picture, Submission, further_pictures_in, images_in
from gallery.artworks.snapshots import snapshot_of, value_in
from gallery.artworks.works import NEW_PICTURE, PICTURE_TEXTS, is_text_field, set_texts
from gallery.db.model_tables import preload
from gallery.images.models import Image


def reviewed_fields(artwork: Artwork, submission: Submission) -> dict[str, str]:
    """The fields that a curator reviews: the work's snapshot, with the changes of a proposal.

    Artist, consent, project, themes and further pictures must be fetched.
    """
    current = snapshot_of(artwork)
    if not submission.is_proposal:
        return current
    kept = {name: value for name, value in current.items() if not is_text_field(name)}
    return {**kept, **_proposed_fields(submission.sent)}


def _proposed_fields(sent: Mapping[str, str]) -> dict[str, str]:
    """The fields of a snapshot that a proposal can change."""
    older = {"date_made": value_in(sent, "date_made")} if "year" in sent else {}  # from the previous release
    return {
        **older,
        **{
            name: value
            for name, value in sent.items()
            if is_text_field(name) or name in {"picture", "pictures"}
        },
    }


async def apply_proposal(artwork: Artwork, sent: Mapping[str, str]) -> None:
    """Set the work's fields and pictures to the proposed ones, without saving them; see `save_pictures`.

    The further pictures must be fetched.
    """
    proposed = _proposed_fields(sent)
    if not proposed:  # erased by a withdrawal
        return
    images = await Image.in_bulk(images_in(sent), "id")
    if "pictures" in proposed:
        _set_further_pictures(artwork, sent, images)
    present = {name: getattr(artwork, name) for name in ("size", "date_made")}
    set_texts(artwork, sent.get("language", artwork.language), {**present, **proposed})
    if proposed.get("picture"):
        artwork.image_id = int(proposed["picture"])
        artwork.image = images.get(artwork.image_id)


def _set_further_pictures(artwork: Artwork, sent: Mapping[str, str], images: Mapping[int, Image]) -> None:
    rows = {each.id: each for each in artwork.later_pictures}
    pictures = []
    for position, (id, image_id) in enumerate(further_pictures_in(sent).items(), 2):
        if image_id not in images:
            continue
        # Without a row it is new, or a decision removed it and is undone.
        row = rows.get(id) or Picture(id=id, artwork_id=artwork.id)
        row.image, row.position = images[image_id], position
        pictures.append(row)
    artwork.more_pictures = len(pictures)
    preload(artwork.further_pictures, pictures)


async def save_pictures(artwork: Artwork) -> None:
    """Save the further pictures that `apply_proposal` set: changed ones, added ones, and those that are gone."""
    kept = [each.id for each in artwork.later_pictures]
    await Picture.filter(artwork_id=artwork.id).exclude(id__in=kept or [0]).delete()
    there = {row.id for row in await Picture.filter(artwork_id=artwork.id).only("id")}
    for each in artwork.later_pictures:
        if each.id in there:
            await each.save(update_fields=["image_id", "position", *PICTURE_TEXTS])
            continue
        values: dict[str, Any] = {name: getattr(each, name) for name in ("position", *PICTURE_TEXTS)}
        if each.id != NEW_PICTURE:
            values["id"] = each.id  # the same as before the decision that is undone
        await Picture.create(artwork_id=artwork.id, image_id=each.image_id, **values)
    await count_further_pictures(artwork.id)


def image_ids(artwork: Artwork) -> set[int]:
    """The ids of the images of all pictures; the further pictures must be fetched."""
    first = [] if artwork.image_id is None else [artwork.image_id]
    return {*first, *(each.image_id for each in artwork.later_pictures)}


async def swap_pictures(artwork: Artwork, before: Set[int]) -> None:
    """Keep the images of `before` that the work no longer uses, as candidates.

    A candidate is kept while the decision can be undone. Its files are deleted from public storage, because
    it is no longer on view.
    """
    after = image_ids(artwork)
    if gone := before - after:
        await Image.filter(id__in=gone).update(candidate_for_id=artwork.id)
    if came := after - before:
        await Image.filter(id__in=came).update(candidate_for_id=None)
