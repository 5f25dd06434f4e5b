"""The JSON Schemas of the API: published in the OpenAPI document, and used to validate requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from wtforms import DateField, FileField, SelectField, SelectMultipleField
from wtforms.fields import Field
from wtforms.validators import Length

from gallery.api.problems import FieldError
from gallery.artists.models import SCOPES, AgreedBy, ConsentState
from gallery.artworks.dates import FIRST_YEAR
from gallery.artworks.forms import work_form
from gallery.artworks.models import Status
from gallery.artworks.works import (
    PICTURE_TEXTS,
    TEXT_FIELDS,
    TRANSLATED_FIELDS,
    WorkOptions,
    is_text_field,
)
from gallery.images.models import ImageState
from gallery.numbers import MAX_NUMBER
from gallery.sounds.models import SoundState
from gallery.web.forms import INVALID_DATE
from gallery.web.languages import gettext as _
from gallery.web.languages import use_language
from gallery.web.texts import MAX_TAG_LENGTH

Schema = dict[str, Any]

# Form fields that the API lacks: the token determines the organisation; the picture is sent by tus upload.
# The texts of translations are in `texts`.
OMITTED_FIELDS = {"organisation", "picture", "language_other", "add_language", "add_language_other"}
ID_FIELDS = {"artist", "consent", "project", "themes"}  # fields that refer to rows by id
NUMBER: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}
OPTIONAL_NUMBER: Schema = {**NUMBER, "type": ["integer", "null"]}
TEXT: Schema = {"type": "string"}
LENGTH: Schema = {"type": "integer", "minimum": 1, "description": "mm"}
DATE_TIME: Schema = {"type": "string", "format": "date-time"}
DATE: Schema = {"type": "string", "format": "date"}
OPTIONAL_DATE: Schema = {"type": ["string", "null"], "format": "date"}
BOOLEAN: Schema = {"type": "boolean"}


def object_schema(properties: Mapping[str, Schema]) -> Schema:
    """The schema of an object with exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": dict(properties),
    }


def enum_schema(values: Any) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


def array_schema(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def page_schema(name: str, schema: Schema) -> Schema:
    following: Schema = {
        "type": ["string", "null"],
        "description": "The address of the next page, if there is one.",
    }
    return object_schema({name: array_schema(schema), "next": following})


LANGUAGE: Schema = {
    "type": "string",
    "maxLength": MAX_TAG_LENGTH,
    "description": "The language of the artist's own words, as a BCP 47 tag such as zh, bo, ug or es.",
}
OTHER_TRANSLATION: Schema = {
    "deprecated": True,
    "description": "One translation: into the site's first language that is not the work's. Please use texts.",
}


def field_schema(field: Field) -> Schema:
    """The schema of a form field in JSON; null empties the field."""
    schema: Schema
    if field.name in ID_FIELDS:
        schema = {"type": "array", "items": NUMBER} if field.name == "themes" else dict(OPTIONAL_NUMBER)
    elif isinstance(field, SelectMultipleField):
        schema = {"type": "array", "items": enum_schema(choice[0] for choice in _choices(field))}
    elif isinstance(field, SelectField):  # also RadioField, a subclass
        schema = {"type": ["string", "null"], "enum": [*(choice[0] for choice in _choices(field)), None]}
    elif isinstance(field, DateField):
        schema = dict(OPTIONAL_DATE)
    else:
        schema = {"type": ["string", "null"], "maxLength": max_length(field)}
    words = [str(field.label.text), str(field.description or "")]
    return {**schema, "description": ". ".join(word.rstrip(".") for word in words if word) + "."}


def _choices(field: Field) -> list[tuple[str, str]]:
    return [(str(choice.value), str(choice.label)) for choice in field.iter_choices()]


def max_length(field: Field) -> int:
    """The maximum length of a form field, in characters."""
    return next(int(each.max) for each in field.validators if isinstance(each, Length))


def work_field_schemas() -> dict[str, Schema]:
    """The schemas of the fields of a work's form, by field name."""
    with use_language("en"):
        form = work_form(offered=WorkOptions([], [], [], [], []))
        schemas = {
            field.name: field_schema(field)
            for field in form
            if field.name not in OMITTED_FIELDS
            and not isinstance(field, FileField)
            and (field.name in TEXT_FIELDS or not is_text_field(field.name))
        }
    schemas["language"] = LANGUAGE
    words = {name: {key: schemas[name][key] for key in ("type", "maxLength")} for name in TRANSLATED_FIELDS}
    for name in TRANSLATED_FIELDS:
        schemas[f"{name}_translation"] = {**words[name], **OTHER_TRANSLATION}
    schemas["texts"] = {
        **object_schema(
            {name: {"type": "object", "additionalProperties": words[name]} for name in TRANSLATED_FIELDS}
        ),
        "required": [],
        "description": (
            "The texts in every language: field, language tag, words. What is left out stays as it is, null empties."
        ),
    }
    schemas["year"] = {
        "type": ["integer", "null"],
        "minimum": FIRST_YEAR,
        "maximum": 9999,
        "description": "The same as date_made with a year alone; date_made counts if both are sent.",
    }
    return schemas


def work_change_schema() -> Schema:
    about = (
        "Fields of the form of a work. What is left out stays as it is, null empties. A new artist (credit_name), consent "
        "(agreed_by, scopes, starts_on …) or project (project_title …) can be told instead of choosing one by its number. "
        "What the organisation has under the same name and the same terms is taken, not made again."
    )
    return {
        "type": "object",
        "additionalProperties": False,
        "description": about,
        "properties": work_field_schemas(),
    }


def new_work_schema() -> Schema:
    schema = work_change_schema()
    title = {**schema["properties"]["title"], "type": "string", "minLength": 1}
    return {**schema, "required": ["title"], "properties": {**schema["properties"], "title": title}}


def picture_change_schema() -> Schema:
    fields = work_field_schemas()
    words = {name: {key: fields[name][key] for key in ("type", "maxLength")} for name in PICTURE_TEXTS}
    return {
        "type": "object",
        "additionalProperties": False,
        "description": "The words of one picture by language tag. A text that is sent replaces it in all languages.",
        "properties": {
            name: {"type": "object", "additionalProperties": words[name]} for name in PICTURE_TEXTS
        },
    }


def picture_order_schema() -> Schema:
    every = {
        **array_schema(NUMBER),
        "description": "The id of every picture of the work, the first one first.",
    }
    return object_schema({"order": every})


PICTURE = object_schema(
    {
        "state": enum_schema(ImageState),
        "width": {"type": ["integer", "null"], "description": "px; null until it could be looked at"},
        "height": {"type": ["integer", "null"], "description": "px"},
        "refusal": {"type": ["string", "null"], "description": "Why it cannot be shown, if it was refused."},
    }
)
VOICE = object_schema(
    {
        "state": enum_schema(SoundState),
        "seconds": {"type": ["integer", "null"], "description": "null until it could be listened to"},
        "refusal": {"type": ["string", "null"], "description": "Why it cannot be heard, if it was refused."},
    }
)
TEXTS: Schema = {
    "type": "object",
    "description": "Words by language tag (BCP 47).",
    "additionalProperties": TEXT,
}
NUMBERED_PICTURE = object_schema(
    {
        "id": {
            **NUMBER,
            "description": "Names the picture at every place. Turning or cropping it gives it another.",
        },
        **PICTURE["properties"],
        "alt_text": TEXTS,
        "caption": TEXTS,
    }
)
WORK_STATE = object_schema(
    {
        "id": NUMBER,
        "public_id": TEXT,
        "status": enum_schema(Status),
        "updated_at": DATE_TIME,
        "self": {"type": "string", "description": "The work's address here."},
    }
)
WORK_SUMMARY = object_schema(
    {
        **WORK_STATE["properties"],
        "title": TEXT,
        "language": LANGUAGE,
        "artist": OPTIONAL_NUMBER,
        "is_on_view": BOOLEAN,
    }
)
WORK = object_schema(
    {
        **WORK_STATE["properties"],
        "language": LANGUAGE,
        **dict.fromkeys(TEXT_FIELDS, TEXT),
        **{f"{name}_translation": {**TEXT, **OTHER_TRANSLATION} for name in TRANSLATED_FIELDS},
        "texts": {
            **object_schema(
                {name: {"type": "object", "additionalProperties": TEXT} for name in TRANSLATED_FIELDS},
            ),
            "description": "The texts in every language: field, language tag, words.",
        },
        "size_mm": {
            "anyOf": [
                object_schema(
                    {
                        "height": LENGTH,
                        "width": LENGTH,
                        "depth": {**LENGTH, "type": ["integer", "null"]},
                    }
                ),
                {"type": "null"},
            ],
            "description": "What size says, in millimetres. A named sheet of paper lies as the picture does.",
        },
        "edtf": {
            "type": ["string", "null"],
            "description": "What date_made says, in the Extended Date/Time Format of ISO 8601-2.",
        },
        "year": {
            "type": ["integer", "null"],
            "description": "The year of date_made, or the first of several.",
        },
        "inventory_number": {"type": ["string", "null"]},
        "artist": OPTIONAL_NUMBER,
        "consent": OPTIONAL_NUMBER,
        "project": OPTIONAL_NUMBER,
        "themes": array_schema(NUMBER),
        "unfinished": {
            **array_schema(TEXT),
            "description": "Fields in which a member typed something at the desk that is not part of the work yet.",
        },
        "picture": {"anyOf": [PICTURE, {"type": "null"}]},
        "pictures": {
            **array_schema(NUMBERED_PICTURE),
            "description": "All pictures in their order. The first one is picture; alt_text and caption are its texts.",
        },
        "voice": {"anyOf": [VOICE, {"type": "null"}]},
        "is_on_view": BOOLEAN,
        "pages": {
            "anyOf": [{"type": "object", "additionalProperties": TEXT}, {"type": "null"}],
            "description": "Language → where visitors see it, while it is on view.",
        },
        "created_at": DATE_TIME,
    }
)
STEP = object_schema(
    {
        "status": {"type": "string", "description": "A status of a work, or hung, or opened."},
        "word": {"type": "string", "description": "The same in the reader's language."},
        "at": DATE_TIME,
        "reason": {"type": "string", "description": "What a curator wrote, or the title of an exhibition."},
    }
)
PATH = object_schema(
    {
        **WORK_STATE["properties"],
        "who_has_it": {"type": "string", "description": "Who has to do something now, in a sentence."},
        "why": {"type": "string", "description": "Why it stands where it does, in a sentence."},
        "steps": array_schema(STEP),
        "notes": {
            **array_schema(object_schema({"pointer": TEXT, "detail": TEXT})),
            "description": "What the last review says at single fields.",
        },
    }
)
ARTIST = object_schema({"id": NUMBER, "credit_name": TEXT, "credit_translations": TEXTS})
CONSENT = object_schema(
    {
        "id": NUMBER,
        "artist": NUMBER,
        "state": enum_schema(ConsentState),
        "agreed_by": enum_schema(AgreedBy),
        "scopes": array_schema(enum_schema(SCOPES)),
        "starts_on": DATE,
        "ends_on": OPTIONAL_DATE,
    }
)
PROJECT = object_schema({"id": NUMBER, "title": TEXTS, "summary": TEXTS, "link": TEXT})
THEME = object_schema(
    {
        "id": NUMBER,
        "slug": TEXT,
        "title": TEXTS,
        "occurs_on": OPTIONAL_DATE,
        "call_opens_on": OPTIONAL_DATE,
        "call_closes_on": {**OPTIONAL_DATE, "description": "The last day for this organisation."},
    }
)
ORGANISATION = object_schema(
    {
        "id": NUMBER,
        "slug": TEXT,
        "name": TEXTS,
        "token": object_schema({"name": TEXT, "scopes": array_schema(TEXT), "expires_at": DATE_TIME}),
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
        "errors": array_schema(
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
    return {
        "NewWork": new_work_schema(),
        "WorkChange": work_change_schema(),
        "PictureChange": picture_change_schema(),
        "PictureOrder": picture_order_schema(),
        "Work": WORK,
        "WorkState": WORK_STATE,
        "WorkList": page_schema("works", WORK_SUMMARY),
        "Path": PATH,
        "ArtistList": page_schema("artists", ARTIST),
        "ConsentList": page_schema("consents", CONSENT),
        "ProjectList": page_schema("projects", PROJECT),
        "ThemeList": object_schema({"themes": array_schema(THEME)}),
        "Organisation": ORGANISATION,
        "Problem": PROBLEM,
    }


def validation_errors(value: Any, schema: Schema, pointer: str = "") -> Iterator[FieldError]:
    """Errors of `value` against `schema`. Supports only the keywords that our request schemas use."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(_is_of_type(value, kind) for kind in kinds):
        yield FieldError(str(TYPE_SENTENCES[kinds[0]]()), pointer)
    elif isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema["additionalProperties"]  # a schema, or False
        for name in value:
            if name not in properties and others:
                yield from validation_errors(value[name], others, f"{pointer}/{escape_pointer(name)}")
            elif name not in properties:
                yield FieldError(_("There is no such field."), f"{pointer}/{escape_pointer(name)}")
        for name in schema.get("required", ()):
            if name not in value:
                yield FieldError(_("This field is required."), f"{pointer}/{name}")
        for name, inner in properties.items():
            if name in value:
                yield from validation_errors(value[name], inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from validation_errors(each, schema["items"], f"{pointer}/{number}")
    elif value is not None:
        sentence = _scalar_error(value, schema)
        if sentence:
            yield FieldError(sentence, pointer)


def _scalar_error(value: Any, schema: Schema) -> str:
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(str(each) for each in schema["enum"] if each is not None)
        return _("This takes one of: %(allowed)s.") % {"allowed": allowed}
    if isinstance(value, str):
        limit = schema.get("maxLength")
        if limit is not None and len(value) > limit:
            return _("This has %(length)s characters; please keep it to %(longest)s.") % {
                "length": len(value),
                "longest": limit,
            }
        if len(value) < schema.get("minLength", 0):
            return _("This field is required.")
        if schema.get("format") == "date" and not is_day(value):
            return str(INVALID_DATE)
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        limits = {"first": schema["minimum"], "last": schema["maximum"]}
        return _("This takes a whole number from %(first)s to %(last)s.") % limits
    return ""


TYPE_SENTENCES = {
    "object": lambda: _("This takes an object with fields."),
    "array": lambda: _("This takes a list."),
    "string": lambda: _("This takes text."),
    "integer": lambda: _("This takes a whole number."),
}


def _is_of_type(value: Any, kind: str) -> bool:
    """Whether a parsed JSON value has a type of JSON Schema."""
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


def escape_pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
