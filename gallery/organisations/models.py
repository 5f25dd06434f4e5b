"""The models of organisations and projects."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tortoise import fields
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH, TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import FormerOwner, Invitation, Membership, Person
    from gallery.artworks.models import Artwork
    from gallery.cases.models import Case


class Trust(LabelledEnum):
    """How the works of an organisation are reviewed."""

    EVERY = "every", _l("Every work is reviewed")
    SAMPLED = "sampled", _l("A sample is reviewed, the others are accepted and checked later")
    AT_ONCE = "at_once", _l("Works are accepted at once and looked at later")


class Organisation(Model):
    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    name = TextsField()
    about = TextsField()  # Markdown
    region = TextsField()  # where it works, such as a province; empty: not said
    registration_number = fields.CharField(max_length=40, default="")
    website = fields.CharField(max_length=500, default="")
    is_active = fields.BooleanField(default=True)
    trust = fields.CharEnumField(Trust, max_length=10, default=Trust.EVERY, db_default=Trust.EVERY)
    created_at = fields.DatetimeField(auto_now_add=True)

    memberships: fields.ReverseRelation[Membership]
    former_owners: fields.ReverseRelation[FormerOwner]
    projects: fields.ReverseRelation[Project]
    artworks: fields.ReverseRelation[Artwork]

    class Meta:
        table = "organisation"


class TrustChange(Model):
    """A change of an organisation's trust by a keeper."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="trust_changes", on_delete=fields.CASCADE
    )
    organisation_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="trust_changes", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    before = fields.CharEnumField(Trust, max_length=10)
    after = fields.CharEnumField(Trust, max_length=10)
    reason = fields.CharField(max_length=300)

    class Meta:
        table = "trust_change"
        indexes = [("organisation_id",)]


class Cause(LabelledEnum):
    """What a project is for, by which visitors find it. Decision 193 says why the list is fixed."""

    EDUCATION = "education", _l("Education")
    HEALTH = "health", _l("Health")
    DISABILITY = "disability", _l("Disability")
    CHILDREN = "children", _l("Care for children")
    ELDERLY = "elderly", _l("Old age")
    RELIEF = "relief", _l("Relief")
    CULTURE = "culture", _l("Culture and crafts")
    NATURE = "nature", _l("Nature")


class ProjectManager(Manager):
    def get_queryset(self) -> QuerySet[Project]:
        return Project.with_merged().filter(merged_into_id__isnull=True)


class Project(Model):
    """The charity project that works belong to: what it does, whom it helps, and where to support it."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="projects", on_delete=fields.CASCADE
    )
    organisation_id: int
    slug = fields.CharField(max_length=60, unique=True)
    title = TextsField()
    summary = TextsField()
    cause = fields.CharEnumField(Cause, max_length=12, null=True)  # null: not said
    effect = TextsField()  # what support does, in one sentence; may be empty
    link = fields.CharField(max_length=500)  # the project's own page, http(s)
    link_once = fields.CharField(max_length=500, default="", db_default="")  # page for a single donation
    link_monthly = fields.CharField(max_length=500, default="", db_default="")  # page for a monthly donation
    link_volunteer = fields.CharField(max_length=500, default="", db_default="")  # page for volunteers
    link_goods = fields.CharField(max_length=500, default="", db_default="")  # page for gifts of goods
    goal = fields.BigIntField(null=True)  # in yuan
    raised = fields.BigIntField(null=True)  # yuan, as of `raised_on`
    raised_on = fields.DateField(null=True)
    raised_source = fields.CharField(max_length=200, default="", db_default="")  # the source of `raised`
    starts_on = fields.DateField(null=True)
    ends_on = fields.DateField(null=True)  # the last day on which the project accepts support
    created_at = fields.DatetimeField(auto_now_add=True)
    # Set if this row was merged into another row of the same project. A merged row has no works, only its old
    # address; queries leave it out.
    merged_into: fields.ForeignKeyNullableRelation[Project] = fields.ForeignKeyField(
        "gallery.Project", related_name="merged", null=True, on_delete=fields.CASCADE
    )
    merged_into_id: int | None

    artworks: fields.ReverseRelation[Artwork]
    cases: fields.ReverseRelation[Case]

    class Meta:
        table = "project"
        indexes = [("merged_into_id",)]
        manager = ProjectManager()

    @classmethod
    def with_merged(cls) -> QuerySet[Project]:
        """All projects, including those that were merged into others."""
        return QuerySet(cls)

    @property
    def links(self) -> dict[str, str]:
        """All links of the project, by field name."""
        links = {name: getattr(self, name) for name in LINK_FIELDS}
        return {name: link for name, link in links.items() if link}

    @property
    def support_links(self) -> list[SupportLink]:
        """The links for visitors: http(s) only."""
        return [
            SupportLink(name, SUPPORT_KINDS[name], link)
            for name, link in self.links.items()
            if is_web_address(link)
        ]


def is_web_address(link: str) -> bool:
    """Whether a link may be shown to visitors."""
    return link.startswith(("http://", "https://"))


class SupportLink(NamedTuple):
    name: str  # one of LINK_FIELDS
    kind: str  # SUPPORT_KINDS[name], used in URLs
    link: str


SUPPORT_KINDS = {
    "link_once": "once",
    "link_monthly": "monthly",
    "link_volunteer": "volunteer",
    "link_goods": "goods",
    "link": "more",
}
LINK_FIELDS = tuple(SUPPORT_KINDS)


class LinkState(StrEnum):
    UNCHECKED = "unchecked"
    WORKING = "working"
    DEAD = "dead"


class CheckedLink(Model):
    """A link of projects or credits, and whether it works. The worker checks the links that are due."""

    id = fields.IntField(primary_key=True)
    url = fields.CharField(max_length=500, unique=True)
    state = fields.CharEnumField(LinkState, max_length=10, default=LinkState.UNCHECKED)
    failures = fields.IntField(default=0)  # consecutive failures
    answer = fields.CharField(max_length=40, default="")  # HTTP status, or a key of PROBLEM_WORDS
    checked_at = fields.DatetimeField(null=True)
    next_check_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "checked_link"


class ApplicationState(LabelledEnum):
    WAITING = "waiting", ""
    ADMITTED = "admitted", _l("admitted")
    DECLINED = "declined", _l("application declined")


class Application(Model):
    """An application of an organisation that wants to show works."""

    id = fields.IntField(primary_key=True)
    name = TextsField()
    registration_number = fields.CharField(max_length=40)
    what_it_is = fields.CharField(max_length=200, default="", db_default="")  # if there is no number
    website = fields.CharField(max_length=500, default="")
    about = fields.TextField()
    contact_name = fields.CharField(max_length=80)
    contact_email = fields.CharField(max_length=254)
    language = fields.CharField(max_length=MAX_TAG_LENGTH)
    state = fields.CharEnumField(
        ApplicationState, max_length=10, default=ApplicationState.WAITING, db_index=True
    )
    reason = fields.TextField(default="")  # why the application was declined
    organisation: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="applications", null=True, on_delete=fields.SET_NULL
    )
    decided_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="applications_decided", null=True, on_delete=fields.SET_NULL
    )
    decided_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "application"


class RequestState(LabelledEnum):
    WAITING = "waiting", _l("can still be objected to")
    OBJECTED = "objected", _l("an owner objected")
    EFFECTIVE = "effective", _l("the invitation was sent")
    CANCELLED = (
        "cancelled",
        _l("cancelled"),
    )  # a keeper cancelled it, or the requester is no longer a keeper


class OwnerRequest(Model):
    """A keeper's request to invite a new owner of an organisation that lost its owners.

    The worker handles requests that are due.
    """

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="owner_requests", on_delete=fields.CASCADE
    )
    organisation_id: int
    asked_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="owner_requests", null=True, on_delete=fields.SET_NULL
    )  # null: requested on the server by `gallery invite`
    asked_by_id: int | None
    email = fields.CharField(max_length=254)  # address of the person to invite
    language = fields.CharField(max_length=MAX_TAG_LENGTH)
    reason = fields.CharField(max_length=500)
    state = fields.CharEnumField(RequestState, max_length=10, default=RequestState.WAITING)
    asked_at = fields.DatetimeField()
    effective_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)
    objected_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="owner_objections", null=True, on_delete=fields.SET_NULL
    )  # null: the objection came through the link in the mail
    objected_by_id: int | None
    token_hash = fields.CharField(max_length=64)  # hash of the token in the mail's link
    invitation: fields.ForeignKeyNullableRelation[Invitation] = fields.ForeignKeyField(
        "gallery.Invitation", related_name="owner_requests", null=True, on_delete=fields.SET_NULL
    )
    invitation_id: int | None

    class Meta:
        table = "owner_request"
        indexes = [("organisation_id",), ("state", "effective_at")]
