"""The editions of an exhibition at the curator's desk: list, comparison, restoration, unpublishing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.functions import Count

from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.artworks.snapshots import diff_passages
from gallery.exhibitions import arrangement_copies, drafts
from gallery.exhibitions.access import load_edition, load_exhibition
from gallery.exhibitions.arrangements import arrangement_of
from gallery.exhibitions.blocks import Block, blocks_of
from gallery.exhibitions.builder import editions_of
from gallery.exhibitions.comparison import Difference, FieldChange, compare
from gallery.exhibitions.credits import Credit, credits_of
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.forms import LAYOUTS, OPENINGS, SENTENCE_CHOICES
from gallery.exhibitions.models import Edition, PublishedEditions, Room
from gallery.exhibitions.room_rules import RoomRule
from gallery.exhibitions.talks import Talk, talks_of
from gallery.numbers import whole_number
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized, ngettext
from gallery.web.rendering import flash, redirect, render, shown_moment
from gallery.web.texts import label_in_language, language_name, split_field_name

DRAFT = "draft"
MAX_NAMED_WORKS = 5  # the most titles in one sentence
LABELS = {
    "title": _l("Title"),
    "introduction": _l("Introduction"),
    "opening": _l("Opening"),
    "closing": _l("Closing words"),
    "opens_at": _l("Opens"),
    "closes_at": _l("Closes"),
    "leaves_when_closed": _l("It leaves the site when it closes"),
    "credits": _l("Credits"),
    "talks": _l("Talks and events"),
    "blocks": _l("Between the works"),
    "text": _l("Wall text"),
    "layout": _l("Layout"),
    "rule": _l("Rule"),
    "caption": _l("Caption"),
    "sentence": _l("Sentence"),
}
LISTS: Mapping[str, Callable[[Any], Sequence[Credit | Talk | Block]]] = {
    "credits": credits_of,
    "talks": talks_of,
    "blocks": blocks_of,
}


@dataclass(frozen=True, slots=True)
class FieldChangeText:
    """A field change as text: long texts have `passages` ("same" | "gone" | "new", text), other values have
    `before` and `after`.
    """

    label: str
    passages: Sequence[tuple[str, str]]
    before: str = ""
    after: str = ""


async def index(request: Request) -> Response:
    """A curator sees the editions, and when and by whom they were published, and chooses two to compare."""
    _person, exhibition = await load_exhibition(request)
    editions = await editions_of(exhibition)
    context = {
        "exhibition": exhibition,
        "draft": await draft_of(exhibition),
        "editions": editions,
        "site": PublishedEditions.of(editions),
        "sizes": await edition_sizes(editions),
    }
    return render(request, "exhibitions/editions.html", context)


async def show_comparison(request: Request) -> Response:
    """A curator compares two editions, or an edition and the draft."""
    _person, exhibition = await load_exhibition(request)
    editions = await editions_of(exhibition)
    draft = await draft_of(exhibition)
    query = request.query_params
    before = _find_edition(query.get("before", ""), editions, draft)
    after = _find_edition(query.get("after", DRAFT), editions, draft)
    difference = compare(await arrangement_of(before), await arrangement_of(after))
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "editions": editions,
        "before": before,
        "after": after,
        **await comparison_context(difference),
    }
    return render(request, "exhibitions/comparison.html", context)


async def new_restoration(request: Request) -> Response:
    """A curator sees what restoring an edition would change, and which works may no longer hang."""
    _person, exhibition, edition = await load_edition(request)
    draft = await draft_of(exhibition)
    arrangement, missing = await arrangement_copies.restorable_arrangement(edition)
    context = {
        "exhibition": exhibition,
        "draft": draft,
        "edition": edition,
        "stays_away": missing_works_message(missing) if missing else "",
        **await comparison_context(compare(await arrangement_of(draft), arrangement)),
    }
    return render(request, "exhibitions/restoration.html", context)


async def create_restoration(request: Request) -> Response:
    """A curator restores an edition as the draft. Visitors see it when it is published."""
    person, exhibition, edition = await load_edition(request)
    missing = await arrangement_copies.restore(edition, person)
    response = redirect(request, "exhibitions:show", id=exhibition.id)
    sentence = _("The draft now matches edition %(number)s. Visitors see it when you publish it.")
    sentences = [
        sentence % {"number": edition.number},
        *([missing_works_message(missing)] if missing else []),
    ]
    flash(request, response, " ".join(sentences), "hint" if missing else "done")
    return response


async def unpublish(request: Request) -> Response:
    """A curator takes an exhibition off the site. Its draft and its editions remain."""
    person, exhibition = await load_exhibition(request)
    response = redirect(request, "editions:index", id=exhibition.id)
    if await drafts.unpublish(exhibition, person):
        flash(request, response, _("Visitors no longer see this exhibition."))
    else:
        flash(request, response, _("This exhibition was not public."), "hint")
    return response


async def cancel_planned(request: Request) -> Response:
    """A curator cancels an edition that would open later. The edition that visitors see stays."""
    person, exhibition = await load_exhibition(request)
    response = redirect(request, "editions:index", id=exhibition.id)
    if await drafts.cancel_planned(exhibition, person):
        flash(request, response, _("The planned edition is cancelled. What visitors see stays."))
    else:
        flash(request, response, _("No edition is planned: it was cancelled or has opened."), "hint")
    return response


def missing_works_message(works: Sequence[Artwork]) -> str:
    """A sentence with the works that may no longer hang, and why."""
    names = []
    for work in works[:MAX_NAMED_WORKS]:
        hindrance = work.hindrance()
        words = {
            "title": work.localized("title").text or _("Untitled"),
            "why": hindrance.label if hindrance else "",
        }
        names.append(_("“%(title)s” (%(why)s)") % words)
    more = len(works) - len(names)
    if more:
        names.append(ngettext("%(count)s more", "%(count)s more", more) % {"count": more})
    sentence = ngettext(
        "One work can no longer be shown and was not restored: %(names)s.",
        "%(count)s works can no longer be shown and were not restored: %(names)s.",
        len(works),
    )
    return sentence % {"count": len(works), "names": _(", ").join(names)}


async def edition_sizes(editions: Sequence[Edition]) -> dict[int, tuple[int, int]]:
    """The numbers of rooms and works of each edition, by its id; one query."""
    rows = (
        await Room.filter(edition_id__in=[edition.id for edition in editions] or [0])
        .annotate(rooms=Count("id", distinct=True), works=Count("hangings", distinct=True))
        .group_by("edition_id")
        .order_by("edition_id")
        .values_list("edition_id", "rooms", "works")
    )
    return {edition_id: (rooms, works) for edition_id, rooms, works in rows}


async def comparison_context(difference: Difference) -> dict[str, Any]:
    """The template context for a difference: its changes as text, and its works by id."""
    names = await _names_in_rules(difference)
    works = await Artwork.filter(id__in=difference.work_ids or [0])
    await load_as_sent(works)
    return {
        "difference": difference,
        "fields": _field_change_texts(difference.fields, names),
        "room_fields": [_field_change_texts(room.fields, names) for room in difference.rooms],
        "captions": {
            caption.artwork_id: _field_change_texts(caption.fields, names)
            for room in difference.rooms
            for caption in room.captions
        },
        "works": {work.id: work for work in works},
    }


def _find_edition(name: str, editions: Collection[Edition], draft: Edition) -> Edition:
    """The edition with this number, or the draft; 404 if there is none."""
    if name == DRAFT:
        return draft
    number = whole_number(name) or 0
    for edition in editions:
        if number and edition.number == number:
            return edition
    raise HTTPException(404)


def _entries_as_text(name: str, entries: Any) -> str:
    """The credits, talks or blocks as text, one entry after the other."""
    return "\n".join(entry.line() for entry in LISTS[name](entries))


def _field_change_texts(changes: Sequence[FieldChange], names: Mapping[str, str]) -> list[FieldChangeText]:
    return [
        FieldChangeText(
            _label_of(change.name),
            diff_passages(
                _entries_as_text(change.name, change.before), _entries_as_text(change.name, change.after)
            ),
        )
        if change.name in LISTS
        else FieldChangeText(_label_of(change.name), diff_passages(change.before, change.after))
        if split_field_name(change.name)[0] in ("introduction", "closing", "text")
        and change.before
        and change.after
        else FieldChangeText(
            _label_of(change.name),
            (),
            _value_as_text(change.name, change.before, names),
            _value_as_text(change.name, change.after, names),
        )
        for change in changes
    ]


def _label_of(field: str) -> str:
    """The label of a field; of a text with its language, such as “Title (Tibetan)”."""
    name, language = split_field_name(field)
    if not language:
        return str(LABELS[name])
    return label_in_language(LABELS[name], language)


def _value_as_text(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, datetime):
        return shown_moment(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "layout":
        return str(dict(LAYOUTS)[value])
    if name == "opening":
        return str(dict(OPENINGS)[value])
    if split_field_name(name)[0] == "sentence":
        return str(SENTENCE_CHOICES.get(value or "", value))
    if name == "rule":
        return _rule_as_text(value, names) if value is not None else _("By hand")
    return str(value or "")


def _rule_as_text(rule: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return " · ".join(
        language_name(value) if name == "language" else names.get(f"{name}:{value}", str(value))
        for name, value in RoomRule(**rule).to_json().items()
    )


async def _names_in_rules(difference: Difference) -> dict[str, str]:
    """The names of themes and organisations in changed rules, by keys such as `theme:1`.

    Runs no query if no rule changed.
    """
    rules = [
        rule
        for room in difference.rooms
        for change in room.fields
        if change.name == "rule"
        for rule in (change.before, change.after)
        if rule
    ]
    names: dict[str, str] = {}
    for name, model, field in (("theme", Theme, "title"), ("organisation", Organisation, "name")):
        if ids := {rule[name] for rule in rules if name in rule}:
            records: Sequence[Any] = await model.filter(id__in=ids)
            names |= {f"{name}:{record.id}": localized(record, field).text for record in records}
    return names


routes = [
    Route("/desk/exhibitions/{id:int}/editions", index, name="editions:index", methods=["GET"]),
    Route("/desk/exhibitions/{id:int}/comparison", show_comparison, name="comparisons:show", methods=["GET"]),
    Route(
        "/desk/exhibitions/{id:int}/editions/{number:int}/restoration",
        new_restoration,
        name="restorations:new",
        methods=["GET"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/editions/{number:int}/restoration",
        create_restoration,
        name="restorations:create",
        methods=["POST"],
    ),
    Route(
        "/desk/exhibitions/{id:int}/cancellation", cancel_planned, name="editions:cancel", methods=["POST"]
    ),
    Route("/desk/exhibitions/{id:int}/unpublishing", unpublish, name="editions:unpublish", methods=["POST"]),
]
