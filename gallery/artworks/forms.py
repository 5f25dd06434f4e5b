"""The form of a work. Fields of a draft may be empty; filled-in fields must be valid."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.datastructures import MultiDict
from wtforms import FileField, SelectField, ValidationError
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import Optional

from gallery.artists.forms import NO_SUCH_CHOICE, CheckboxesField, ConsentFields
from gallery.artists.models import Artist, Consent
from gallery.artworks.dates import read_date
from gallery.artworks.hashtags import themes_in_hashtags
from gallery.artworks.models import Artwork, Picture
from gallery.artworks.sizes import read_size
from gallery.artworks.unreadable import MAX_LENGTH, Unreadable
from gallery.artworks.works import (
    NEW_PICTURE,
    PICTURE_TEXTS,
    TEXT_FIELDS,
    TRANSLATED_FIELDS,
    NewArtist,
    NewProject,
    WorkDetails,
    WorkOptions,
    is_text_field,
    new_artist,
    picture_field,
    pictures_of_fields,
    text_values,
    translated_into,
)
from gallery.clock import today
from gallery.numbers import whole_number
from gallery.organisations.forms import organisation_choices
from gallery.organisations.models import Organisation
from gallery.web.forms import Form, LineField, TextBlockField, WebAddressField
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized, site_languages
from gallery.web.rendering import shown_date
from gallery.web.texts import (
    MAX_LANGUAGES,
    NoSuchLanguage,
    field_name,
    find_language,
    language_name,
    normalised_tag,
    own_language_name,
    split_field_name,
)
from gallery.web.texts_form import (
    UNKNOWN_LANGUAGE,
    LanguageBlock,
    choices_to_add,
    field_in_language,
    language_choices,
    text_attributes,
)

ACCEPTED_PICTURES = "image/jpeg,image/png,image/webp,image/avif,image/heic,image/heif,image/tiff,image/gif"
FormValues = Mapping[str, Sequence[str]]  # form field → its values, as a browser sends them
ModelT = TypeVar("ModelT")
FormT = TypeVar("FormT", bound=Form)


class Readable:
    """The field is empty, or `read` can parse it."""

    def __init__(self, read: Callable[[str], object]) -> None:
        self.read = read

    def __call__(self, form: Form, field: Field) -> None:
        try:
            if field.data:
                self.read(field.data)
        except Unreadable as refusal:
            raise ValidationError(refusal.sentence) from None


class WorkForm(ConsentFields):
    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    language = SelectField(
        _l("Language of the title and the story"),
        description=_l("The language in which the artist told it. Every language is welcome."),
        invalid_choice_message=_l("Please choose a language."),
    )
    language_other = LineField(
        _l("Another language"),
        60,
        description=_l("Its name, or its tag such as fr. Only if it is not in the list."),
        render_kw={"autocomplete": "off"},
    )
    title = LineField(_l("Title"), 120)
    story = TextBlockField(
        _l("Story"),
        20_000,
        description=_l(
            "What led to the work? Who made it, and what does it mean to them? "
            "An empty line begins a new paragraph."
        ),
        render_kw={"rows": 9},
    )
    alt_text = TextBlockField(
        _l("What the picture shows"),
        1_000,
        description=_l(
            "For people who cannot see it: shapes, colours, what happens in it. "
            "Describe the work, not the artist."
        ),
        render_kw={"rows": 3},
    )
    medium = LineField(_l("Medium"), 120, description=_l("Such as crayon on paper, or paper cut."))
    size = LineField(
        _l("Size"),
        MAX_LENGTH,
        [Readable(read_size)],
        description=_l("Height × width, such as 38 × 26 cm, or a sheet of paper such as A3 or Letter."),
    )
    date_made = LineField(
        _l("Date made"),
        MAX_LENGTH,
        [Readable(read_date)],
        description=_l("As you would say it: 2022, December 2022, spring 2024, c. 1980, 2019–2021."),
    )
    assistance = LineField(
        _l("Who helped"), 200, description=_l("Such as: drawn alone; a teacher helped with the outline.")
    )

    caption = LineField(
        _l("Caption of the picture"), 200, description=_l("Such as: the cover; the back; a detail.")
    )
    transcript = TextBlockField(
        _l("What the voice says"),
        20_000,
        description=_l(
            "Word for word, in the work's language, for people who cannot hear it. If a line begins with its time, "
            "such as 0:05, the words follow the voice."
        ),
        render_kw={"rows": 5},
    )

    add_language = SelectField(
        _l("A translation into another language"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE
    )
    add_language_other = LineField(_l("Its name or tag"), 60, render_kw={"autocomplete": "off"})

    artist = SelectField(_l("Artist"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    credit_name = LineField(
        _l("Credit name"),
        80,
        description=_l(
            "The name that visitors read. A pseudonym is good; the legal name is not needed. Who has works here "
            "already is found by the same name."
        ),
        render_kw={"autocomplete": "off"},
    )
    credit_name_translation = LineField(
        _l("Credit name in the other language"), 80, render_kw={"autocomplete": "off"}
    )
    consent = SelectField(_l("Consent"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)

    inventory_number = LineField(
        _l("Inventory number"),
        60,
        description=_l(
            "Your own number for the work. Only your organisation sees it; sheets find the work by it."
        ),
        render_kw={"autocomplete": "off"},
    )
    themes = CheckboxesField(_l("Themes"))
    project = SelectField(_l("Project behind the work"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    project_title = LineField(_l("Title of the project"), 120)
    project_summary = TextBlockField(
        _l("What the project does"),
        600,
        description=_l("One or two sentences: what it does, and whom it helps."),
        render_kw={"rows": 3},
    )
    project_link = WebAddressField(
        _l("Where to support it"), description=_l("The address of the project's own page.")
    )
    picture = FileField(
        _l("Picture"),
        description=_l("A photograph or scan of the work. Place and time in it are removed."),
        render_kw={"accept": ACCEPTED_PICTURES},
    )

    def __init__(self, posted: Any = None, *, offered: WorkOptions, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self.offered = offered
        self["language"].choices = language_choices([self.language.data])
        self["add_language"].choices = choices_to_add([self.language.data, *self.translation_languages])
        for name in (*TRANSLATED_FIELDS, *picture_fields(pictures_of_fields(field.name for field in self))):
            self[name].render_kw = text_attributes(self[name].render_kw, self.language.data)
        self["organisation"].choices = organisation_choices(offered.organisations)
        self["artist"].choices = [
            SelectChoice("", _("Choose, or name somebody new below")),
            *(
                SelectChoice(str(each.id), self._choice_label(each, each.credit_name))
                for each in offered.artists
            ),
        ]
        self["consent"].choices = [
            SelectChoice("", _("Choose, or record a new one below")),
            *(SelectChoice(str(each.id), consent_label(each)) for each in offered.consents),
        ]
        self["project"].choices = [
            SelectChoice("", _("Choose, or write a new one below")),
            *(
                SelectChoice(str(each.id), self._choice_label(each, localized(each, "title").text))
                for each in offered.projects
            ),
        ]
        self["themes"].choices = [
            SelectChoice(str(each.id), localized(each, "title").text) for each in offered.themes
        ]

    def _choice_label(self, row: Any, label: str) -> str:
        """The label of a choice, with its organisation if there are several."""
        if len(self.offered.organisations) == 1:
            return label
        organisation = _find_choice(self.offered.organisations, str(row.organisation_id))
        return f"{label} ({localized(organisation, 'name').text})" if organisation else label

    def suggested_themes(self) -> set[str]:
        """The form values of themes that a hashtag in the story names and that are not chosen yet."""
        stories = (
            field.data or "" for field in text_fields(self) if split_field_name(field.name)[0] == "story"
        )
        named = themes_in_hashtags(self.offered.themes, *stories)
        return {str(theme.id) for theme in named} - set(self.themes.data or [])

    def theme_index(self, value: str) -> int:
        """The index of a theme's check box, from 0."""
        return [str(theme.id) for theme in self.offered.themes].index(value)

    @property
    def names_artist(self) -> bool:
        """Whether the form has a new artist's name or a consent, which belongs to an artist."""
        return bool(self.credit_name.data or self.consent.data)

    @property
    def has_new_project(self) -> bool:
        """Whether a field of a new project is filled in."""
        return bool(self.project_title.data or self.project_summary.data or self.project_link.data)

    def read(self, has_picture: bool) -> WorkDetails | None:
        """The details of the work; None, with errors at the fields, if they are not enough for a draft."""
        self.validate()
        self._check_languages()
        organisation = (
            _find_choice(self.offered.organisations, self.organisation.data) or self.offered.organisations[0]
        )
        consent = _find_choice(self.offered.consents, self.consent.data)
        artist = self._read_artist(organisation, consent)
        new_consent = self._read_consent(artist, consent)
        project = self._read_project(organisation)
        if not self.title.data and not has_picture and not self.title.errors:
            self.refuse(
                "title", _("Please write a title or choose a picture, so that you find the draft again.")
            )
        if self.errors:
            return None
        return WorkDetails(
            organisation=organisation,
            language=self.language.data,
            texts=typed_texts(self),
            inventory_number=self.inventory_number.data or "",
            artist=artist,
            consent=new_consent or consent,
            project=project,
            themes=[each for each in self.offered.themes if str(each.id) in (self.themes.data or [])],
        )

    @property
    def translation_languages(self) -> list[str]:
        """The languages of the translations that the form has fields for."""
        return translated_into(field.name for field in self)

    def _check_languages(self) -> None:
        if self.language_other.data:  # `work_form` empties this field if it recognises the language
            self.refuse("language_other", str(UNKNOWN_LANGUAGE))
        if self.language.data in self.translation_languages:
            self.refuse(
                "language",
                _(
                    "There are words in %(language)s twice: the artist's own, and a translation. Please keep one of "
                    "them, or choose another language here."
                )
                % {"language": language_name(self.language.data)},
            )

    def _read_artist(self, organisation: Organisation, consent: Consent | None) -> Artist | NewArtist | None:
        artist = _find_choice(self.offered.artists, self.artist.data)
        if artist is not None and self.credit_name.data:
            self.refuse("artist", _("Please either choose an artist or write a new name, not both."))
        elif artist is not None and artist.organisation_id != organisation.id:
            self.refuse("artist", _("This artist belongs to another organisation than the work."))
        elif artist is None and self.credit_name.data:
            translation = self.credit_name_translation.data or ""
            return new_artist(self.credit_name.data, translation, self.language.data)
        elif artist is None and consent is not None and not self.artist.errors:
            return consent.artist  # a consent belongs to one artist
        return artist

    def _read_consent(self, artist: Artist | NewArtist | None, consent: Consent | None) -> Any:
        if consent is not None:
            if self.enters_consent:
                self.refuse("consent", _("Please either choose a consent or record a new one, not both."))
            elif not isinstance(artist, Artist) or consent.artist_id != artist.id:
                self.refuse(
                    "consent", _("This consent is another artist's. Please choose one of the artist's own.")
                )
            return None
        if not self.enters_consent:
            return None
        if artist is None and not self.artist.errors:
            self.refuse("artist", _("Please say whose consent this is."))
        return self.entered_consent()

    def _read_project(self, organisation: Organisation) -> Any:
        project = _find_choice(self.offered.projects, self.project.data)
        if project is not None:
            if self.has_new_project:
                self.refuse("project", _("Please either choose a project or write a new one, not both."))
            elif project.organisation_id != organisation.id:
                self.refuse("project", _("This project belongs to another organisation than the work."))
            return project
        if not self.has_new_project:
            return None
        if not self.project_title.data:
            self.refuse("project_title", _("Please write the project's title."))
        if not self.project_link.data:
            self.refuse(
                "project_link", _("Please give the web address where people can support the project.")
            )
        return NewProject(
            self.project_title.data or "", self.project_summary.data or "", self.project_link.data or ""
        )


PLACE_ADDED = "new"


REMOVED = "removed"  # instead of the number of a picture


class ProposalForm(Form):
    """The form of a proposal: the texts of WorkForm, and a picture to replace or to add. Use `proposal_form`."""

    place = SelectField(
        _l("What the picture is for"), [Optional()], default="0", invalid_choice_message=NO_SUCH_CHOICE
    )
    picture = FileField(
        _l("Another picture"),
        description=_l(
            "Only if a picture itself is to be replaced, by a better photograph for instance, or added."
        ),
        render_kw={"accept": ACCEPTED_PICTURES},
    )

    @property
    def place_id(self) -> int | None:
        """The picture that a proposal replaces or adds, as the argument `place` of `propose`."""
        return None if self.place.data == PLACE_ADDED else int(self.place.data or 0)

    picture_ids: Sequence[int] = ()  # of the further pictures, in their order

    @property
    def numbers(self) -> list[Field]:
        """One field for each further picture: its number from now on, or that it is removed."""
        return [self[f"number_{id}"] for id in self.picture_ids]

    @property
    def order(self) -> list[int] | None:
        """What `propose` takes as the order; None if nothing of it was changed.

        Of two pictures with one number, one that moved forward comes first, and one that moved back last.
        """
        places: dict[int, tuple[int, int]] = {}
        for old, id in enumerate(self.picture_ids, 2):
            if (chosen := self[f"number_{id}"].data) != REMOVED:
                number = whole_number(chosen) or old
                places[id] = number, (number > old) - (number < old)
        order = sorted(places, key=places.__getitem__)
        return order if order != list(self.picture_ids) else None


for _name in TEXT_FIELDS:
    setattr(ProposalForm, _name, getattr(WorkForm, _name))


CONSENT_TERMS = ("agreed_by", "scopes", "starts_on", "ends_on", "assent")
BULK_FIELDS = ("artist", "consent", "themes", "project", "medium", "size", "date_made", "language")


class BulkEditForm(ConsentFields):
    """Values to set on several drafts. An empty field leaves each draft unchanged.

    The terms of a new consent are set on drafts that have no consent; each artist gets a separate consent.
    """

    work = LineField(_l("Drafts"), 20)
    artist = SelectField(_l("Artist"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    consent = SelectField(_l("Consent"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    themes = CheckboxesField(_l("Themes"), description=_l("They replace the themes that were chosen before."))
    project = SelectField(_l("Project behind the work"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE)
    medium = WorkForm.medium
    size = WorkForm.size
    date_made = WorkForm.date_made
    language = SelectField(
        _l("Language of the title and the story"), [Optional()], invalid_choice_message=NO_SUCH_CHOICE
    )

    def __init__(self, posted: Any = None, *, offered: WorkOptions) -> None:
        super().__init__(posted)
        of_work = work_form(offered=offered)
        unchanged = SelectChoice("", _("leave as it is"))
        for name in ("artist", "consent", "project"):
            self[name].choices = [unchanged, *of_work[name].choices[1:]]
        self["language"].choices = [unchanged, *language_choices()]
        self["themes"].choices = of_work["themes"].choices
        for field in self:  # the page also has a form for each draft, with the same field names
            if field.name != "work":
                field.id = field.label.field_id = f"common-{field.name}"

    def check(self) -> bool:
        """Whether the values can be set; adds errors to the fields."""
        self.validate()
        if self.enters_consent:
            if self.consent.data:
                self.refuse("consent", _("Please either choose a consent or record a new one, not both."))
            self.entered_consent()
        return not self.errors

    @property
    def set_fields(self) -> dict[str, list[str]]:
        """The values of filled-in fields, in the format of `form_values`."""
        return self._filled_in(BULK_FIELDS)

    @property
    def terms(self) -> dict[str, list[str]]:
        """The terms of a new consent, in the same format; empty if none were filled in."""
        return self._filled_in(CONSENT_TERMS) if self.enters_consent else {}

    def _filled_in(self, names: Iterable[str]) -> dict[str, list[str]]:
        values = {name: self[name].data for name in names}
        return {
            name: value if isinstance(value, list) else [str(value)]
            for name, value in values.items()
            if value
        }


def work_form(
    posted: Any = None, *, offered: WorkOptions, add: str | None = None, **begin_with: Any
) -> WorkForm:
    """A WorkForm with fields for translations into the site's languages, the languages of posted fields, and `add`."""
    if posted is None:
        own = (begin_with.get("data") or {}).get("language", "")
    else:
        posted = MultiDict(posted.multi_items())
        named = find_language(posted.get("language_other") or "")
        own = named or _standard_tag(posted.get("language") or "")
        posted["language"] = own
        if named:
            posted["language_other"] = ""
    languages = _translation_languages(posted, own, add)
    pictures = tuple(pictures_of_fields(posted or ()))
    form: WorkForm = _with_more_fields(WorkForm, languages, pictures)(posted, offered=offered, **begin_with)
    return form


def proposal_form(artwork: Artwork, posted: Any = None) -> ProposalForm:
    """A ProposalForm with fields for the translations of a work. Without posted data it has the work's values."""
    values = posted or MultiDict(text_values(artwork))
    languages = _translation_languages(values, artwork.language)
    ids = [each.id for each in artwork.later_pictures]
    choices = [SelectChoice(str(number), str(number)) for number in range(2, len(ids) + 2)]
    choices.append(SelectChoice(REMOVED, _("it is removed")))
    numbers: dict[str, Any] = {
        f"number_{id}": SelectField(
            _l("Number of picture %(number)s from now on", number=number),
            [Optional()],
            choices=choices,
            default=str(number),
            invalid_choice_message=NO_SUCH_CHOICE,
        )
        for number, id in enumerate(ids, 2)
    }
    with_texts = _with_more_fields(ProposalForm, languages, (*ids, NEW_PICTURE))
    form: ProposalForm = type("ProposalForm", (with_texts,), {"picture_ids": ids, **numbers})(values)
    form["place"].choices = [
        *(
            SelectChoice(str(id), _("Replaces picture %(number)s") % {"number": number})
            for number, id in enumerate([0, *ids], 1)
        ),
        SelectChoice(PLACE_ADDED, _("Is added after the others")),
    ]
    for field in text_fields(form):
        if not split_field_name(field.name)[1] and field.name not in {"size", "date_made"}:
            field.render_kw = text_attributes(field.render_kw, artwork.language)
    return form


def _translation_languages(posted: Any, own: str, add: str | None = None) -> tuple[str, ...]:
    """The languages of a form's translations, the site's languages first.

    Fields for a translation into the work's own language are shown only if they contain text, so that no
    typed text is lost.
    """
    languages = dict.fromkeys(each for each in site_languages() if each != own)
    for name in posted or ():
        language = split_field_name(name)[1]
        if not is_text_field(name) or not language or _standard_tag(language) != language:
            continue
        if language != own or any(text.strip() for text in posted.getlist(name)):
            languages.setdefault(language)
    if add and add != own:
        languages.setdefault(add)
    return tuple(languages)[:MAX_LANGUAGES]


def _standard_tag(tag: str) -> str:
    """The language tag in its standard form; unchanged if it is not a language."""
    try:
        return normalised_tag(tag)
    except NoSuchLanguage:
        return tag


@functools.lru_cache(maxsize=256)
def _with_more_fields(form: type[FormT], languages: tuple[str, ...], pictures: tuple[int, ...]) -> Any:
    """The form class with more fields: one such as `alt_text_17` for each text of the further pictures with
    the ids `pictures`, and one such as `title[bo]` for each text and language.
    """
    fields: dict[str, UnboundField[Any]] = {}
    originals: dict[str, UnboundField[Any]] = {name: getattr(form, name) for name in TRANSLATED_FIELDS}
    for number, id in enumerate(pictures, 2):
        for name in PICTURE_TEXTS:
            label, *arguments = originals[name].args
            of_picture = _l("Picture %(number)s: %(field)s", number=number, field=label)
            field = UnboundField(
                originals[name].field_class, of_picture, *arguments, **originals[name].kwargs
            )
            originals[picture_field(name, id)] = fields[picture_field(name, id)] = field
    for language in languages:
        for name, original in originals.items():
            fields[field_name(name, language)] = field_in_language(original, name, language, description="")
    return type(form.__name__, (form,), fields)


def text_fields(form: Form) -> Iterator[Field]:
    """The fields of the texts: the original texts, then the translations."""
    return (field for field in form if is_text_field(field.name))


def translation_blocks(form: Form, names: Sequence[str] = TRANSLATED_FIELDS) -> list[LanguageBlock]:
    """The fields of the texts `names` for each translation of the form."""
    return [
        LanguageBlock(
            language,
            own_language_name(language),
            [form[field_name(name, language)] for name in names],
        )
        for language in translated_into(field.name for field in form)
    ]


def picture_fields(ids: Iterable[int]) -> list[str]:
    """The names of the fields for the original texts of these further pictures."""
    return [picture_field(name, id) for id in ids for name in PICTURE_TEXTS]


@dataclass(frozen=True)
class PictureBlock:
    """One further picture in the form of a work, with its fields."""

    number: int  # from 2; the first picture is not a further one
    picture: Picture
    fields: list[Field]
    translations: list[LanguageBlock]  # see `translation_blocks`


def picture_blocks(form: Form, artwork: Artwork | None) -> list[PictureBlock]:
    """The further pictures that the form has fields for; the work's further pictures must be fetched."""
    return [
        PictureBlock(number, each, [form[name] for name in names], translation_blocks(form, names))
        for number, each in enumerate(artwork.later_pictures if artwork else (), 2)
        if (names := picture_fields([each.id]))[0] in form
    ]


def typed_texts(form: Form) -> dict[str, str]:
    """The texts in the form; empty translations are left out."""
    return {
        field.name: field.data or ""
        for field in text_fields(form)
        if field.data or not split_field_name(field.name)[1]
    }


def form_fields(values: FormValues, posted: Mapping[str, str] | None = None) -> MultiDict:
    """The form data for WorkForm: `values`, with the organisation in `posted` if there is one."""
    fields = MultiDict([(name, each) for name, several in values.items() for each in several])
    if posted and "organisation" in posted:
        fields["organisation"] = posted["organisation"]
    return fields


def form_for_work(artwork: Artwork, offered: WorkOptions) -> WorkForm:
    """The form with the values of a work, including unfinished ones; the work's themes must be fetched."""
    fields = form_fields(form_values(artwork), {"organisation": str(artwork.organisation_id)})
    return work_form(fields, offered=offered)


def form_values(artwork: Artwork, *, finished_only: bool = False) -> dict[str, list[str]]:
    """The values of a work's form, as a browser sends them, by field.

    The work's themes and further pictures must be fetched.
    """
    values = {
        **{name: [words] for name, words in text_values(artwork).items()},
        "language": [artwork.language],
        "language_other": [""],
        "inventory_number": [artwork.inventory_number or ""],
        **{name: [str(getattr(artwork, f"{name}_id") or "")] for name in ("artist", "consent", "project")},
        **{name: [] for name in ("agreed_by", "scopes")},
        **{name: [""] for name in ("credit_name", "credit_name_translation", "ends_on", "assent")},
        **{name: [""] for name in ("project_title", "project_summary", "project_link")},
        "starts_on": [today().isoformat()],
        "themes": [str(theme.id) for theme in artwork.themes],
    }
    return values if finished_only else {**values, **artwork.unfinished}


FORM_KEY = re.compile(r"[0-9a-f]{32}")


def parse_form_key(text: Any) -> str | None:
    """A valid form key, or None."""
    return text if isinstance(text, str) and FORM_KEY.fullmatch(text) else None


def _find_choice(rows: Sequence[ModelT], id: Any) -> ModelT | None:
    return next((row for row in rows if str(row.id) == id), None)  # type: ignore[attr-defined]


def consent_label(consent: Consent) -> str:
    """The label of a consent: artist, who agreed, last day. The artist of the consent must be fetched."""
    parts = [consent.artist.credit_name, str(consent.agreed_by.label)]
    if consent.ends_on:
        parts.append(_("until %(day)s") % {"day": shown_date(consent.ends_on)})
    return " · ".join(parts)
