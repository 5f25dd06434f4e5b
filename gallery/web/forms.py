"""The basis of all forms: translations, reading a posted form, common fields and validators."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from wtforms import Form as WTForm
from wtforms import ValidationError
from wtforms.fields import DateTimeLocalField, Field, IntegerField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, StopValidation
from wtforms.widgets import TextInput

from gallery.clock import from_local
from gallery.numbers import MAX_NUMBER, whole_number
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import ngettext, site_languages
from gallery.web.rendering import datetime_local_value
from gallery.web.texts import site_language_name


class _Translations:
    def gettext(self, message: str) -> str:
        return _(message)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return ngettext(singular, plural, number)


class Form(WTForm):
    """The base class of all forms.

    `Form(fields)` for a posted form; `Form(obj=…)` or `Form(data=…)` for a new page.
    """

    class Meta:
        def get_translations(self, form: WTForm) -> _Translations:
            return _Translations()

    def __init__(self, posted: ImmutableMultiDict[str, Any] | None = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)

    def refuse(self, field: str, sentence: str) -> None:
        """Add an error to `field` that was found outside the validators."""
        self[field].errors = [*self[field].errors, sentence]

    def values(self, *names: str) -> Mapping[str, Any]:
        """The data of the named fields."""
        return {name: self[name].data for name in names}


def choices_of(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """The choices of a select field from pairs of value and label."""
    return [SelectChoice(value, words) for value, words in pairs]


def language_choices() -> list[SelectChoice]:
    """The choices of a field for a language of the site."""
    return choices_of((language, site_language_name(language)) for language in site_languages())


def is_valid_choice(value: Any, choices: Iterable[SelectChoice]) -> bool:
    """Whether a value is one of a field's choices."""
    return any(choice.value == value for choice in choices)


SMALL_FORM_BYTES, SMALL_FORM_FIELDS = 64_000, 60
# Large enough for long texts in several languages, and for lists with a checkbox in each row.
DESK_FORM_BYTES, DESK_FORM_FIELDS = 1_000_000, 1000


async def read_small_form(request: Request) -> ImmutableMultiDict[str, Any]:
    """The fields of a form that anybody may send: at most 64 kB, 60 fields, no file. Raises 413 or 400."""
    return await _read_form(request, SMALL_FORM_BYTES, SMALL_FORM_FIELDS)


async def read_desk_form(request: Request) -> ImmutableMultiDict[str, Any]:
    """The fields of a form of the desk: at most 1 MB, 1,000 fields, no file. Raises 413 or 400.

    Forms with a file are read by images/uploads.py.
    """
    return await _read_form(request, DESK_FORM_BYTES, DESK_FORM_FIELDS)


async def _read_form(request: Request, most_bytes: int, most_fields: int) -> ImmutableMultiDict[str, Any]:
    if hasattr(request.state, "fields"):  # require_confirmation already read the form
        fields: ImmutableMultiDict[str, Any] = request.state.fields
        return fields
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise HTTPException(413)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in {"application/x-www-form-urlencoded", ""} and body:
        raise HTTPException(400)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=most_fields)
    except ValueError as error:
        raise HTTPException(400) from error
    fields = request.state.fields = ImmutableMultiDict(pairs)
    return fields


def stripped(text: str | None) -> str:
    """Strip whitespace, and remove NUL, the one character that PostgreSQL does not accept."""
    return (text or "").replace("\0", "").strip()


def text_block(text: str | None) -> str:
    """Normalise a text of several lines:  as line end, no control characters, stripped.
    Characters that override or embed a writing direction are removed, because they could reverse other words
    on the page. The direction of each text is that of its language.
    """
    unified = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", unified).strip()


def one_line(text: str | None) -> str:
    """Normalise a text of one line: single spaces, no control characters, no marks of writing direction."""
    return " ".join(
        re.sub(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", " ", text or "").split()
    )


class LineField(StringField):
    """One line of text of at most `longest` characters."""

    def __init__(self, label: Any, longest: int, validators: list[Any] | None = None, **options: Any) -> None:
        filters = [one_line, *options.pop("filters", ())]
        super().__init__(label, [*(validators or []), max_length(longest)], filters=filters, **options)


class WebAddressField(LineField):
    """An http(s) URL of at most 500 characters; `https://` is added to an address typed without it."""

    def __init__(self, label: Any, validators: list[Any] | None = None, **options: Any) -> None:
        options["render_kw"] = {"inputmode": "url", "placeholder": "https://", **options.get("render_kw", {})}
        super().__init__(label, 500, [*(validators or []), WebAddress()], filters=[with_scheme], **options)


class TextBlockField(TextAreaField):
    """Several lines of text of at most `longest` characters."""

    def __init__(self, label: Any, longest: int, validators: list[Any] | None = None, **options: Any) -> None:
        super().__init__(label, [*(validators or []), max_length(longest)], filters=[text_block], **options)


class WholeNumberField(IntegerField):
    """A whole number of at most `most`, parsed by gallery/numbers.py: digits only, no sign.

    It is a text field, because from a number field a browser sends nothing if it does not understand the text.
    """

    widget = TextInput()

    def __init__(
        self, label: Any, validators: list[Any] | None = None, *, most: int = MAX_NUMBER, **options: Any
    ) -> None:
        options["render_kw"] = {"inputmode": "numeric", **options.get("render_kw", {})}
        super().__init__(label, validators, **options)
        self.most = most

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        self.data = whole_number(valuelist[0], most=self.most)
        if self.data is None:
            raise ValueError(self.invalid_value_message or self.gettext("Not a valid integer value."))


def max_length(longest: int) -> Length:
    class MaxLength(Length):
        def __init__(self, **limits: int) -> None:
            super().__init__(**limits)
            # No `maxlength` attribute: with `maxlength`, a browser would cut off a pasted text silently.
            self.field_flags: dict[str, Any] = {}

        def __call__(self, form: WTForm, field: Field) -> None:
            length = len(field.data or "")
            if length > longest:
                raise ValidationError(
                    _("This has %(length)s characters; please keep it to %(longest)s.")
                    % {"length": length, "longest": longest}
                )

    return MaxLength(max=longest)


class Required(InputRequired):
    """The field must not be blank. `sentence` is a lazy string that says what to write."""

    def __init__(self, sentence: Any) -> None:
        super().__init__()
        self.sentence = sentence

    def __call__(self, form: WTForm, field: Field) -> None:
        if field.data is None or (isinstance(field.data, str) and not field.data.strip()):
            field.errors = []
            raise StopValidation(str(self.sentence))


INVALID_DATE = _l("Please write a date, such as 2026-12-22.")
INVALID_MOMENT = _l("Please give a day and a time that are in the calendar, such as 2026-12-22 09:00.")


class MomentRequired:
    """The moment must not be empty. If the field has an error about an invalid moment, that error is kept."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Any, field: Field) -> None:
        if field.data is None:
            if any(text.strip() for text in field.raw_data or ()):
                raise StopValidation()
            field.errors = []
            raise StopValidation(str(self.sentence))


class MomentField(DateTimeLocalField):
    """A day and a time, typed in the site's time zone; the field's data is a moment in UTC."""

    data: datetime | None

    def __init__(self, label: Any, needed: Any = None, **options: Any) -> None:
        """`needed`: the lazy error message for an empty field; without `needed` the field is optional."""
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        super().__init__(
            label,
            [MomentRequired(needed) if needed else Optional()],
            format=formats,
            invalid_value_message=INVALID_MOMENT,
            **options,
        )

    def _value(self) -> str:
        return " ".join(self.raw_data) if self.raw_data else datetime_local_value(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        typed: datetime | None = self.data
        if valuelist and typed is not None:
            self.data = None
            if not 1900 <= typed.year <= 9000:  # both databases can store these years
                raise ValueError(INVALID_MOMENT)
            self.data = from_local(typed)


class WebAddress:
    """The field is empty or an http(s) URL with a host."""

    def __call__(self, form: WTForm, field: Field) -> None:
        if field.data and not is_web_address(field.data):
            raise ValidationError(_("Please give a full web address that begins with https:// or http://."))


def with_scheme(text: str) -> str:
    """A web address with `https://` before it, if it begins with a host name that has a dot."""
    begins_with_host = re.match(r"[^\s/?#@:]+\.[^\s/?#@:]+(?::[0-9]+)?(?:[/?#]|$)", text)
    return f"https://{text}" if begins_with_host else text


def is_web_address(text: str) -> bool:
    """Whether `text` is an http(s) URL with a host, and without credentials, spaces or invisible characters."""
    try:
        url = urlsplit(text)
        has_valid_port = url.port is None or 0 < url.port < 65536
    except ValueError:
        return False
    return (
        url.scheme in {"http", "https"}
        and bool(url.hostname)
        and "@" not in url.netloc
        and has_valid_port
        and not re.search(r"[\s\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069<>\"\\]", text)
    )


SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Slug:
    """The field holds lower-case Latin letters, digits and single hyphens."""

    def __call__(self, form: WTForm, field: Field) -> None:
        if not SLUG.fullmatch(field.data or ""):
            raise ValidationError(
                _("Please use small Latin letters, digits and hyphens only, such as winter-solstice-2026.")
            )
