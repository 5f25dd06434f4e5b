"""Sending a work or a proposal for review, and the fields that are required for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gallery.accounts.models import Person, Role
from gallery.artworks.consent_requests import unseen_by_family
from gallery.artworks.forms import WorkForm, form_for_work, form_values, typed_texts
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import (
    FIRST,
    MAX_PICTURES,
    Artwork,
    Status,
    Submission,
    further_pictures_in,
    has_image,
    images_of,
)
from gallery.artworks.pictures import too_many_pictures
from gallery.artworks.snapshots import Snapshot, snapshot_of
from gallery.artworks.voices import voice_problems
from gallery.artworks.works import (
    NEW_PICTURE,
    TextValues,
    WorkDetails,
    WorkRefused,
    check_file_is_new,
    fill_work,
    is_of_new_picture,
    load_work_options,
    picture_field,
    picture_of_field,
    set_texts,
    text_values,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.db.connection import in_transaction, locked
from gallery.db.model_tables import preload
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation, Trust
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.rendering import shown_date
from gallery.web.texts import split_field_name

CONSENT_IS_NOT_ENOUGH = _l(
    "This consent does not allow showing on this website today. Please choose or record another."
)
NOT_SEEN_BY_FAMILY = _l(
    "This consent was given by a link, for other pictures or another voice. Please ask the family about this work, "
    "too, or choose another consent."
)


class NotSubmittable(Exception):
    """The work cannot be submitted now. `sentence` is the reason; `missing` has an error for each field."""

    def __init__(self, sentence: str, missing: dict[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.missing = missing or {}


async def missing_fields(artwork: Artwork) -> dict[str, str]:
    """The fields that are missing for a submission: form field → a sentence that says what to do.

    Unfinished values count as well, because `submit` uses them.
    """
    await artwork.fetch_related("consent", "image", "sound", "themes")
    await load_further_pictures([artwork])
    form = (await _read_typed(artwork))[0] if artwork.unfinished else None
    extended = await extended_deadlines([artwork.organisation_id])
    missing = missing_in(artwork, form, extended, await unseen_by_family([artwork]))
    if "themes" in missing:
        missing["themes"] = await no_open_theme_reason(artwork.themes)
    return missing


async def _read_typed(artwork: Artwork) -> tuple[WorkForm, WorkDetails | None]:
    """A work's form with its unfinished values and their errors; also its details, or None if a value is invalid.

    Themes and further pictures must be fetched.
    """
    organisation = await Organisation.get(id=artwork.organisation_id)
    offered = await load_work_options([organisation], artwork, [form_values(artwork)])
    form = form_for_work(artwork, offered)
    return form, form.read(has_picture=True)


def missing_in(
    artwork: Artwork, form: WorkForm | None, extended: Collection[int], unseen: Collection[int] = ()
) -> dict[str, str]:
    """The result of `missing_fields`, without a query.

    `form`: the form with unfinished values, after `read`; None if the work has none. `extended`: themes whose
    call is open longer for the organisation. `unseen`: works with pictures that the family did not see when it
    gave its consent. Consent, image, sound, themes and further pictures must be fetched.
    """
    missing = {name: str(errors[0]) for name, errors in form.errors.items() if name} if form else {}
    if artwork.image is None or artwork.image.state == ImageState.ERASED:
        missing["picture"] = _("Please choose a picture of the work.")
    elif artwork.image.state == ImageState.REFUSED:
        missing["picture"] = str(ImageState.REFUSED.label)
    for picture in artwork.later_pictures:
        if picture.image.state in {ImageState.REFUSED, ImageState.ERASED}:
            missing[picture_field("alt_text", picture.id)] = str(ImageState.REFUSED.label)
    others = _missing_texts(typed_texts(form) if form else text_values(artwork))
    if artwork.artist_id is None and not (form and form.names_artist):
        others["artist"] = _("Please say who made it: choose an artist or write a credit name.")
    if form and form.enters_consent:
        others |= _problem_of_typed_consent(form)
    elif sentence := _consent_problem(artwork):
        others["consent"] = sentence
    elif artwork.id in unseen:
        others["consent"] = str(NOT_SEEN_BY_FAMILY)
    others |= {name: why for name, why in voice_problems(artwork).items() if name not in others}
    if artwork.project_id is None and not (form and form.has_new_project):
        others["project"] = _("Please choose the project behind the work, or make it here.")
    # A returned work may be submitted after the call has closed, because the curator asked for it.
    if not any(
        theme.is_open() or theme.id in extended or artwork.status == Status.RETURNED
        for theme in artwork.themes
    ):
        others["themes"] = _("Please choose at least one theme that is open for submissions.")
    return {**others, **missing}


def _missing_texts(texts: TextValues) -> dict[str, str]:
    sentences = {
        "title": _("Please write a title; “Untitled” will do."),
        "story": _("Please tell the story behind the work, in a sentence or more."),
        "alt_text": _("Please describe the picture for people who cannot see it."),
        "medium": _("Please say with what it was made, such as crayon on paper."),
    }
    for name in texts:
        if (
            picture_of_field(name) is not None
            and name.startswith("alt_text")
            and not split_field_name(name)[1]
        ):
            sentences[name] = _("Please describe this picture, too, for people who cannot see it.")
    return {name: sentence for name, sentence in sentences.items() if not texts.get(name)}


def _problem_of_typed_consent(form: WorkForm) -> dict[str, str]:
    """Why the consent in the form is not enough although its fields are valid: it does not cover the website today."""
    starts_on, ends_on = form.starts_on.data, form.ends_on.data
    if "web" not in (form.scopes.data or []):
        return {"scopes": str(CONSENT_IS_NOT_ENOUGH)}
    if starts_on and starts_on > today():
        return {"starts_on": str(CONSENT_IS_NOT_ENOUGH)}
    return {"ends_on": str(CONSENT_IS_NOT_ENOUGH)} if ends_on and ends_on < today() else {}


def _consent_problem(artwork: Artwork) -> str:
    if artwork.consent is None:
        return _("Please choose the consent under which it may be shown, or record one.")
    if artwork.consent.artist_id != artwork.artist_id:
        return _("This consent is another artist's. Please choose one of the artist's own.")
    if not artwork.consent.covers_web():
        return str(CONSENT_IS_NOT_ENOUGH)
    return ""


async def no_open_theme_reason(themes: Iterable[Theme]) -> str:
    """The reason why none of `themes` takes the work, in sentences for the partner.

    The sentences say when each call closed or will open, and whom to ask. If `themes` is empty, they say that
    a theme has to be chosen.
    """
    sentences = []
    for theme in themes:
        values = {"theme": localized(theme, "title").text}
        if theme.call_opens_on is not None and theme.call_opens_on > today():
            values["day"] = shown_date(theme.call_opens_on)
            sentences.append(
                _("“%(theme)s” opens for submissions on %(day)s. The draft stays here until then.") % values
            )
        else:
            values["day"] = shown_date(theme.call_closes_on)
            sentences.append(_("“%(theme)s” was open for submissions until %(day)s.") % values)
    if not sentences:
        return _("Please choose at least one theme that is open for submissions.")
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
    """Send a draft or returned work for review, with its unfinished values. Raises NotSubmittable; then
    nothing changed.
    """
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None:
            raise NotSubmittable(_("This work has just been deleted."))
        if current.status == Status.SUBMITTED:
            raise NotSubmittable(_("It has been submitted already. A curator will look at it."))
        if not current.is_editable:
            raise NotSubmittable(_("It has been decided already, so it cannot be submitted again."))
        missing = await missing_fields(current)
        if current.unfinished and not missing:
            await _take_what_was_typed(current, by)
            missing = await missing_fields(current)
        if missing:
            raise NotSubmittable(_("Something is still missing. The form says what."), missing)
        await current.fetch_related("artist", "project")  # missing_fields has fetched the other relations
        organisation = await Organisation.get(id=current.organisation_id)
        submission = await Submission.create(
            artwork=current,
            number=await next_submission_number(current),
            by=by,
            at=now(),
            sent=snapshot_of(current),
            awaits_trust=organisation.trust != Trust.EVERY,
        )
        current.status = artwork.status = Status.SUBMITTED
        await current.save(update_fields=["status", "updated_at"])
        await Image.filter(images_of(Artwork.filter(id=current.id))).update(source_name="")
        await record(Verb.WORK_SUBMITTED, current.id, organisation_id=current.organisation_id, by=by)
        return submission


async def _take_what_was_typed(artwork: Artwork, by: Person | None) -> None:
    """Save the unfinished values in a locked work, with a new artist, consent or project. Raises NotSubmittable."""
    await artwork.fetch_related("organisation", "consent__artist", "themes")
    await load_further_pictures([artwork])
    _form, details = await _read_typed(artwork)
    assert details is not None  # `missing_fields` found nothing wrong
    try:
        await fill_work(artwork, details, by, None)
    except WorkRefused as refusal:
        raise NotSubmittable(refusal.sentence, {refusal.field: refusal.sentence}) from None
    await artwork.fetch_related("consent", "themes")


async def propose(
    artwork: Artwork,
    texts: TextValues,
    by: Person | None,
    image: Image | None = None,
    place: int | None = FIRST,
    order: Sequence[int] | None = None,
) -> Submission:
    """Propose other texts, another picture, one more, fewer, or another order, for an accepted work.

    `place`: the id of the further picture that `image` would replace; FIRST: the first one; None: it would be
    added after the others, with the texts `alt_text_0` and `caption_0`. `order`: the ids of the further pictures
    that stay, in their order; None: all stay as they are. The accepted texts and pictures stay on view
    until a curator decides. Raises NotSubmittable.
    """
    is_new = image is not None and place is None
    texts = {field: words for field, words in texts.items() if is_new or not is_of_new_picture(field)}
    if order is not None:
        kept = {None, NEW_PICTURE, *order}
        texts = {field: words for field, words in texts.items() if picture_of_field(field) in kept}
    if missing := _missing_texts(texts):
        raise NotSubmittable(_("Something is still missing. The form says what."), missing)
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None or current.status != Status.ACCEPTED:
            raise NotSubmittable(_("Changes can be proposed to works that are accepted."))
        if await Submission.exists(artwork_id=current.id, is_waiting=True):
            raise NotSubmittable(
                _("The curators already have a change to this work. Please wait until they have decided.")
            )
        await current.fetch_related("artist", "consent", "project", "themes")
        await load_further_pictures([current])
        accepted = snapshot_of(current)
        if order is not None:
            _set_order(current, order)
        set_texts(current, current.language, texts)  # not saved
        proposed = snapshot_of(current)
        if image is not None:
            await _check_new_picture(image, current, is_new)
            candidate = await _make_candidate(image, current)
            proposed |= _with_image(proposed, candidate.id, place)
            proposed |= {field: words for field, words in texts.items() if is_of_new_picture(field)}
        if proposed == accepted:
            raise NotSubmittable(_("Nothing is different from what was accepted."))
        await record(Verb.WORK_PROPOSED, current.id, organisation_id=current.organisation_id, by=by)
        return await Submission.create(
            artwork=current,
            number=await next_submission_number(current),
            by=by,
            at=now(),
            sent=proposed,
            replaces=accepted,
        )


def _set_order(artwork: Artwork, order: Sequence[int]) -> None:
    """Keep these further pictures in this order, without saving it."""
    rows = {each.id: each for each in artwork.later_pictures}
    if not set(order) <= set(rows):
        raise NotSubmittable(_("The pictures of this work have changed. Please open the form again."))
    for position, id in enumerate(order, 2):
        rows[id].position = position
    artwork.more_pictures = len(order)
    preload(artwork.further_pictures, [rows[id] for id in order])


def _with_image(proposed: Snapshot, image_id: int, place: int | None) -> dict[str, str]:
    """The fields `picture` and `pictures` of a snapshot, with the image at `place`; see `propose`."""
    further = further_pictures_in(proposed)
    if place == FIRST:
        return {"picture": str(image_id)}
    if place is None:
        further[NEW_PICTURE] = image_id
    elif place in further:
        further[place] = image_id
    else:
        sentence = _("This picture would not be there any more. Please choose another place for the new one.")
        raise NotSubmittable(sentence, {"place": sentence})
    return {"pictures": " ".join(f"{id}:{image}" for id, image in further.items())}


async def _check_new_picture(image: Image, current: Artwork, is_new: bool) -> None:
    """Raises NotSubmittable if the work has the same file already, or the maximum number of pictures."""
    if is_new and current.more_pictures >= MAX_PICTURES - 1:
        sentence = too_many_pictures()
        raise NotSubmittable(sentence, {"picture": sentence})
    if is_new:
        try:
            await check_file_is_new(current, image)
        except WorkRefused as refusal:
            raise NotSubmittable(refusal.sentence, {"picture": refusal.sentence}) from None


async def _make_candidate(image: Image, current: Artwork) -> Image:
    """Mark an uploaded picture as proposed for a work, whose row the caller has locked.

    Raises NotSubmittable.
    """
    free = Image.filter(
        id=image.id,
        organisation_id=current.organisation_id,
        candidate_for_id=None,
        state__in=[ImageState.RECEIVED, ImageState.READY],
    )
    candidate: Image | None = await locked(free).first()
    if candidate is None or await Artwork.filter(has_image([candidate.id])).exists():
        sentence = _("This picture is no longer there. Please choose it again.")
        raise NotSubmittable(sentence, {"picture": sentence})
    candidate.candidate_for_id, candidate.source_name = current.id, ""
    await candidate.save(update_fields=["candidate_for_id", "source_name"])
    return candidate


async def next_submission_number(artwork: Artwork) -> int:
    return await Submission.filter(artwork_id=artwork.id).count() + 1
