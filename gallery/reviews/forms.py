"""Forms of the review pages: decisions, scoring rounds, vetoes, pairs, ready-made reasons and reports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from wtforms import BooleanField, RadioField, SelectField, ValidationError
from wtforms.fields import Field, HiddenField, StringField
from wtforms.fields.choices import SelectChoice

from gallery.artists.forms import CheckboxesField
from gallery.contact.forms import LetterForm, closing_note
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.models import Decision, PairOutcome, ReadyReason, ReportedFor
from gallery.reviews.scoring import HIGHEST_SCORE, LOWEST_SCORE
from gallery.web.forms import (
    Form,
    LineField,
    MomentField,
    Required,
    TextBlockField,
    choices_of,
    is_valid_choice,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.texts import label_in_language, split_field_name
from gallery.web.texts_form import TextsForm

MAX_NOTE_LENGTH = 1000

# The fields of a work's form on which a curator can write a note, in the form's order.
NOTED_FIELDS = {
    "picture": _l("Picture"),
    "pictures": _l("Further pictures"),
    "title": _l("Title"),
    "story": _l("Story"),
    "alt_text": _l("Alt text"),
    "caption": _l("Caption"),
    "medium": _l("Medium"),
    "size": _l("Size"),
    "date_made": _l("Date made"),
    "assistance": _l("Who helped"),
    "transcript": _l("Voice and transcript"),
    "artist": _l("Artist"),
    "consent": _l("Consent"),
    "project": _l("Project"),
    "themes": _l("Themes"),
}

# All fields of a snapshot, including those on which a curator cannot write a note.
SNAPSHOT_WORDS = {
    **NOTED_FIELDS,
    "language": _l("Language of the title and the story"),
    "sound": _l("Voice"),
}


OF_PICTURE = re.compile(
    r"(picture|alt_text|caption)_([0-9]+)"
)  # `picture_17`: of the further picture with this id


def snapshot_label(field: str, numbers: Mapping[int, int] | None = None) -> str:
    """The label of a field of a snapshot: “Title”, “Title (Tibetan)”, “Picture 3: Alt text”; "" if there is none.

    `numbers`: id of a further picture → its number in the work.
    """
    name, language = split_field_name(field)
    of_picture = OF_PICTURE.fullmatch(name)
    label = str(SNAPSHOT_WORDS.get(of_picture[1] if of_picture else name, ""))
    if of_picture and (number := (numbers or {}).get(int(of_picture[2]))):
        values = {"number": number, "field": label}
        label = _("Picture %(number)s") % values
        if of_picture[1] != "picture":
            label = _("Picture %(number)s: %(field)s") % values
    elif of_picture:
        label = _("A further picture: %(field)s") % {"field": label}
    if not label or not language:
        return label
    return label_in_language(label, language)


DATA_WORDS = {
    "identity": _l("an identity-card number"),
    "mobile": _l("a mobile telephone number"),
    "landline": _l("a telephone number"),
    "e_mail": _l("an e-mail address"),
    "chat": _l("a WeChat or QQ account"),
    "address": _l("an exact address"),
}


def describe_personal_data(found: CheckFinding) -> str:
    """The finding as a sentence: “Story: a mobile telephone number, 13800138000”."""
    return _("%(field)s: %(what)s, %(datum)s") % {
        "field": snapshot_label(found.field),
        "what": DATA_WORDS[found.rule],
        "datum": found.excerpt,
    }


class ReviewForm(Form):
    submission = HiddenField()
    seen = HiddenField()  # digests of the fields that the page showed
    decision = StringField(_l("Decision"))
    reason = TextBlockField(
        _l("To the organisation"),
        2000,
        description=_l(
            "Needed when you decline. They read it at their work and, as your notes, in a mail. What looks like a name, "
            "an address, a number or an illness is left out of the mail."
        ),
        render_kw={"rows": 3},
    )
    ready = CheckboxesField(_l("Standard reasons"))
    concern = TextBlockField(
        _l("Showing it might harm somebody"),
        2000,
        description=_l(
            "The person, siblings, classmates: describe your concern. Only curators can read this. Declining "
            "then needs no other reason: the organisation reads a neutral one."
        ),
        render_kw={"rows": 2},
    )

    def __init__(self, posted: Any = None, *, offered: Sequence[ReadyReason] = (), **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self.offered = offered
        self["ready"].choices = [SelectChoice(str(each.id), localized(each, "text").text) for each in offered]

    def validate_decision(self, field: Field) -> None:
        if field.data not in set(Decision):
            raise ValidationError(_("Please use one of the three buttons: accept, return or decline."))

    def validate_concern(self, field: Field) -> None:
        if field.data and self.decision.data in {Decision.ACCEPTED, Decision.RETURNED}:
            raise ValidationError(
                _(
                    "A work that might harm someone must be declined. Please decline it, or delete this concern."
                )
            )

    def note_fields(self) -> Iterator[Field]:
        return (self[f"note_{name}"] for name in NOTED_FIELDS)

    def typed(self) -> list[Field]:
        return [field for field in (self["reason"], self["concern"], *self.note_fields()) if field.data]

    def notes(self, language: str = "zh") -> dict[str, str]:
        """Form field of the work → the note on it, without empty notes.

        A note includes the chosen ready-made reasons in `language`.
        """
        return {
            name: text
            for name in NOTED_FIELDS
            if (text := _join_texts(self[f"note_{name}"].data, self._chosen(name, language)))
        }

    def full_reason(self, language: str = "zh") -> str:
        """The reason to the organisation, with the chosen ready-made reasons for the work as a whole."""
        return _join_texts(self.reason.data, self._chosen("", language))

    def _chosen(self, field: str, language: str) -> list[str]:
        chosen = set(self.ready.data or [])
        return [
            localized(each, "text", language).text
            for each in self.offered
            if str(each.id) in chosen and each.field == field
        ]


def _join_texts(typed: str | None, ready: list[str]) -> str:
    return "\n".join(text for text in (typed or "", *ready) if text)


def _note_field(label: Any) -> TextBlockField:
    return TextBlockField(label, MAX_NOTE_LENGTH, render_kw={"rows": 2})


for _name, _label in NOTED_FIELDS.items():
    setattr(ReviewForm, f"note_{_name}", _note_field(_label))


class BulkReviewForm(Form):
    decision = StringField(_l("Decision"))
    reason = TextBlockField(
        _l("To the organisations"),
        2000,
        description=_l("Needed when you return or decline. Each of them reads it at its work."),
        render_kw={"rows": 2},
    )

    def validate_decision(self, field: Field) -> None:
        if field.data not in set(Decision):
            raise ValidationError(_("Please use one of the three buttons: accept, return or decline."))


class RoundForm(Form):
    """`themes`: (id, title) of each theme with waiting works."""

    theme = SelectField(_l("Theme"), choices=[], validate_choice=False)
    closes_at = MomentField(
        _l("Scores until"),
        description=_l(
            "Scores can be given and changed until then; nobody sees other people's scores before."
        ),
    )

    def __init__(self, posted: Any = None, *, themes: list[tuple[str, str]], **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["theme"].choices = choices_of(themes)

    def validate_theme(self, field: Field) -> None:
        if not is_valid_choice(field.data, field.choices):
            raise ValidationError(_("Please choose a theme in which something waits."))


class ScoreForm(Form):
    value = RadioField(
        _l("Score"),
        [Required(_l("Please choose a score from 1 to 5."))],
        choices=[SelectChoice(str(value), str(value)) for value in range(LOWEST_SCORE, HIGHEST_SCORE + 1)],
        validate_choice=True,
        invalid_choice_message=_l("Please choose a score from 1 to 5."),
        description=_l("1: rather not here. 3: good to have. 5: it must hang."),
    )
    note = TextBlockField(
        _l("Note"),
        MAX_NOTE_LENGTH,
        description=_l("For the other curators, who read it after the round has closed."),
        render_kw={"rows": 3},
    )


class VetoForm(Form):
    concern = TextBlockField(
        _l("Your concern"),
        2000,
        [Required(_l("Please say in a sentence whom it might harm, and how. Only curators read it."))],
        description=_l("The person, siblings, classmates. Only curators can read this."),
        id="veto-concern",
        render_kw={"rows": 3},
    )


class LiftForm(Form):
    concern = TextBlockField(
        _l("Why it can be shown"),
        2000,
        [Required(_l("Please say in a few words why it can be shown again."))],
        id="veto-concern",
        render_kw={"rows": 3},
    )


class PairForm(Form):
    """A curator's decision about two works with nearly the same picture.

    `which`: "earlier" or "later", the work of the pair that the decision is about.
    """

    outcome = StringField()
    which = StringField()
    words = TextBlockField(
        _l("What you ask"),
        MAX_NOTE_LENGTH,
        description=_l(
            "The organisation reads this. Please name neither the other work nor whose it is, unless it is theirs too."
        ),
        render_kw={"rows": 3},
    )

    def validate_outcome(self, field: Field) -> None:
        if field.data not in {*PairOutcome, REOPEN}:
            raise ValidationError(_("Please use one of the buttons."))

    def validate_which(self, field: Field) -> None:
        is_needed = self.outcome.data in {PairOutcome.SAME_WORK, PairOutcome.ASKED}
        if is_needed and field.data not in SIDES:
            raise ValidationError(_("Please choose one of the two works."))

    def validate_words(self, field: Field) -> None:
        if self.outcome.data == PairOutcome.ASKED and not field.data:
            raise ValidationError(_("Please write what you ask."))


REOPEN = "again"  # the value of `outcome` that reopens the pair instead of deciding it
SIDES = ("earlier", "later")


class DismissForm(Form):
    reason = LineField(
        _l("Why it is not a problem here"), 300, [Required(_l("Please say in a few words why."))]
    )


class ReadyReasonForm(TextsForm):
    texts: ClassVar = {"text": _l("Please write it in one language at least.")}

    field = SelectField(_l("Found in"), choices=[])
    text = TextBlockField(_l("Reason"), MAX_NOTE_LENGTH, render_kw={"rows": 2})
    is_gone = BooleanField(_l("Remove it"))

    def __init__(self, posted: Any = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["field"].choices = [
            SelectChoice("", _("the work as a whole")),
            *(SelectChoice(name, str(label)) for name, label in NOTED_FIELDS.items()),
        ]


class ReportForm(LetterForm):
    """A visitor's report."""

    reported_for = RadioField(
        _l("What is it about?"),
        [Required(_l("Please choose what it is about."))],
        choices=[SelectChoice(each, each.label) for each in ReportedFor],
        validate_choice=True,
        invalid_choice_message=_l("Please choose something that is in the list."),
    )
    told = TextBlockField(
        _l("What should we know?"),
        2000,
        [Required(_l("Please describe in a sentence or two what should not be shown, and why."))],
        render_kw={"rows": 5},
    )


class CloseReportForm(Form):
    note = closing_note(_l("Please note in a sentence what was done: other curators read it."))
