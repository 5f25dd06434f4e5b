"""Models: cases, the versions of their words, and their figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from gallery.clock import today
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artists.models import Consent
    from gallery.organisations.models import Project

# What a case may contain of a person; each needs a scope of the consent of its own, `case_diagnosis` and so on.
CONTENTS = ("diagnosis", "hospital", "face")


class Currency(LabelledEnum):
    CNY = "CNY", _l("Chinese yuan")
    HKD = "HKD", _l("Hong Kong dollars")
    MOP = "MOP", _l("Macanese patacas")
    TWD = "TWD", _l("New Taiwan dollars")
    USD = "USD", _l("US dollars")
    EUR = "EUR", _l("euros")
    THINGS = "things", _l("no money: things, places or people")


class Ending(LabelledEnum):
    CLOSED = "closed", _l("closed")  # support came to its end as planned
    STOPPED = "stopped", _l("stopped")  # it could not go on


class Case(Model):
    """One need of a project. Its words are in versions, because visitors read the accepted one while another is written."""

    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "gallery.Project", related_name="cases", on_delete=fields.CASCADE
    )
    project_id: int
    # Of the person whom it tells of, known by the credit name of the consent's artist; null: it tells of no single person.
    consent: fields.ForeignKeyNullableRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="cases", null=True, on_delete=fields.RESTRICT
    )
    consent_id: int | None
    ending = fields.CharEnumField(Ending, max_length=10, null=True)  # null: it asks for support
    ended_on = fields.DateField(null=True)
    is_vetoed = fields.BooleanField(
        default=False, db_default=False
    )  # a curator took it off view: see CaseVeto
    withdrawn_at = fields.DatetimeField(null=True)  # its consent was withdrawn, and its words are erased
    created_at = fields.DatetimeField(auto_now_add=True)

    versions: fields.ReverseRelation[CaseVersion]
    figures: fields.ReverseRelation[CaseFigure]

    class Meta:
        table = "charity_case"  # CASE is a word of SQL
        indexes = [("project_id",), ("consent_id",)]


class VersionState(LabelledEnum):
    DRAFT = "draft", _l("draft")
    WAITING = "waiting", _l("waiting for review")
    RETURNED = "returned", _l("returned")
    ACCEPTED = "accepted", _l("accepted by a curator")


class CaseVersion(Model):
    """The words of a case at one time: draft → waiting → returned or accepted. A change after that is the next version."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "gallery.Case", related_name="versions", on_delete=fields.CASCADE
    )
    case_id: int
    number = fields.IntField()
    state = fields.CharEnumField(VersionState, max_length=10, default=VersionState.DRAFT)
    is_shown = fields.BooleanField(default=False)  # the latest accepted version of its case
    title = TextsField()
    story = TextsField()  # Markdown: what is needed, and why
    currency = fields.CharEnumField(Currency, max_length=10, default=Currency.CNY)
    unit = TextsField()  # what is counted if it is no money, such as “winter coats”
    goal = fields.BigIntField(null=True)  # in whole units of the currency, or of what is counted
    link = fields.CharField(max_length=500, default="")  # where one supports it, http(s)
    platform = TextsField()  # name of the platform of the public fundraising
    registration_number = fields.CharField(
        max_length=60, default=""
    )  # of the public fundraising (公开募捐备案编号)
    registered_until = fields.DateField(null=True)  # the last day of the registered fundraising
    has_diagnosis = fields.BooleanField(default=False)
    has_hospital = fields.BooleanField(default=False)
    has_face = fields.BooleanField(default=False)
    saved_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="case_versions", null=True, on_delete=fields.SET_NULL
    )
    saved_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    decided_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="case_versions_decided", null=True, on_delete=fields.SET_NULL
    )
    decided_at = fields.DatetimeField(null=True)
    words = fields.TextField(default="")  # the curator's, to the organisation

    class Meta:
        table = "case_version"
        unique_together = [("case", "number")]
        indexes = [("state",), ("is_shown",)]

    @property
    def contents(self) -> list[str]:
        """Those of CONTENTS that it has."""
        return [name for name in CONTENTS if getattr(self, f"has_{name}")]

    @property
    def asks_for_money(self) -> bool:
        return bool(self.link) or (self.goal is not None and self.currency != Currency.THINGS)

    @property
    def is_registration_over(self) -> bool:
        """Whether the last day of the registered public fundraising has passed."""
        return self.registered_until is not None and self.registered_until < today()


class CaseFigure(Model):
    """What was reached on one day, and who says so. Rows are never changed: a later row of the same day counts instead."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "gallery.Case", related_name="figures", on_delete=fields.CASCADE
    )
    case_id: int
    day = fields.DateField()
    raised = fields.BigIntField(null=True)  # since the beginning, in units of the version's currency
    helpers = fields.BigIntField(null=True)  # since the beginning
    source = TextsField()
    is_correction = fields.BooleanField(
        default=False
    )  # a member said that it corrects what was entered before
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="case_figures", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    taken_back_at = fields.DatetimeField(null=True)

    class Meta:
        table = "case_figure"
        indexes = [("case_id", "day")]


class CaseVeto(Model):
    """A curator's fear that a case might harm somebody, which takes it off view at once."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "gallery.Case", related_name="vetoes", on_delete=fields.CASCADE
    )
    case_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="case_vetoes", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    concern = fields.TextField()  # only curators read it
    lifted_at = fields.DatetimeField(null=True)
    lifted_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="case_vetoes_lifted", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "case_veto"
        indexes = [("case_id",)]


def versions_on_view(condition: Q | None = None) -> QuerySet[CaseVersion]:
    """The versions that visitors may read: the one rule of what is on view of cases.

    It is the accepted version of a case that was neither withdrawn nor vetoed, of an organisation whose works may be shown.
    If it tells of a person, a consent is in force that has the scope `case` and names all that the version contains.
    """
    day = today()
    consent = "case__consent__"
    covered: dict[str, Any] = {
        f"{consent}for_case": True,
        f"{consent}withdrawn_at__isnull": True,
        f"{consent}starts_on__lte": day,
    }
    has_no_end: dict[str, Any] = {f"{consent}ends_on__isnull": True}
    ends_later: dict[str, Any] = {f"{consent}ends_on__gte": day}
    rules = [Q(**has_no_end) | Q(**ends_later)]
    for name in CONTENTS:
        is_absent: dict[str, Any] = {f"has_{name}": False}
        is_named: dict[str, Any] = {f"{consent}for_case_{name}": True}
        rules.append(Q(**is_absent) | Q(**is_named))
    of_nobody = Q(case__consent_id__isnull=True)
    shown = CaseVersion.filter(
        of_nobody | Q(*rules, **covered),
        is_shown=True,
        case__withdrawn_at__isnull=True,
        case__is_vetoed=False,
        case__project__organisation__is_active=True,
    )
    return shown.filter(condition) if condition is not None else shown


class CaseState(LabelledEnum):
    RAISING = "raising", _l("raising")
    REACHED = "reached", _l("goal reached")
    CLOSED = "closed", _l("closed")
    STOPPED = "stopped", _l("stopped")
