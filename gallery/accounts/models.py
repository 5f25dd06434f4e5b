"""People, their sessions and their invitations, as they are kept."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l

if TYPE_CHECKING:
    from gallery.api.models import Token
    from gallery.organisations.models import Organisation


class Role(LabelledEnum):
    MEMBER = "member", _l("member")  # of one or more organisations
    CURATOR = "curator", _l("curator")  # reviews works, keeps themes and exhibitions
    KEEPER = "keeper", _l("keeper")  # a curator who also keeps people and organisations


class Person(Model):
    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=254, unique=True)  # in lower case
    name = fields.CharField(max_length=80)
    password_hash = fields.CharField(max_length=200)
    role = fields.CharEnumField(Role, max_length=10)
    language = fields.CharField(max_length=2, default="zh")
    wants_digest = fields.BooleanField(default=False, db_default=False)  # news in one mail a day
    is_active = fields.BooleanField(default=True)
    second_factor_at = fields.DatetimeField(
        null=True
    )  # since when there is a passkey or an authenticator app
    second_factor_due_at = fields.DatetimeField(
        null=True
    )  # until when a curator or keeper may do without one
    second_factor_reset_at = fields.DatetimeField(null=True)  # when what a keeper wants removed is removed
    created_at = fields.DatetimeField(auto_now_add=True)

    memberships: fields.ReverseRelation[Membership]
    sessions: fields.ReverseRelation[Session]

    class Meta:
        table = "person"

    @property
    def is_curator(self) -> bool:
        return self.role in {Role.CURATOR, Role.KEEPER}

    @property
    def is_keeper(self) -> bool:
        return self.role == Role.KEEPER


class MemberRole(LabelledEnum):
    OWNER = "owner", _l("owner")  # also keeps the organisation's profile and its members
    EDITOR = "editor", _l("editor")


class JoinedAs(LabelledEnum):
    """How somebody became a member. `UNKNOWN` is of the time before this was kept."""

    FIRST_OWNER = "first_owner", _l("its first owner, invited by %(name)s")
    INVITED = "invited", _l("invited by %(name)s")
    CONFIRMED = "confirmed", _l("confirmed by %(name)s")
    REQUESTED = (
        "requested",
        _l("invited at the request of %(name)s, when the organisation had lost its owners"),
    )
    UNKNOWN = "unknown", _l("invited by %(name)s")


class Membership(Model):
    """A person's belonging to an organisation."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="memberships", on_delete=fields.CASCADE
    )
    organisation_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="memberships", on_delete=fields.CASCADE
    )
    person_id: int
    role = fields.CharEnumField(
        MemberRole, max_length=10, default=MemberRole.EDITOR, db_default=MemberRole.EDITOR
    )
    joined_as = fields.CharEnumField(
        JoinedAs, max_length=12, default=JoinedAs.UNKNOWN, db_default=JoinedAs.UNKNOWN
    )
    invited_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="members_invited", null=True, on_delete=fields.SET_NULL
    )
    invited_by_id: int | None
    awaits_confirmation = fields.BooleanField(default=False, db_default=False)  # gives no right until then
    created_at = fields.DatetimeField(auto_now_add=True)

    tokens: fields.ReverseRelation[Token]

    class Meta:
        table = "membership"
        unique_together = [("organisation", "person")]

    @property
    def is_owner(self) -> bool:
        return self.role == MemberRole.OWNER and not self.awaits_confirmation


class FormerOwner(Model):
    """An organisation had this owner and has them no more. Without a person where that is no longer known."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="former_owners", on_delete=fields.CASCADE
    )
    organisation_id: int
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="formerly_owned", null=True, on_delete=fields.SET_NULL
    )
    person_id: int | None
    ended_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "former_owner"
        indexes = [("organisation_id",)]


class Session(Model):
    """One sign-in on one device. Ended ones are deleted."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="sessions", on_delete=fields.CASCADE
    )
    device = fields.CharField(max_length=60, default="")  # "Chrome, Android": no more than its owner needs
    created_at = fields.DatetimeField(auto_now_add=True)
    seen_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)  # when the password or a passkey was last given
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "session"


class Invitation(Model):
    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    email = fields.CharField(max_length=254)
    role = fields.CharEnumField(Role, max_length=10)
    organisation: fields.ForeignKeyNullableRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="invitations", null=True, on_delete=fields.CASCADE
    )
    organisation_id: int | None
    member_role = fields.CharEnumField(  # of a member
        MemberRole, max_length=10, default=MemberRole.EDITOR, db_default=MemberRole.EDITOR
    )
    language = fields.CharField(max_length=2, default="zh")
    invited_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="invitations_sent", null=True, on_delete=fields.SET_NULL
    )
    invited_by_id: int | None
    by_request = fields.BooleanField(default=False, db_default=False)  # of a keeper, see OwnerRequest
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"


class SignInAttempt(Model):
    """A sign-in that failed. `key` is a keyed hash of an address or of an e-mail, never the thing itself."""

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64)
    at = fields.DatetimeField()

    class Meta:
        table = "sign_in_attempt"
        indexes = [("key", "at")]


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    PASSWORD = "password"  # noqa: S105 - what a link is for, not a password


class LinkRequest(Model):
    """Somebody asked for a link by mail, whether or not the address has an account: the worker finds out.

    So the answer, and the time it takes, is the same for every address.
    """

    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=254)
    purpose = fields.CharEnumField(Purpose, max_length=10)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "link_request"


class MailLink(Model):
    """A link that was sent by mail and signs somebody in, or lets them choose a password, once."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="mail_links", on_delete=fields.CASCADE
    )
    person_id: int
    purpose = fields.CharEnumField(Purpose, max_length=10)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "mail_link"


class AddressChange(Model):
    """Somebody wants another e-mail address: it holds once the link that was sent there is opened."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "gallery.Person", related_name="address_change", on_delete=fields.CASCADE
    )
    person_id: int
    email = fields.CharField(max_length=254)  # in lower case
    expires_at = fields.DatetimeField()

    class Meta:
        table = "address_change"


class Passkey(Model):
    """A key on somebody's device (WebAuthn): it signs them in alone, or is the second factor after a password."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="passkeys", on_delete=fields.CASCADE
    )
    person_id: int
    name = fields.CharField(max_length=60)
    credential_id = fields.CharField(max_length=1400, unique=True)  # base64url, as the device gave it
    public_key = fields.TextField()  # COSE, in base64url
    sign_count = fields.BigIntField(
        default=0
    )  # of the device, which grows with each use; 0 where it counts none
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "passkey"


class AuthenticatorApp(Model):
    """The secret that somebody's authenticator app shares with the site (TOTP, RFC 6238)."""

    id = fields.IntField(primary_key=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "gallery.Person", related_name="authenticator_app", on_delete=fields.CASCADE
    )
    person_id: int
    secret = fields.CharField(max_length=300)  # encrypted with a key that is derived from the site's secret
    last_step = fields.BigIntField()  # the half minute of the last code that was taken: none is taken twice
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "authenticator_app"


class RecoveryCode(Model):
    """A code that takes the place of the second factor once. Used ones are deleted."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="recovery_codes", on_delete=fields.CASCADE
    )
    person_id: int
    code_hash = fields.CharField(max_length=64)

    class Meta:
        table = "recovery_code"


class SpentChallenge(Model):
    """A challenge that a passkey has answered, kept for as long as it could be answered again."""

    id = fields.IntField(primary_key=True)
    challenge_hash = fields.CharField(max_length=64, unique=True)
    at = fields.DatetimeField()

    class Meta:
        table = "spent_challenge"
