"""The forms of the exhibition builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from markupsafe import Markup
from wtforms import ValidationError
from wtforms.fields import BooleanField, Field, SelectField, StringField
from wtforms.validators import Optional
from wtforms.widgets import Select

from gallery.artworks.sentences import NO_SENTENCE
from gallery.exhibitions.blocks import (
    BLOCK_FIELDS,
    EMPTY_FIELDS,
    FIELDS_OF,
    FILM_HOSTS,
    REGION,
    BlockKind,
    HungLabels,
    Side,
    film_host,
)
from gallery.exhibitions.credits import CREDIT_FIELDS, HEADINGS
from gallery.exhibitions.models import Layout, Opening, Room
from gallery.exhibitions.room_rules import RoomRule
from gallery.exhibitions.talks import TALK_FIELDS, TIME_FIELDS
from gallery.numbers import whole_number
from gallery.web.forms import (
    Form,
    LineField,
    MomentField,
    Required,
    Slug,
    TextBlockField,
    WebAddressField,
    WholeNumberField,
    choices_of,
    is_valid_choice,
    one_line,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import LIKELY_LANGUAGES, by_language, field_name, split_field_name
from gallery.web.texts_form import TextsForm

# The builder's forms are autosaved, so this message mentions no button.
THERE_ARE_FIELDS = _l("There are fields for %(language)s now.")


def as_typed(form: TextsForm, values: Mapping[str, Any]) -> dict[str, Any]:
    """The posted `values` with texts by language, such as `title[bo]`; fields that were not sent are left out."""
    typed = by_language(values, form.languages)
    return {
        name: value
        for name, value in typed.items()
        if value or not split_field_name(name)[1] or form[name].raw_data
    }


class TitledForm(TextsForm):
    texts: ClassVar[Mapping[str, Any]] = {"title": _l("Please give a title in at least one language.")}

    title = LineField(_l("Title"), 120)


class ThemedForm(TitledForm):
    """A form that offers a choice of `themes` (id and title)."""

    theme: Any

    def __init__(self, posted: Any = None, *, themes: list[tuple[str, str]], **initial: Any) -> None:
        super().__init__(posted, **initial)
        self["theme"].choices = choices_of([("", "—"), *themes])

    def validate_theme(self, field: Field) -> None:
        if not is_valid_choice(field.data, field.choices):
            raise ValidationError(_("This theme no longer exists. Please choose another."))


LAYOUTS = [
    (Layout.WALL.value, _l("Wall: all works at once")),
    (Layout.STORIES.value, _l("Stories: one work after the other, each with its story")),
    (Layout.TIMELINE.value, _l("Timeline: by year, the earliest first")),
]
OPENINGS = [
    ("", _l("By the shape of its first work")),
    (Opening.BESIDE.value, _l("The first work with the title next to it")),
    (Opening.FULL.value, _l("The first work over the whole width")),
    (Opening.DETAIL.value, _l("A detail of the first work over the whole width, then the work")),
]
SENTENCE_CHOICES = {"": _l("Chosen by the gallery"), NO_SENTENCE: _l("No sentence")}
BY_HAND, BY_RULE = "hand", "rule"
CHOICE_GONE = _l("This option is no longer available. Please choose another.")


OPTION = Markup('<option%s value="%s">%s</option>')


class QuickSelect(Select):
    """A select field that renders much faster than WTForms' own, because lists of organisations are long."""

    @classmethod
    def render_option(cls, choice: Any, **_attributes: Any) -> Markup:
        return OPTION % (Markup(" selected") if choice.selected else "", choice.value, str(choice.label))


class ChoiceField(SelectField):
    """A select field whose choices are given when the form is created."""

    widget = QuickSelect()

    def __init__(self, label: Any, choices: Any = (), **options: Any) -> None:
        super().__init__(label, choices=choices_of(choices), validate_choice=False, **options)

    def pre_validate(self, form: Any) -> None:
        if not is_valid_choice(self.data, self.choices):
            raise ValidationError(str(CHOICE_GONE))


class ExhibitionForm(ThemedForm):
    """A new exhibition."""

    slug = LineField(
        _l("Name in the address"),
        60,
        [Required(_l("Please give a short name for the address.")), Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens, such as winter-solstice-2026. It stays as it is."
        ),
    )
    theme = SelectField(
        _l("Theme"), validate_choice=False, description=_l("Gives the exhibition its accent colour.")
    )


class EditionForm(ThemedForm):
    """The draft of an exhibition."""

    added_sentence = THERE_ARE_FIELDS
    texts: ClassVar[Mapping[str, Any]] = {**TitledForm.texts, "introduction": "", "closing": ""}

    introduction = TextBlockField(_l("Introduction"), 8000, description=_l("In Markdown."))
    closing = TextBlockField(
        _l("Closing words"),
        1000,
        description=_l("At the end, above the projects. The first paragraph is large."),
    )
    opening = ChoiceField(_l("Opening"), OPENINGS, default="")
    opens_at = MomentField(_l("Opens"))
    closes_at = MomentField(_l("Closes"), description=_l("If empty: it stays open."))
    leaves_when_closed = BooleanField(
        _l("It leaves the site when it closes"),
        description=_l("Otherwise it stays among the past exhibitions, and its works stay on view."),
    )
    theme = SelectField(
        _l("Theme"),
        validate_choice=False,
        description=_l("Gives the exhibition its accent colour. Visitors see a new theme at once."),
    )

    def validate_closes_at(self, field: Field) -> None:
        opens_at: datetime | None = self["opens_at"].data
        if opens_at is not None and field.data is not None and field.data <= opens_at:
            raise ValidationError(_("The exhibition closes before it opens. Please give a later moment."))


class RoomForm(TitledForm):
    """A room: texts, layout, and whether its works are hung by hand or by a rule."""

    added_sentence = THERE_ARE_FIELDS
    texts: ClassVar[Mapping[str, Any]] = {**TitledForm.texts, "text": ""}

    text = TextBlockField(_l("Wall text"), 8000, description=_l("In Markdown."))
    layout = ChoiceField(_l("Layout"), LAYOUTS, default=Layout.WALL.value)
    filled = ChoiceField(
        _l("Filled"),
        [(BY_HAND, _l("By hand")), (BY_RULE, _l("By a rule, the newest works first"))],
        default=BY_HAND,
        description=_l(
            "A rule is applied when you publish, and its works are fixed in the edition; works hung by hand "
            "come first."
        ),
    )
    rule_theme = ChoiceField(_l("Theme"), default="")
    rule_organisation = ChoiceField(_l("Organisation"), default="")
    rule_medium = LineField(
        _l("Medium"), 60, description=_l("A word of it, in either language, such as watercolour.")
    )
    rule_year = WholeNumberField(_l("Year"), [Optional()])
    rule_language = ChoiceField(
        _l("Language of the story"), [("", "—"), *LIKELY_LANGUAGES.items()], default=""
    )

    def __init__(
        self,
        posted: Any = None,
        *,
        themes: Sequence[tuple[str, str]] = (),
        organisations: Sequence[tuple[str, str]] = (),
        **initial: Any,
    ) -> None:
        super().__init__(posted, **initial)
        self["rule_theme"].choices = choices_of([("", "—"), *themes])
        self["rule_organisation"].choices = choices_of([("", "—"), *organisations])

    @classmethod
    def of(cls, room: Room, **options: Any) -> RoomForm:
        """The form filled with the values of a room."""
        initial: dict[str, Any] = {"filled": BY_HAND if room.rule is None else BY_RULE}
        for name, value in (room.rule or {}).items():
            initial[f"rule_{name}"] = str(value) if name in {"theme", "organisation"} else value
        return cls(obj=room, data=initial, **options)

    def rule(self) -> RoomRule | None:
        """The room's rule; None if its works are hung by hand."""
        if self["filled"].data != BY_RULE:
            return None
        theme, organisation = self["rule_theme"].data, self["rule_organisation"].data
        return RoomRule(
            theme=whole_number(theme),
            organisation=whole_number(organisation),
            medium=self["rule_medium"].data,
            year=self["rule_year"].data,
            language=self["rule_language"].data,
        )

    def room_values(self) -> dict[str, Any]:
        """The fields of the room, from a valid form."""
        rule = self.rule()
        return {
            **self.values(*self.texts),
            "layout": Layout(self["layout"].data),
            "rule": rule.to_json() if rule else None,
        }

    def validate_rule_year(self, field: Field) -> None:
        if field.data is not None and not 1900 <= field.data <= 2200:
            raise ValidationError(
                _("Please give a year from %(first)s to %(last)s.") % {"first": 1900, "last": 2200}
            )

    def validate_filled(self, field: Field) -> None:
        if field.data == BY_RULE and not any(
            self[name].data
            for name in ("rule_theme", "rule_organisation", "rule_medium", "rule_year", "rule_language")
        ):
            raise ValidationError(
                _("Please say at least one thing that the works of the rule have in common.")
            )


class CaptionForm(TextsForm):
    """A caption for a work in one room only."""

    added_sentence = THERE_ARE_FIELDS
    texts: ClassVar[Mapping[str, Any]] = {"caption": ""}

    caption = LineField(_l("Caption"), 300)


class CreditForm(TextsForm):
    """A person or firm that an exhibition thanks."""

    texts: ClassVar[Mapping[str, Any]] = {"name": _l("Please give a name in at least one language.")}

    kind = ChoiceField(_l("As"), [(kind.value, heading) for kind, heading in HEADINGS.items()])
    name = LineField(_l("Name of the person or firm"), 120)
    link = WebAddressField(_l("Link"), description=_l("To their own page."))

    def entry_values(self) -> dict[str, Any]:
        """The values of CREDIT_FIELDS, from a valid form."""
        return dict(self.values(*CREDIT_FIELDS))


MAX_TALK_LENGTH = timedelta(days=31)


class TalkForm(TitledForm):
    """A talk or an event of an exhibition."""

    texts: ClassVar[Mapping[str, Any]] = {**TitledForm.texts, "text": "", "place": ""}

    text = TextBlockField(_l("About the talk"), 3000, description=_l("In Markdown."))
    starts_at = MomentField(_l("Begins"), _l("Please say when it begins."))
    ends_at = MomentField(_l("Ends"), _l("Please say when it ends."))
    place = LineField(_l("Venue"), 200)
    link = WebAddressField(_l("Link to the stream"))

    def validate_ends_at(self, field: Field) -> None:
        begins: datetime | None = self["starts_at"].data
        if begins is not None and field.data <= begins:
            raise ValidationError(_("It ends before it begins. Please give a later moment."))
        if begins is not None and field.data - begins > MAX_TALK_LENGTH:
            raise ValidationError(_("It lasts longer than a month. Please check the two dates."))

    def validate_link(self, field: Field) -> None:
        if not (field.data or self.text_of("place")):
            raise ValidationError(_("Please say where: a place, or a link to the stream."))

    def entry_values(self) -> dict[str, Any]:
        """The values of TALK_FIELDS, from a valid form; times as an edition stores them."""
        moments = {name: self[name].data.astimezone(UTC).isoformat() for name in TIME_FIELDS}
        return {**self.values(*TALK_FIELDS), **moments}


class HungWorkField(StringField):
    """A work that hangs in the draft, typed as its label, such as `1.3 Dumplings`; `data` is its id, 0 if empty."""

    works: HungLabels

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else self.works.of(self.data)

    def process_data(self, value: Any) -> None:
        self.data = value or 0

    def process_formdata(self, valuelist: Any) -> None:
        typed = one_line(valuelist[0]) if valuelist else ""
        self.data = self.works.find(typed) if typed else 0
        if self.data is None:
            raise ValueError(str(NOT_HUNG))

    def pre_validate(self, form: Any) -> None:
        if self.data and not self.works.of(self.data):
            raise ValidationError(str(NOT_HUNG))


NOT_HUNG = _l("No work of the draft has this number. Please choose one from the list.")
INVALID_PER_CENT = _l("Please write a whole number of per cent, such as 25.")


class BlockForm(TextsForm):
    """Something between the works: a text, a sentence, a work, a pair, a detail or a film. See blocks.py."""

    texts: ClassVar[Mapping[str, Any]] = {"text": ""}

    kind = ChoiceField(_l("Kind"), [(kind.value, kind.label) for kind in BlockKind])
    place = HungWorkField(
        _l("Next to the work"),
        description=_l("Its room and place, such as 1.3; or choose it from the list."),
        render_kw={"list": "hung-works", "autocomplete": "off"},
    )
    side = ChoiceField(
        _l("Where"), [(Side.AFTER.value, _l("After it")), (Side.BEFORE.value, _l("Before it"))]
    )
    text = TextBlockField(
        _l("Its words"),
        3000,
        description=_l(
            "In Markdown: # makes a heading, - a list, > a quotation. Of a detail: what can be seen there. Of a film: "
            "its title."
        ),
    )
    work = HungWorkField(_l("Work that it shows"), render_kw={"list": "hung-works", "autocomplete": "off"})
    second = HungWorkField(
        _l("Second work of a pair"), render_kw={"list": "hung-works", "autocomplete": "off"}
    )
    left = WholeNumberField(
        _l("Detail: from the left, in per cent"),
        [Optional()],
        most=99,
        invalid_value_message=INVALID_PER_CENT,
    )
    top = WholeNumberField(_l("From above"), [Optional()], most=99, invalid_value_message=INVALID_PER_CENT)
    width = WholeNumberField(_l("Width"), [Optional()], most=100, invalid_value_message=INVALID_PER_CENT)
    height = WholeNumberField(_l("Height"), [Optional()], most=100, invalid_value_message=INVALID_PER_CENT)
    link = WebAddressField(
        _l("Address of the film"),
        description=_l("At Bilibili, Tencent Video, Youku, YouTube or Vimeo. It opens there."),
    )
    on_accent = BooleanField(_l("On a surface in the theme's colour"))

    def __init__(self, posted: Any = None, *, works: HungLabels, **initial: Any) -> None:
        # WTForms reads the fields while it is being initialised, so they must know the works before.
        self._works = works
        super().__init__(posted, **initial)

    def process(self, *arguments: Any, **named: Any) -> None:
        for field in self:
            if isinstance(field, HungWorkField):
                field.works = self._works
        super().process(*arguments, **named)

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate; each kind needs what FIELDS_OF says, but the words of a pair may be left out."""
        super().validate(extra_validators)
        if self.adds_language:
            return False
        kind, first_text = self["kind"].data, field_name("text", self.languages[0])
        needs = FIELDS_OF[BlockKind(kind)] if kind in set(BlockKind) else ()
        if not self["place"].data:
            self.refuse("place", _("Please say next to which work it stands."))
        for name in ("work", "second", "link"):
            if name in needs and not self[name].data:
                self.refuse(name, str(MISSING_IN_BLOCK[name]))
        if "text" in needs and kind != BlockKind.PAIR and not self.text_of("text"):
            self.refuse(first_text, str(MISSING_IN_BLOCK[kind]))
        if kind == BlockKind.PAIR and self["work"].data and self["work"].data == self["second"].data:
            self.refuse("second", _("This is the same work twice. Please choose two different works."))
        if kind == BlockKind.FILM and self["link"].data and not film_host(self["link"].data):
            self.refuse(
                "link",
                _("Films can be linked at %(hosts)s only. Please give an address there.")
                % {"hosts": ", ".join(FILM_HOSTS)},
            )
        if kind == BlockKind.DETAIL:
            self._check_region()
        return not self.errors

    def _check_region(self) -> None:
        left, top, width, height = (self[name].data or 0 for name in REGION)
        if not width or not height:
            self.refuse("width", _("Please say how wide and how high the detail is."))
        elif left + width > 100:
            self.refuse("width", _("The detail reaches beyond the right edge of the picture."))
        elif top + height > 100:
            self.refuse("height", _("The detail reaches beyond the lower edge of the picture."))

    def entry_values(self) -> dict[str, Any]:
        """The values of BLOCK_FIELDS, from a valid form; those that this kind does not have are empty."""
        values = self.values(*BLOCK_FIELDS)
        kept = FIELDS_OF[BlockKind(values["kind"])]
        empty = {name: value for name, value in EMPTY_FIELDS.items() if name not in kept}
        return {**values, **{name: values[name] or 0 for name in REGION}, **empty}


MISSING_IN_BLOCK: Mapping[str, Any] = {
    "work": _l("Please say which work it shows."),
    "second": _l("Please say which work is the second one."),
    "link": _l("Please give the address of the film."),
    BlockKind.TEXT: _l("Please write a text, in one language at least."),
    BlockKind.DETAIL: _l("Please describe what can be seen there: not everybody sees the picture."),
    BlockKind.FILM: _l("Please give the title of the film, in one language at least."),
}


class PreviewLinkForm(Form):
    whom = LineField(
        _l("For whom"),
        80,
        description=_l("So that you know which link to end. Visitors of the link do not see it."),
    )
