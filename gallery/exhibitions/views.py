"""Exhibitions at the curator's desk: the list, the builder, and what publishes them."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.query_utils import Prefetch

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.exhibitions import building
from gallery.exhibitions.access import load_curator, load_exhibition, load_hanging, load_room
from gallery.exhibitions.builder import editions_of, ending_before, picker_of, rooms_of, whole_number
from gallery.exhibitions.building import BuildingRefused, NotPublishable, draft_of
from gallery.exhibitions.forms import EditionForm, ExhibitionForm, RoomForm
from gallery.exhibitions.models import Edition, Exhibition, Room
from gallery.languages import gettext as _
from gallery.languages import spoken
from gallery.pages import flash, redirect, render
from gallery.themes.models import Theme


async def index(request: Request) -> Response:
    """A curator sees every exhibition and whether visitors see it."""
    await load_curator(request)
    shown = Edition.filter(Q(number__isnull=True) | Q(is_current=True)).order_by("number")
    exhibitions = (
        await Exhibition.all().order_by("-id").prefetch_related("theme", Prefetch("editions", shown))
    )
    rows = [
        {
            "exhibition": exhibition,
            "draft": next((edition for edition in exhibition.editions if edition.is_draft), None),
            "current": next((edition for edition in exhibition.editions if edition.is_current), None),
        }
        for exhibition in exhibitions
    ]
    return render(request, "exhibitions/index.html", {"rows": rows})


async def new(request: Request) -> Response:
    """A curator is asked for a new exhibition's title and theme."""
    await load_curator(request)
    form = ExhibitionForm(themes=await theme_choices())
    return render(request, "exhibitions/new.html", {"form": form})


async def create(request: Request) -> Response:
    """A curator makes an exhibition and comes to its builder."""
    person = await load_curator(request)
    form = ExhibitionForm(await request.form(), themes=await theme_choices())
    if form.validate():
        if not await Exhibition.exists(slug=form["slug"].data):
            try:
                exhibition = await building.found(
                    form["slug"].data,
                    person,
                    theme=await chosen_theme(form),
                    **form.values("title_zh", "title_en"),
                )
                return redirect(request, "exhibitions:show", id=exhibition.id)
            except IntegrityError:  # somebody took the name in this very moment
                pass
        form.refuse(
            "slug", _("This name is in use already. Please choose another, such as one with the year.")
        )
    return render(request, "exhibitions/new.html", {"form": form}, status=422)


async def show(request: Request) -> Response:
    """A curator builds an exhibition: its texts, its rooms, the works in them, and what was published."""
    _person, exhibition = await load_exhibition(request)
    return await _builder(request, exhibition)


async def update(request: Request) -> Response:
    """A curator changes title, introduction, dates or theme of the draft."""
    _person, exhibition = await load_exhibition(request)
    form = EditionForm(await request.form(), themes=await theme_choices())
    if not form.validate():
        return await _builder(request, exhibition, edition_form=form)
    await building.change(exhibition, await chosen_theme(form), **form.values(*building.FROZEN_FIELDS))
    return _back(request, exhibition, "edition", _("Saved in the draft."))


async def create_room(request: Request) -> Response:
    """A curator adds a room behind the others."""
    _person, exhibition = await load_exhibition(request)
    form = RoomForm(await request.form(), prefix="new")
    if not form.validate():
        return await _builder(request, exhibition, new_room_form=form)
    room = await building.add_room(await draft_of(exhibition), **form.values(*building.ROOM_FIELDS))
    return _back(request, exhibition, f"room-{room.id}")


async def update_room(request: Request) -> Response:
    """A curator changes a room's title or wall text."""
    _person, exhibition, room = await load_room(request)
    form = RoomForm(await request.form(), prefix=f"room-{room.id}")
    if not form.validate():
        return await _builder(request, exhibition, room_forms={room.id: form})
    await building.change_room(room, **form.values(*building.ROOM_FIELDS))
    return _back(request, exhibition, f"room-{room.id}")


async def delete_room(request: Request) -> Response:
    """A curator closes a room of the draft; its works can be hung elsewhere."""
    _person, exhibition, room = await load_room(request)
    await building.close_room(room)
    return _back(request, exhibition, "rooms", _("The room is closed. Its works can be hung elsewhere."))


async def move_room(request: Request) -> Response:
    """A curator lets visitors come to a room earlier or later."""
    _person, exhibition, room = await load_room(request)
    to = whole_number((await request.form()).get("position", ""))
    if not to:
        return _back(request, exhibition, f"room-{room.id}", unnumbered(), "error")
    await building.move_room(room, to)
    return _back(request, exhibition, f"room-{room.id}")


async def create_hanging(request: Request) -> Response:
    """A curator hangs an accepted work in a room, behind those that hang there."""
    person, exhibition = await load_exhibition(request)
    posted = await request.form()
    room = await Room.get_or_none(
        id=whole_number(posted.get("room", "")),
        edition__exhibition_id=exhibition.id,
        edition__number__isnull=True,
    )
    artwork = await Artwork.get_or_none(id=whole_number(posted.get("artwork", "")))
    if room is None or artwork is None:
        raise HTTPException(404)
    try:
        await building.hang(room, artwork, person)
    except BuildingRefused as refusal:
        return _back(request, exhibition, "picker", str(refusal), "error")
    place = spoken(room, "title").text
    return _back(
        request,
        exhibition,
        "picker",
        _("%(work)s hangs in %(room)s.") % {"work": artwork.title, "room": place},
    )


async def delete_hanging(request: Request) -> Response:
    """A curator takes a work down; it can be hung again."""
    _person, exhibition, hanging = await load_hanging(request)
    await building.take_down(hanging)
    return _back(request, exhibition, f"room-{hanging.room_id}")


async def move_hanging(request: Request) -> Response:
    """A curator moves a work to another place of its room."""
    _person, exhibition, hanging = await load_hanging(request)
    to = whole_number((await request.form()).get("position", ""))
    if not to:
        return _back(request, exhibition, f"room-{hanging.room_id}", unnumbered(), "error")
    await building.move(hanging, to)
    return _back(request, exhibition, f"hanging-{hanging.id}")


async def create_edition(request: Request) -> Response:
    """A curator publishes the draft: from now on visitors see it as it is now."""
    person, exhibition = await load_exhibition(request)
    try:
        edition = await building.publish(exhibition, person)
    except NotPublishable as refusal:
        return await _builder(request, exhibition, refusal=str(refusal))
    return _back(
        request,
        exhibition,
        "editions",
        _("Edition %(number)s is published.") % {"number": edition.number},
    )


async def unpublish(request: Request) -> Response:
    """A curator takes an exhibition off the site; draft and editions remain."""
    person, exhibition = await load_exhibition(request)
    if await building.unpublish(exhibition, person):
        return _back(request, exhibition, "editions", _("Visitors no longer see this exhibition."))
    return _back(request, exhibition, "editions", _("Visitors did not see this exhibition already."), "hint")


async def show_preview(request: Request) -> Response:
    """A curator walks through the draft as it would hang if it were published now."""
    _person, exhibition = await load_exhibition(request)
    draft = await draft_of(exhibition)
    rooms = await rooms_of(draft)
    walls = [
        (room, works)
        for room in rooms
        if (works := [hanging.artwork for hanging in room.hangings if may_be_shown(hanging.artwork)])
    ]
    context = {"exhibition": exhibition, "draft": draft, "walls": walls}
    return render(request, "exhibitions/preview.html", context)


def may_be_shown(artwork: Artwork) -> bool:
    """What `ALLOWED` asks in SQL, of a work that was fetched with image, consent and organisation."""
    return (
        artwork.status == "accepted"
        and artwork.image is not None
        and artwork.image.state == "ready"
        and artwork.consent is not None
        and artwork.consent.covers_web()
        and artwork.organisation.is_active
    )


async def _builder(
    request: Request,
    exhibition: Exhibition,
    *,
    edition_form: EditionForm | None = None,
    new_room_form: RoomForm | None = None,
    room_forms: dict[int, RoomForm] | None = None,
    refusal: str = "",
) -> Response:
    """The builder; with a form that was refused, or a refusal, it answers 422 and keeps what was typed."""
    is_refused = any((edition_form, new_room_form, room_forms, refusal))
    draft = await draft_of(exhibition)
    rooms = await rooms_of(draft)
    picker = await picker_of(draft, request.query_params)
    editions = await editions_of(exhibition)
    chosen_room = next(
        (room for room in rooms if str(room.id) == picker.asked.get("room")), rooms[0] if rooms else None
    )
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "rooms": rooms,
        "chosen_room": chosen_room,
        "picker": picker,
        "editions": editions,
        "current": next((edition for edition in editions if edition.is_current), None),
        "ending": ending_before(draft, rooms),
        "edition_form": edition_form or await _edition_form(exhibition, draft),
        "room_forms": {
            **{room.id: RoomForm(obj=room, prefix=f"room-{room.id}") for room in rooms},
            **(room_forms or {}),
        },
        "new_room_form": new_room_form or RoomForm(prefix="new"),
        "refusal": refusal,
        "may_be_shown": may_be_shown,
    }
    return render(request, "exhibitions/show.html", context, status=422 if is_refused else 200)


async def _edition_form(exhibition: Exhibition, draft: Edition) -> EditionForm:
    begin_with = {name: getattr(draft, name) for name in building.FROZEN_FIELDS}
    begin_with["opens_at"] = draft.opens_at or now()
    return EditionForm(
        themes=await theme_choices(), data={**begin_with, "theme": str(exhibition.theme_id or "")}
    )


def _back(
    request: Request, exhibition: Exhibition, fragment: str, message: str = "", level: str = "done"
) -> Response:
    """Back to the place of the builder where the button was, with the works chosen as before."""
    response = redirect(
        request, "exhibitions:show", id=exhibition.id, fragment=fragment, query=request.url.query
    )
    if message:
        flash(request, response, message, level)
    return response


def unnumbered() -> str:
    return _("Please give a place as a number, such as 3.")


async def theme_choices() -> list[tuple[str, str]]:
    themes: list[Any] = await Theme.all().order_by("-occurs_on", "-id")
    return [(str(theme.id), spoken(theme, "title").text) for theme in themes]


async def chosen_theme(form: ExhibitionForm | EditionForm) -> Theme | None:
    return await Theme.get_or_none(id=whole_number(form["theme"].data))


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
    Route("/desk/exhibitions/{id:int}/editions", create_edition, name="editions:create", methods=["POST"]),
    Route("/desk/exhibitions/{id:int}/unpublishing", unpublish, name="editions:unpublish", methods=["POST"]),
    Route("/desk/exhibitions/{id:int}/preview", show_preview, name="editions:preview", methods=["GET"]),
]
