"""Sending a work for review: what must be there first, and the sending itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.accounts.models import Person, Role
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.snapshots import snapshot_of
from gallery.artworks.works import TEXT_FIELDS
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation, Trust
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.rendering import shown_date


class NotSubmittable(Exception):
    """The work cannot be sent now; `sentence` says why, `missing` which fields lack what."""

    def __init__(self, sentence: str, missing: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.missing = missing or {}


async def missing_fields(artwork: Artwork) -> dict[str, str]:
    """What a curator would miss, by form field: a sentence that says what to do. Empty if nothing."""
    await artwork.fetch_related("consent", "image", "themes")
    missing = {
        name: _("What is typed here is not part of the work yet. Please look at it and save.")
        for name in artwork.unfinished
    }
    if artwork.image is None or artwork.image.state == ImageState.ERASED:
        missing["picture"] = _("Please choose a picture of the work.")
    elif artwork.image.state == ImageState.REFUSED:
        missing["picture"] = str(ImageState.REFUSED.label)
    if not artwork.title:
        missing["title"] = _("Please write a title; “Untitled” is one, too.")
    if not artwork.story:
        missing["story"] = _("Please tell the story behind the work, in a sentence or more.")
    if not artwork.alt_text:
        missing["alt_text"] = _("Please describe the picture for people who cannot see it.")
    if not artwork.medium:
        missing["medium"] = _("Please say with what it was made, such as crayon on paper.")
    if artwork.artist_id is None:
        missing["artist"] = _("Please say who made it: choose an artist or write a credit name.")
    if artwork.consent is None:
        missing["consent"] = _("Please choose the consent under which it may be shown, or record one.")
    elif artwork.consent.artist_id != artwork.artist_id:
        missing["consent"] = _("This consent is another artist's. Please choose one of the artist's own.")
    elif not artwork.consent.covers_web():
        missing["consent"] = _(
            "This consent does not allow showing on this website today. Please choose or record another."
        )
    if artwork.project_id is None:
        missing["project"] = _("Please choose the project behind the work, or make it here.")
    # What was returned may come back after the call has closed: the curator asked for it.
    longer = await extended_deadlines([artwork.organisation_id])
    if not any(
        theme.is_open() or theme.id in longer or artwork.status == Status.RETURNED for theme in artwork.themes
    ):
        missing["themes"] = await why_no_theme_is_open(artwork.themes)
    return missing


async def why_no_theme_is_open(themes: Iterable[Theme]) -> str:
    """When the calls of these themes closed or will open, and whom to ask; or that one has to be chosen."""
    sentences = []
    for theme in themes:
        told = {"theme": localized(theme, "title").text}
        if theme.call_opens_on is not None and theme.call_opens_on > today():
            told["day"] = shown_date(theme.call_opens_on)
            sentences.append(_("“%(theme)s” takes works from %(day)s. The draft waits here.") % told)
        else:
            told["day"] = shown_date(theme.call_closes_on)
            sentences.append(_("“%(theme)s” took works until %(day)s.") % told)
    if not sentences:
        return _("Please choose at least one theme that is open for works.")
    curators = (
        Person.filter(role__in=[Role.CURATOR, Role.KEEPER]).exclude(password_hash="").order_by("role", "id")
    )
    names = [str(name) for name in await curators.limit(2).values_list("name", flat=True)]
    if names:
        sentences.append(
            _("Choose a theme that is open, or ask a curator (%(names)s) for more time; the draft is kept.")
            % {"names": _(", ").join(names)}
        )
    return " ".join(sentences)


async def submit(artwork: Artwork, by: Person | None) -> Submission:
    """Send a draft, or what was returned, for review. Raises NotSubmittable."""
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None:
            raise NotSubmittable(_("This work was deleted meanwhile."))
        if held.status == Status.SUBMITTED:
            raise NotSubmittable(_("It has been submitted already. A curator will look at it."))
        if not held.is_editable:
            raise NotSubmittable(_("It has been decided already, so it cannot be submitted again."))
        missing = await missing_fields(held)
        if missing:
            raise NotSubmittable(_("Something is still missing. The form says what."), missing)
        await held.fetch_related("artist", "project")  # the rest is fetched by now
        organisation = await Organisation.get(id=held.organisation_id)
        submission = await Submission.create(
            artwork=held,
            number=await next_submission_number(held),
            by=by,
            at=now(),
            sent=snapshot_of(held),
            awaits_trust=organisation.trust != Trust.EVERY,
        )
        held.status = artwork.status = Status.SUBMITTED
        await held.save(update_fields=["status", "updated_at"])
        await record(Verb.WORK_SUBMITTED, held.id, organisation_id=held.organisation_id, by=by)
        return submission


async def propose(
    artwork: Artwork,
    texts: Mapping[str, str],
    year: int | None,
    by: Person | None,
    image: Image | None = None,
) -> Submission:
    """Propose other words, or another picture, for a work that was accepted; what was accepted stays on view until a
    curator decides.

    `texts`: by TEXT_FIELDS. Raises NotSubmittable.
    """
    needed = {
        "title": _("Please write a title; “Untitled” is one, too."),
        "story": _("Please tell the story behind the work, in a sentence or more."),
        "alt_text": _("Please describe the picture for people who cannot see it."),
        "medium": _("Please say with what it was made, such as crayon on paper."),
    }
    missing = {name: sentence for name, sentence in needed.items() if not texts.get(name)}
    if missing:
        raise NotSubmittable(_("Something is still missing. The form says what."), missing)
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None or held.status != Status.ACCEPTED:
            raise NotSubmittable(_("Changes can be proposed to works that are accepted."))
        if await Submission.exists(artwork_id=held.id, is_waiting=True):
            raise NotSubmittable(
                _("A change is with the curators already. Please wait until they have decided.")
            )
        await held.fetch_related("artist", "consent", "project", "themes")
        current = snapshot_of(held)
        proposed = {**current, **{name: texts.get(name, "") for name in TEXT_FIELDS}, "year": str(year or "")}
        if image is not None:
            proposed["picture"] = str((await _make_candidate(image, held)).id)
        if proposed == current:
            raise NotSubmittable(_("Nothing is different from what was accepted."))
        await record(Verb.WORK_PROPOSED, held.id, organisation_id=held.organisation_id, by=by)
        return await Submission.create(
            artwork=held,
            number=await next_submission_number(held),
            by=by,
            at=now(),
            sent=proposed,
            replaces=current,
        )


async def _make_candidate(image: Image, held: Artwork) -> Image:
    """Have an uploaded picture wait to become that of a work, which the transaction holds. Raises NotSubmittable."""
    free = Image.filter(
        id=image.id,
        organisation_id=held.organisation_id,
        candidate_for_id=None,
        state__in=[ImageState.RECEIVED, ImageState.READY],
    )
    candidate: Image | None = await locked(free).first()
    if candidate is None or await Artwork.exists(image_id=candidate.id):
        sentence = _("This picture is no longer there. Please choose it again.")
        raise NotSubmittable(sentence, {"picture": sentence})
    candidate.candidate_for_id = held.id
    await candidate.save(update_fields=["candidate_for_id"])
    return candidate


async def next_submission_number(artwork: Artwork) -> int:
    return await Submission.filter(artwork_id=artwork.id).count() + 1
