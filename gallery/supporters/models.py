"""Models: supporters, the links by which they pass the gallery on, and the visits that came through those links."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.artworks.models import new_public_id
from gallery.clock import now
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH, TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork
    from gallery.exhibitions.models import Exhibition
    from gallery.organisations.models import Project


class SupporterKind(LabelledEnum):
    AMBASSADOR = "ambassador", _l("Ambassador")
    ARTIST = "artist", _l("Performer or artist")
    MEDIA = "media", _l("Media")
    FAN_CLUB = "fan_club", _l("Fan club")
    COMPANY = "company", _l("Company")
    VOLUNTEER = "volunteer", _l("Volunteer")


class SupporterState(LabelledEnum):
    WAITING = "waiting", _l("no answer yet")
    AGREED = "agreed", _l("agreed")
    REFUSED = "refused", _l("did not agree")
    TAKEN_BACK = "taken_back", _l("taken back")


class Supporter(Model):
    """Who lends a name and reach. Nothing of it is public unless the state is `agreed`.

    After a refusal, or once it is taken back, the row has no words, addresses or picture any more.
    """

    id = fields.IntField(primary_key=True)
    public_id = fields.CharField(max_length=16, unique=True, default=new_public_id)
    kind = fields.CharEnumField(SupporterKind, max_length=12)
    state = fields.CharEnumField(SupporterState, max_length=10, default=SupporterState.WAITING)
    name = TextsField()
    reason = TextsField()  # a sentence why, in plain text; may be empty
    links: list[str] = fields.JSONField(default=list)  # URLs (http or https)
    # Private. The link goes to the guardian if the supporter is under 18.
    email = fields.CharField(max_length=254, default="")
    is_minor = fields.BooleanField(default=False)
    guardian_email = fields.CharField(max_length=254, default="")
    language = fields.CharField(max_length=MAX_TAG_LENGTH)  # of the mail
    # The code in the link follows from `seed` and the site's secret key, so that who reads the database cannot agree.
    seed = fields.CharField(max_length=32)
    code_hash = fields.CharField(max_length=64, unique=True)
    asked_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="supporters_asked", null=True, on_delete=fields.SET_NULL
    )
    asked_by_id: int | None
    asked_at = fields.DatetimeField()
    expires_at = (
        fields.DatetimeField()
    )  # until when the link can be answered; after an agreement it does not end
    answered_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)  # when it was taken back
    # The picture or logo: one small JPEG in private storage, as the logos of credits. Empty token: none.
    picture_token = fields.CharField(max_length=32, default="", db_index=True)
    picture_width = fields.IntField(default=0)  # px of the upload; the file has the same aspect ratio
    picture_height = fields.IntField(default=0)
    picture_fingerprint = fields.BinaryField(null=True)

    reach: fields.ReverseRelation[SupporterLink]

    class Meta:
        table = "supporter"
        indexes = [("state",)]

    @property
    def is_expired(self) -> bool:
        return self.state == SupporterState.WAITING and self.expires_at <= now()

    @property
    def is_over(self) -> bool:
        """Whether nothing can be read or answered by the link any more."""
        return self.is_expired or self.state in {SupporterState.REFUSED, SupporterState.TAKEN_BACK}

    @property
    def mail_address(self) -> str:
        return self.guardian_email if self.is_minor else self.email


class SupporterLink(Model):
    """A short link of a supporter to one page: an exhibition, a work or a project."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=10, unique=True)
    supporter: fields.ForeignKeyRelation[Supporter] = fields.ForeignKeyField(
        "gallery.Supporter", related_name="reach", on_delete=fields.CASCADE
    )
    supporter_id: int
    exhibition: fields.ForeignKeyNullableRelation[Exhibition] = fields.ForeignKeyField(
        "gallery.Exhibition", related_name="supporter_links", null=True, on_delete=fields.CASCADE
    )
    exhibition_id: int | None
    artwork: fields.ForeignKeyNullableRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="supporter_links", null=True, on_delete=fields.CASCADE
    )
    artwork_id: int | None
    project: fields.ForeignKeyNullableRelation[Project] = fields.ForeignKeyField(
        "gallery.Project", related_name="supporter_links", null=True, on_delete=fields.CASCADE
    )
    project_id: int | None
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "supporter_link"
        indexes = [("supporter_id",), ("exhibition_id",), ("artwork_id",), ("project_id",)]


class SupporterVisit(Model):
    """One visit that came through a supporter's link. Nothing in it identifies the visitor."""

    token = fields.CharField(max_length=16, primary_key=True)  # random, see stats/reach.py
    link: fields.ForeignKeyRelation[SupporterLink] = fields.ForeignKeyField(
        "gallery.SupporterLink", related_name="visits", on_delete=fields.CASCADE
    )
    link_id: int
    day: date = fields.DateField()
    thanked = fields.BooleanField(default=False)  # an artist was thanked in this visit
    followed = fields.BooleanField(default=False)  # a support link was followed in this visit

    class Meta:
        table = "supporter_visit"
        indexes = [("link_id", "day")]
