"""What goes over the wire, as JSON Schema: the same schemas are published, and held against what comes in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from wtforms import DateField, FileField, IntegerField, SelectField, SelectMultipleField
from wtforms.fields import Field
from wtforms.validators import Length

from gallery.api.problems import Wrong
from gallery.artists.models import SCOPES, AgreedBy, ConsentState
from gallery.artworks.forms import FIRST_YEAR, WorkForm
from gallery.artworks.models import Status
from gallery.artworks.works import TEXT_FIELDS, Offered
from gallery.images.models import ImageState
from gallery.numbers import LARGEST
from gallery.web.languages import gettext as _
from gallery.web.languages import speaking

Schema = dict[str, Any]

LEFT_OUT = {
    "organisation",
    "picture",
}  # of the form of a work: the token says the one, an upload brings the other
ROWS = {"artist", "consent", "project", "themes"}  # fields that name other things by their numbers
NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": LARGEST}
NO_NUMBER: Schema = {**NUMBER, "type": ["integer", "null"]}
TEXT: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
DAY: Schema = {"type": "string", "format": "date"}
NO_DAY: Schema = {"type": ["string", "null"], "format": "date"}
YES_OR_NO: Schema = {"type": "boolean"}


def record(properties: Mapping[str, Schema], description: str = "") -> Schema:
    """An object that has all of `properties` and no other."""
    told: Schema = {"type": "object", "additionalProperties": False}
    if description:
        told["description"] = description
    return {**told, "required": list(properties), "properties": dict(properties)}


def one_of(values: Any) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def page_of(name: str, schema: Schema) -> Schema:
    following: Schema = {
        "type": ["string", "null"],
        "description": "The address of the next page, if there is one.",
    }
    return record({name: list_of(schema), "next": following})


def field_schema(field: Field) -> Schema:
    """What a field of a form takes in JSON. null empties it."""
    told: Schema
    if field.name in ROWS:
        told = {"type": "array", "items": NUMBER} if field.name == "themes" else dict(NO_NUMBER)
    elif isinstance(field, SelectMultipleField):
        told = {"type": "array", "items": one_of(choice[0] for choice in _choices(field))}
    elif isinstance(field, SelectField):  # radio buttons are one, too
        told = {"type": ["string", "null"], "enum": [*(choice[0] for choice in _choices(field)), None]}
    elif isinstance(field, IntegerField):
        told = {"type": ["integer", "null"], "minimum": FIRST_YEAR, "maximum": 9999}
    elif isinstance(field, DateField):
        told = dict(NO_DAY)
    else:
        told = {"type": ["string", "null"], "maxLength": longest(field)}
    words = [str(field.label.text), str(field.description or "")]
    return {**told, "description": ". ".join(word.rstrip(".") for word in words if word) + "."}


def _choices(field: Field) -> list[tuple[str, str]]:
    return [(str(choice.value), str(choice.label)) for choice in field.iter_choices()]


def longest(field: Field) -> int:
    """The number of characters that a text field takes."""
    return next(int(each.max) for each in field.validators if isinstance(each, Length))


def work_fields() -> dict[str, Schema]:
    """What a work is told in: the fields of its form, as they are declared there."""
    with speaking("en"):
        form = WorkForm(offered=Offered([], [], [], [], []))
        told = {
            field.name: field_schema(field)
            for field in form
            if field.name not in LEFT_OUT and not isinstance(field, FileField)
        }
    told["language"] = {**told["language"], "type": "string", "enum": ["zh", "en"]}
    return told


def work_change() -> Schema:
    about = (
        "Fields of the form of a work. What is left out stays as it is, null empties. A new artist (credit_name), consent "
        "(agreed_by, scopes, starts_on …) or project (project_title …) can be told instead of choosing one by its number."
    )
    return {
        "type": "object",
        "additionalProperties": False,
        "description": about,
        "properties": work_fields(),
    }


def new_work() -> Schema:
    told = work_change()
    title = {**told["properties"]["title"], "type": "string", "minLength": 1}
    return {**told, "required": ["title"], "properties": {**told["properties"], "title": title}}


PICTURE = record(
    {
        "state": one_of(ImageState),
        "width": {"type": ["integer", "null"], "description": "px; null until it could be looked at"},
        "height": {"type": ["integer", "null"], "description": "px"},
        "refusal": {"type": ["string", "null"], "description": "Why it cannot be shown, if it was refused."},
    }
)
WORK_STATE = record(
    {
        "id": NUMBER,
        "public_id": TEXT,
        "status": one_of(Status),
        "updated_at": MOMENT,
        "self": {"type": "string", "description": "The work's address here."},
    }
)
WORK_LINE = record(
    {
        **WORK_STATE["properties"],
        "title": TEXT,
        "language": one_of(["zh", "en"]),
        "artist": NO_NUMBER,
        "is_on_view": YES_OR_NO,
    }
)
WORK = record(
    {
        **WORK_STATE["properties"],
        "language": one_of(["zh", "en"]),
        **dict.fromkeys(TEXT_FIELDS, TEXT),
        "year": {"type": ["integer", "null"]},
        "artist": NO_NUMBER,
        "consent": NO_NUMBER,
        "project": NO_NUMBER,
        "themes": list_of(NUMBER),
        "unfinished": {
            **list_of(TEXT),
            "description": "Fields in which a member typed something at the desk that is not part of the work yet.",
        },
        "picture": {"anyOf": [PICTURE, {"type": "null"}]},
        "is_on_view": YES_OR_NO,
        "pages": {
            "anyOf": [record({"zh": TEXT, "en": TEXT}), {"type": "null"}],
            "description": "Where visitors see it, while it is on view.",
        },
        "created_at": MOMENT,
    }
)
STEP = record(
    {
        "status": {"type": "string", "description": "A status of a work, or hung, or opened."},
        "word": {"type": "string", "description": "The same in the reader's language."},
        "at": MOMENT,
        "reason": {"type": "string", "description": "What a curator wrote, or the title of an exhibition."},
    }
)
PATH = record(
    {
        **WORK_STATE["properties"],
        "who_has_it": {"type": "string", "description": "Who has to do something now, in a sentence."},
        "why": {"type": "string", "description": "Why it stands where it does, in a sentence."},
        "steps": list_of(STEP),
        "notes": {
            **list_of(record({"pointer": TEXT, "detail": TEXT})),
            "description": "What the last review says at single fields.",
        },
    }
)
ARTIST = record({"id": NUMBER, "credit_name": TEXT, "credit_name_translation": TEXT})
CONSENT = record(
    {
        "id": NUMBER,
        "artist": NUMBER,
        "state": one_of(ConsentState),
        "agreed_by": one_of(AgreedBy),
        "scopes": list_of(one_of(SCOPES)),
        "starts_on": DAY,
        "ends_on": NO_DAY,
    }
)
PROJECT = record(
    {"id": NUMBER, "title_zh": TEXT, "title_en": TEXT, "summary_zh": TEXT, "summary_en": TEXT, "link": TEXT}
)
THEME = record(
    {
        "id": NUMBER,
        "slug": TEXT,
        "title_zh": TEXT,
        "title_en": TEXT,
        "occurs_on": NO_DAY,
        "call_opens_on": NO_DAY,
        "call_closes_on": {**NO_DAY, "description": "The last day for this organisation."},
    }
)
ORGANISATION = record(
    {
        "id": NUMBER,
        "slug": TEXT,
        "name_zh": TEXT,
        "name_en": TEXT,
        "token": record({"name": TEXT, "scopes": list_of(TEXT), "expires_at": MOMENT}),
    }
)
PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "errors": list_of(
            {
                "type": "object",
                "required": ["detail"],
                "additionalProperties": False,
                "properties": {
                    "pointer": {"type": "string", "description": "Into the body that was sent (RFC 6901)."},
                    "parameter": {
                        "type": "string",
                        "description": "A parameter of the address, or a header.",
                    },
                    "detail": TEXT,
                },
            }
        ),
    },
}


def schemas() -> dict[str, Schema]:
    """Every schema by its name."""
    return {
        "NewWork": new_work(),
        "WorkChange": work_change(),
        "Work": WORK,
        "WorkState": WORK_STATE,
        "WorkList": page_of("works", WORK_LINE),
        "Path": PATH,
        "ArtistList": page_of("artists", ARTIST),
        "ConsentList": page_of("consents", CONSENT),
        "ProjectList": page_of("projects", PROJECT),
        "ThemeList": record({"themes": list_of(THEME)}),
        "Organisation": ORGANISATION,
        "Problem": PROBLEM,
    }


def faults(value: Any, schema: Schema, pointer: str = "") -> Iterator[Wrong]:
    """What in `value` is not as `schema` says, each with a sentence. It knows the keywords that requests use here."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is(value, kind) for kind in kinds):
        yield Wrong(str(WANTED[kinds[0]]()), pointer)
    elif isinstance(value, dict):
        properties = schema["properties"]
        for name in value:
            if name not in properties:
                yield Wrong(_("There is no such field."), f"{pointer}/{escaped(name)}")
        for name in schema.get("required", ()):
            if name not in value:
                yield Wrong(_("This field is needed."), f"{pointer}/{name}")
        for name, inner in properties.items():
            if name in value:
                yield from faults(value[name], inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from faults(each, schema["items"], f"{pointer}/{number}")
    elif value is not None:
        sentence = _fault_of_one(value, schema)
        if sentence:
            yield Wrong(sentence, pointer)


def _fault_of_one(value: Any, schema: Schema) -> str:
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(str(each) for each in schema["enum"] if each is not None)
        return _("This takes one of: %(allowed)s.") % {"allowed": allowed}
    if isinstance(value, str):
        longest = schema.get("maxLength")
        if longest is not None and len(value) > longest:
            return _("This has %(length)s characters; please keep it to %(longest)s.") % {
                "length": len(value),
                "longest": longest,
            }
        if len(value) < schema.get("minLength", 0):
            return _("This field is needed.")
        if schema.get("format") == "date" and not is_day(value):
            return _("Please write a date, such as 2026-12-22.")
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        told = {"first": schema["minimum"], "last": schema["maximum"]}
        return _("This takes a whole number from %(first)s to %(last)s.") % told
    return ""


WANTED = {
    "object": lambda: _("This takes an object with fields."),
    "array": lambda: _("This takes a list."),
    "string": lambda: _("This takes text."),
    "integer": lambda: _("This takes a whole number."),
}


def _is(value: Any, kind: str) -> bool:
    """Whether a value that JSON told is of a type of JSON Schema."""
    if kind == "integer":
        return (isinstance(value, int) and not isinstance(value, bool)) or (
            isinstance(value, float) and value.is_integer()
        )
    types: dict[str, type] = {"object": dict, "array": list, "string": str, "null": type(None)}
    return isinstance(value, types[kind])


def is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def escaped(name: str) -> str:
    """A name as it stands in a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
