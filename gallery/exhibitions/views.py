"""Exhibitions at the curator's desk: the list, the builder, and publishing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.query_utils import Prefetch

from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.artworks.sentences import sentences_in
from gallery.clock import now
from gallery.exhibitions import drafts
from gallery.exhibitions.access import load_curator, load_exhibition, load_hanging, load_room
from gallery.exhibitions.arrangements import EDITION_FIELDS, ROOM_FIELDS
from gallery.exhibitions.builder import (
    draft_version,
    editions_of,
    work_picker,
    works_by_rule,
    works_ending_before_closing,
)
from gallery.exhibitions.drafts import DraftChangeRefused, NotPublishable, draft_of
from gallery.exhibitions.forms import (
    SENTENCE_CHOICES,
    CaptionForm,
    EditionForm,
    ExhibitionForm,
    RoomForm,
    as_typed,
)
from gallery.exhibitions.models import Edition, Exhibition, Hanging, PublishedEditions, Room
from gallery.exhibitions.room_parts import (
    FEW_ROOMS,
    MAX_HANGINGS_SHOWN,
    MAX_RULE_WORKS_SHOWN,
    DraftParts,
    Place,
    load_hangings,
    parts_of,
)
from gallery.exhibitions.room_rules import apply_rules, count_unpublished_works, hangable_ids
from gallery.exhibitions.talks import TIME_FIELDS
from gallery.numbers import row_id, whole_number
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.edit_conflicts import Digests, EditConflict, digest, format_digests, read_digests, seen_field
from gallery.web.forms import Form, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import localized, site_languages
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import datetime_local_value, flash, redirect, render, shown_moment
from gallery.web.texts import by_language, field_name
from gallery.web.texts_form import TextsForm

PAGE_SIZE = 60


async def index(request: Request) -> Response:
    """A curator sees every exhibition and whether visitors see it."""
    await load_curator(request)
    drafts_and_current = Edition.filter(Q(number__isnull=True) | Q(is_current=True)).order_by("number")
    exhibitions = Exhibition.all().order_by("-id")
    page = await fetch_page(
        exhibitions.prefetch_related("theme", Prefetch("editions", drafts_and_current)),
        request.query_params,
        PAGE_SIZE,
    )
    rows = [
        {
            "exhibition": exhibition,
            "draft": next((edition for edition in exhibition.editions if edition.is_draft), None),
            "site": PublishedEditions.of(exhibition.editions),
        }
        for exhibition in page.rows
    ]
    return render(request, "exhibitions/index.html", {"rows": rows, "page": page})


async def new(request: Request) -> Response:
    """A curator opens the form for a new exhibition."""
    await load_curator(request)
    form = ExhibitionForm(themes=await theme_choices())
    return render(request, "exhibitions/new.html", {"form": form})


async def create(request: Request) -> Response:
    """A curator creates an exhibition, and is redirected to its builder."""
    person = await load_curator(request)
    form = ExhibitionForm(await read_desk_form(request), themes=await theme_choices())
    if form.validate():
        if not await Exhibition.exists(slug=form["slug"].data):
            try:
                exhibition = await drafts.create_exhibition(
                    form["slug"].data,
                    person,
                    theme=await chosen_theme(form),
                    title=form.text_of("title"),
                )
                return redirect(request, "exhibitions:show", id=exhibition.id)
            except IntegrityError:  # somebody else used the slug at the same time
                pass
        form.refuse("slug", slug_taken_message())
    return render(request, "exhibitions/new.html", {"form": form}, status=422)


async def show(request: Request) -> Response:
    """A curator opens the builder: texts, rooms with their works, and editions."""
    _person, exhibition = await load_exhibition(request)
    return await _render_builder(request, exhibition)


async def update(request: Request) -> Response:
    """A curator changes the title, introduction, dates or theme of the draft."""
    person, exhibition = await load_exhibition(request)
    posted = await read_desk_form(request)
    form = EditionForm(posted, themes=await theme_choices())
    if not form.validate():
        return await _render_builder(request, exhibition, edition_form=form, seen=seen_in(posted))
    try:
        await drafts.change_draft(
            exhibition,
            await chosen_theme(form),
            by=person,
            seen=seen_in(posted),
            **as_typed(form, form.values(*EDITION_FIELDS)),
        )
    except EditConflict as conflict:
        seen = add_conflict_errors(form, conflict, seen_in(posted))
        return await _render_builder(request, exhibition, edition_form=form, seen=seen)
    shown = {**as_typed(form, form.values(*EDITION_FIELDS)), "theme": form["theme"].data}
    return await _saved_response(request, exhibition, "edition", _("Saved in the draft."), shown=shown)


async def create_room(request: Request) -> Response:
    """A curator adds a room at the end."""
    person, exhibition = await load_exhibition(request)
    form = RoomForm(await read_desk_form(request), prefix="new", **await room_choices())
    if not form.validate():
        return await _render_builder(request, exhibition, new_room_form=form)
    room = await drafts.add_room(await draft_of(exhibition), by=person, **form.room_values())
    return _redirect_to_builder(request, exhibition, f"room-{room.id}")


async def update_room(request: Request) -> Response:
    """A curator changes a room's texts, layout or rule."""
    person, exhibition, room = await load_room(request)
    posted = await read_desk_form(request)
    form = RoomForm(posted, prefix=f"room-{room.id}", **await room_choices())
    if not form.validate():
        return await _render_builder(request, exhibition, room_forms={room.id: form}, seen=seen_in(posted))
    try:
        typed = as_typed(form, form.room_values())
        await drafts.change_room(room, by=person, seen=seen_in(posted), **typed)
    except EditConflict as conflict:
        seen = add_conflict_errors(form, conflict, seen_in(posted))
        return await _render_builder(request, exhibition, room_forms={room.id: form}, seen=seen)
    return await _saved_response(
        request, exhibition, f"room-{room.id}", _("Saved in the draft."), shown=typed
    )


async def create_exclusion(request: Request) -> Response:
    """A curator keeps a work out of a room whose rule would hang it."""
    person, exhibition, room = await load_room(request)
    work = await work_from_form(request)
    await drafts.add_exclusion(room, work, by=person)
    return _redirect_to_builder(
        request, exhibition, f"room-{room.id}", _("The rule leaves this work out now.")
    )


async def delete_exclusion(request: Request) -> Response:
    """A curator lets the rule decide again whether a work hangs."""
    person, exhibition, room = await load_room(request)
    work = await work_from_form(request)
    await drafts.remove_exclusion(room, work, by=person)
    return _redirect_to_builder(request, exhibition, f"room-{room.id}")


async def update_caption(request: Request) -> Response:
    """A curator writes a caption for a work in one room."""
    person, exhibition, hanging = await load_hanging(request)
    posted = await read_desk_form(request)
    form = CaptionForm(posted, prefix=f"hanging-{hanging.id}")
    if not form.validate() or posted.get("then") == "language":
        return await _render_builder(
            request, exhibition, caption_forms={hanging.id: form}, seen=seen_in(posted)
        )
    typed = as_typed(form, form.values("caption"))
    if not typed:  # a page of the previous release has other field names
        raise HTTPException(400)
    try:
        await drafts.change_caption(hanging, by=person, seen=seen_in(posted), **typed)
    except EditConflict as conflict:
        seen = add_conflict_errors(form, conflict, seen_in(posted))
        return await _render_builder(request, exhibition, caption_forms={hanging.id: form}, seen=seen)
    except DraftChangeRefused as refusal:
        form.refuse("caption", str(refusal))
        return await _render_builder(
            request, exhibition, caption_forms={hanging.id: form}, seen=seen_in(posted)
        )
    return await _saved_response(
        request, exhibition, f"hanging-{hanging.id}", _("Saved in the draft."), shown=typed
    )


async def update_sentence(request: Request) -> Response:
    """A curator chooses the sentence of a work's story that is shown in one room, in each of its languages."""
    person, exhibition, hanging = await load_hanging(request)
    posted = await read_desk_form(request)
    artwork = await Artwork.get(id=hanging.artwork_id)
    await load_as_sent([artwork])
    chosen = {}
    for language, story in artwork.story.items():
        name = field_name("sentence", language)
        if (choice := posted.get(f"hanging-{hanging.id}-{name}")) is None:
            continue
        if choice not in SENTENCE_CHOICES and choice not in (each.text for each in sentences_in(story)):
            return await _saved_response(
                request, exhibition, f"hanging-{hanging.id}", sentence_gone_message(), "error"
            )
        chosen[name] = choice
    try:
        await drafts.change_caption(hanging, by=person, seen=seen_in(posted), **chosen)
    except EditConflict:
        return await _saved_response(
            request, exhibition, f"hanging-{hanging.id}", sentence_changed_message(), "error"
        )
    except DraftChangeRefused as refusal:
        return await _saved_response(request, exhibition, f"hanging-{hanging.id}", str(refusal), "error")
    return await _saved_response(
        request, exhibition, f"hanging-{hanging.id}", _("Saved in the draft."), shown=chosen
    )


async def show_version(request: Request) -> Response:
    """Tells the builder's script whether somebody else has changed the draft."""
    person, exhibition = await load_exhibition(request)
    return JSONResponse(await draft_version(exhibition, person), headers={"cache-control": "no-store"})


async def delete_room(request: Request) -> Response:
    """A curator closes a room of the draft. Its works can be hung elsewhere."""
    person, exhibition, room = await load_room(request)
    await drafts.close_room(room, by=person)
    return _redirect_to_builder(
        request, exhibition, "rooms", _("The room is closed. Its works can be hung elsewhere.")
    )


async def move_room(request: Request) -> Response:
    """A curator moves a room up or down."""
    person, exhibition, room = await load_room(request)
    to = whole_number((await read_desk_form(request)).get("position", "")) or 0
    if not to:
        return _redirect_to_builder(
            request, exhibition, f"room-{room.id}", position_missing_message(), "error"
        )
    await drafts.move_room(room, to, by=person)
    return _redirect_to_builder(request, exhibition, f"room-{room.id}")


async def create_hanging(request: Request) -> Response:
    """A curator hangs an accepted work at the end of a room."""
    person, exhibition = await load_exhibition(request)
    posted = await read_desk_form(request)
    room = await Room.get_or_none(
        id=row_id(posted.get("room", "")),
        edition__exhibition_id=exhibition.id,
        edition__number__isnull=True,
    )
    artwork = await Artwork.get_or_none(id=row_id(posted.get("artwork", "")))
    if room is None or artwork is None:
        raise HTTPException(404)
    try:
        await drafts.hang(room, artwork, person)
    except DraftChangeRefused as refusal:
        return _redirect_to_builder(request, exhibition, "picker", str(refusal), "error")
    place = localized(room, "title").text
    return _redirect_to_builder(
        request,
        exhibition,
        "picker",
        _("%(work)s hangs in %(room)s.") % {"work": artwork.own("title"), "room": place},
    )


async def delete_hanging(request: Request) -> Response:
    """A curator takes a work down. It can be hung again."""
    person, exhibition, hanging = await load_hanging(request)
    await drafts.take_down(hanging, by=person)
    return _redirect_to_builder(request, exhibition, f"room-{hanging.room_id}")


async def move_hanging(request: Request) -> Response:
    """A curator moves a work to another place or room."""
    person, exhibition, hanging = await load_hanging(request)
    posted = await read_desk_form(request)
    to = whole_number(posted.get("position", "")) or 0
    if not to:
        return await _saved_response(
            request, exhibition, f"room-{hanging.room_id}", position_missing_message(), "error"
        )
    into = None
    rooms = Room.filter(edition__exhibition_id=exhibition.id, edition__number__isnull=True)
    if room_id := whole_number(posted.get("room", "")):
        into = await rooms.get_or_none(id=room_id)
    elif room_number := posted.get("room_number", "").strip():
        number = whole_number(room_number, least=1)
        into = await rooms.offset(number - 1).first() if number else None
        if into is None:
            return await _saved_response(
                request, exhibition, f"hanging-{hanging.id}", room_missing_message(), "error"
            )
    await drafts.move_hanging(hanging, to, into=into, by=person)
    if wants_json(request):
        return await _saved_response(request, exhibition)
    return await _moved_response(request, exhibition, hanging)


async def create_edition(request: Request) -> Response:
    """A curator publishes the draft as it is now."""
    person, exhibition = await load_exhibition(request)
    try:
        edition = await drafts.publish(exhibition, person)
    except NotPublishable as refusal:
        return await _render_builder(request, exhibition, refusal=str(refusal))
    return _redirect_to_builder(
        request,
        exhibition,
        "editions",
        published_message(edition, PublishedEditions.of(await editions_of(exhibition))),
    )


def publish_button_text(draft: Edition, site: PublishedEditions) -> str:
    """The label of the publish button: what visitors will see, and when."""
    if draft.opens_at is None:
        return _("Publish this draft")
    if draft.has_opened():
        return _("Publish now")
    if site.shown is None:
        return _("Publish: visitors see it from %(moment)s") % {"moment": shown_moment(draft.opens_at)}
    return _("Publish: visitors see it from %(moment)s; until then edition %(number)s stays") % {
        "moment": shown_moment(draft.opens_at),
        "number": site.shown.number,
    }


def published_message(edition: Edition, site: PublishedEditions) -> str:
    """The message after `edition` was published: what visitors see, and when."""
    words = {"number": edition.number, "moment": shown_moment(edition.opens_at)}
    if not edition.is_planned():
        return _("Edition %(number)s is published.") % words
    if site.shown is None:
        return _("Edition %(number)s is published: visitors see it from %(moment)s.") % words
    words["before"] = site.shown.number
    return (
        _(
            "Edition %(number)s is published: visitors see it from %(moment)s; until then edition %(before)s stays."
        )
        % words
    )


async def _render_builder(
    request: Request,
    exhibition: Exhibition,
    *,
    edition_form: EditionForm | None = None,
    new_room_form: RoomForm | None = None,
    room_forms: dict[int, RoomForm] | None = None,
    caption_forms: dict[int, CaptionForm] | None = None,
    seen: Digests | None = None,
    refusal: str = "",
) -> Response:
    """The builder's page. If a change was refused, the status is 422 and the page keeps what was typed.

    `seen`: the digests that the refused form carried.
    """
    forms = (edition_form, new_room_form, *(room_forms or {}).values(), *(caption_forms or {}).values())
    refused = [form for form in forms if form]
    if refused and wants_json(request):
        errors = {
            form[name].id: [str(error) for error in form[name].errors]
            for form in refused
            for name in form.errors
            if name
        }
        return JSONResponse({"errors": errors}, status_code=422)
    refused_digests = format_digests({**digests_of_added(refused), **(seen or {})})
    draft = await draft_of(exhibition)
    languages = languages_of_draft(draft)
    parts = _parts_with_refused(
        await parts_of(draft, request.query_params), [*(room_forms or ())], [*(caption_forms or ())]
    )
    hangings = await load_hangings(parts)
    rooms = [part.room for part in parts.rooms]
    has_rules = any(room.rule is not None for room in rooms)
    by_rule = await apply_rules(rooms, await hangable_ids(parts.artwork_ids)) if has_rules else {}
    picker = await work_picker(draft, request.query_params, parts.at)
    editions = await editions_of(exhibition)
    site = PublishedEditions.of(editions)
    choices = await room_choices()
    ending, ending_count = await works_ending_before_closing(draft, parts, by_rule)
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "rooms": parts.rooms,
        "has_few_rooms": len(rooms) <= FEW_ROOMS,
        "stretch_size": MAX_HANGINGS_SHOWN,
        "hangings": hangings,
        "chosen_room": next(
            (room for room in rooms if str(room.id) == picker.query_values.get("room")),
            rooms[0] if rooms else None,
        ),
        "picker": picker,
        "editions": editions,
        "site": site,
        "publishing": publish_button_text(draft, site),
        "ending": ending,
        "ending_count": ending_count,
        "edition_form": edition_form or await _edition_form(exhibition, draft),
        "seen_edition": refused_digests
        if edition_form
        else seen_edition(draft, exhibition.theme_id, languages),
        "seen_rooms": {
            part.room.id: refused_digests
            if part.room.id in (room_forms or {})
            else seen_in_languages(part.room, ROOM_FIELDS, languages)
            for part in parts.rooms
            if part.is_open
        },
        "by_rule": by_rule,
        "ruled": await works_by_rule(parts, by_rule),
        "max_rule_works": MAX_RULE_WORKS_SHOWN,
        "unpublished_works": await count_unpublished_works(draft, by_rule.values()),
        "room_forms": {
            **{
                part.room.id: RoomForm.of(
                    part.room, prefix=f"room-{part.room.id}", languages=languages, **choices
                )
                for part in parts.rooms
                if part.is_open
            },
            **(room_forms or {}),
        },
        "caption_forms": caption_forms or {},
        "seen_captions": {
            hanging.id: refused_digests
            if hanging.id in (caption_forms or {})
            else seen_in_languages(hanging, ["caption"], languages)
            for hanging in hangings.values()
        },
        "seen_sentences": {
            hanging.id: seen_in_languages(hanging, ["sentence"], hanging.artwork.story)
            for hanging in hangings.values()
        },
        "sentences_in": sentences_in,
        "sentence_choices": SENTENCE_CHOICES,
        "caption_languages": languages,
        "new_room_form": new_room_form or RoomForm(prefix="new", languages=languages, **choices),
        "refusal": refusal,
    }
    return render(request, "exhibitions/show.html", context, status=422 if refused or refusal else 200)


def languages_of_draft(draft: Edition) -> list[str]:
    """The languages in which the builder asks for texts: the site's languages, and the languages of title and
    introduction.
    """
    return list(dict.fromkeys([*site_languages(), *draft.title, *draft.introduction]))


def digests_of_added(forms: Iterable[TextsForm]) -> dict[str, str]:
    """The digests for the fields of a language that was just added: they are empty."""
    return {field_name(name, form.added): digest("") for form in forms if form.added for name in form.texts}


def _parts_with_refused(parts: DraftParts, rooms: Iterable[int], hangings: Iterable[int]) -> DraftParts:
    """`parts`, with the rooms and hangings whose forms were refused shown on the page."""
    for id in rooms:
        if not parts.shows_room(id):
            return parts.open_at(Place(id))
    for id in hangings:
        if not parts.shows(id) and (place := parts.place_of(id)):
            return parts.open_at(place)
    return parts


async def _edition_form(exhibition: Exhibition, draft: Edition) -> EditionForm:
    begin_with = {name: getattr(draft, name) for name in EDITION_FIELDS}
    begin_with["opens_at"] = draft.opens_at or now()
    return EditionForm(
        themes=await theme_choices(), data={**begin_with, "theme": str(exhibition.theme_id or "")}
    )


def _redirect_to_builder(
    request: Request, exhibition: Exhibition, fragment: str, message: str = "", level: str = "done"
) -> Response:
    """Redirect to the place of the pressed button in the builder, with the same filters for works."""
    response = redirect(
        request, "exhibitions:show", id=exhibition.id, fragment=fragment, query=request.url.query
    )
    if message:
        flash(request, response, message, level)
    return response


async def _moved_response(request: Request, exhibition: Exhibition, hanging: Hanging) -> Response:
    """Redirect to the moved work, or to its old room if the curator's page does not show the new place.

    A message names the new place if the page does not show it, or if it is in another room.
    """
    parts = await parts_of(await draft_of(exhibition), request.query_params)
    place = parts.place_of(hanging.id)
    fragment = f"hanging-{hanging.id}" if parts.shows(hanging.id) else f"room-{hanging.room_id}"
    if place is None or (parts.shows(hanging.id) and place.room_id == hanging.room_id):
        return _redirect_to_builder(request, exhibition, fragment)
    artwork = await Artwork.get(id=hanging.artwork_id)
    await load_as_sent([artwork])
    part = next(part for part in parts.rooms if part.room.id == place.room_id)
    words = {
        "work": artwork.localized("title").text,
        "place": place.number,
        "room": localized(part.room, "title").text or part.number,
    }
    message = _("%(work)s is at place %(place)s in %(room)s now.") % words
    return _redirect_to_builder(request, exhibition, fragment, message)


async def _saved_response(
    request: Request,
    exhibition: Exhibition,
    fragment: str = "",
    message: str = "",
    level: str = "done",
    shown: Mapping[str, Any] | None = None,
) -> Response:
    """The response after a change: JSON to a script that saves forms, otherwise a redirect to the builder.

    `shown`: the values of the saved form, as the open page shows them.
    """
    if not wants_json(request):
        return _redirect_to_builder(request, exhibition, fragment, message, level)
    draft = await draft_of(exhibition)
    site = PublishedEditions.of(await editions_of(exhibition))
    payload: dict[str, Any] = {
        "version": draft.version,
        "message": message,
        "publishing": publish_button_text(draft, site),
    }
    if shown is not None:
        payload["seen"] = seen_field(shown)
    return JSONResponse(payload, status_code=422 if level == "error" else 200)


def seen_edition(draft: Edition, theme_id: int | None, languages: Iterable[str]) -> str:
    seen = seen_in_languages(draft, EDITION_FIELDS, languages)
    return f"{seen} {seen_field({'theme': str(theme_id or '')})}"


def seen_in_languages(record: Model, names: Iterable[str], languages: Iterable[str]) -> str:
    """The field `seen` for a form with these values of a record. Its texts are in at least these languages."""
    return seen_field(by_language({name: getattr(record, name) for name in names}, languages))


def wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def seen_in(posted: ImmutableMultiDict[str, Any]) -> dict[str, str]:
    """The digests in the form's field `seen`."""
    return read_digests(posted.get("seen"))


def add_conflict_errors(form: Form, conflict: EditConflict, seen: Digests) -> dict[str, str]:
    """Add an error to each field that somebody else changed, with the field's current value.

    The typed values stay in the form. Returns the digests for the page: `seen`, with new digests of the
    current values for the fields in conflict.
    """
    for name, value in conflict.current.items():
        if isinstance(value, str) and name in TIME_FIELDS:
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            value = datetime_local_value(value).replace("T", " ")
        sentence = _(
            "%(who)s has changed this since you opened the page. It now reads: %(text)s. Save again to "
            "replace it with yours."
        )
        if name == "theme":
            value = {choice.value: choice.label for choice in form[name].choices}.get(value, value)
        text = "–" if value in (None, "") else str(value)
        form.refuse(
            "filled" if name == "rule" else name,
            sentence % {"who": conflict.by or _("Somebody"), "text": text},
        )
    return {**seen, **{name: digest(value) for name, value in conflict.current.items()}}


async def work_from_form(request: Request) -> Artwork:
    """The work in the form, if it was ever sent for review; otherwise 404."""
    id = row_id((await read_desk_form(request)).get("artwork", ""))
    work = await Artwork.filter(id=id, submissions__id__isnull=False).first()
    if work is None:
        raise HTTPException(404)
    return work


async def room_choices() -> dict[str, list[tuple[str, str]]]:
    organisations: list[Any] = await Organisation.all().order_by("slug")
    return {
        "themes": await theme_choices(),
        "organisations": [(str(one.id), localized(one, "name").text) for one in organisations],
    }


def slug_taken_message() -> str:
    return _("This name is already in use. Please choose another, such as one with the year.")


def position_missing_message() -> str:
    return _("Please give a place as a number, such as 3.")


def sentence_gone_message() -> str:
    return _("The story no longer has this sentence. Please choose another.")


def sentence_changed_message() -> str:
    return _("Somebody has just chosen another sentence. Reload the page to see it.")


def room_missing_message() -> str:
    return _("There is no room with this number. Please give one that is before a room's name.")


async def theme_choices() -> list[tuple[str, str]]:
    themes: list[Any] = await Theme.all().order_by("-occurs_on", "-id")
    return [(str(theme.id), localized(theme, "title").text) for theme in themes]


async def chosen_theme(form: ExhibitionForm | EditionForm) -> Theme | None:
    return await Theme.get_or_none(id=row_id(form["theme"].data))


routes = [
    Route("/desk/exhibitions", index, name="exhibitions:index", methods=["GET"]),
    Route("/desk/exhibitions/new", new, name="exhibitions:new", methods=["GET"]),
    Route("/desk/exhibitions", create, name="exhibitions:create", methods=["POST"]),
    Route("/desk/exhibitions/{id:int}", show, name="exhibitions:show", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}", update, name="exhibitions:update", methods=["POST"]),
    Route("/desk/exhibitions/{id:int}/rooms", create_room, name="rooms:create", methods=["POST"]),
    Route("/desk/exhibitions/{id:int}/rooms/{room:int}", update_room, name="rooms:update", methods=["POST"]),
    Route(
        "/desk/exhibitions/{id:int}/rooms/{room:int}/deletion",
        delete_room,
        name="rooms:delete",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/rooms/{room:int}/position", move_room, name="rooms:move", methods=["POST"]
    ),
    Route("/desk/exhibitions/{id:int}/hangings", create_hanging, name="hangings:create", methods=["POST"]),
    Route(
        "/desk/exhibitions/{id:int}/hangings/{hanging:int}/deletion",
        delete_hanging,
        name="hangings:delete",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/hangings/{hanging:int}/position",
        move_hanging,
        name="hangings:move",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/hangings/{hanging:int}/sentence",
        update_sentence,
        name="hangings:sentence",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/hangings/{hanging:int}/caption",
        update_caption,
        name="hangings:caption",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/rooms/{room:int}/exclusions",
        create_exclusion,
        name="exclusions:create",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/rooms/{room:int}/exclusions/deletion",
        delete_exclusion,
        name="exclusions:delete",
        methods=["POST"],
    ),
    Route("/desk/exhibitions/{id:int}/version", show_version, name="exhibitions:version", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}/editions", create_edition, name="editions:create", methods=["POST"]),
]
