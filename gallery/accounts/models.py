"""The models of people, memberships, sessions, invitations, links and second factors."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH

if TYPE_CHECKING:
    from gallery.api.models import Token
    from gallery.organisations.models import Organisation


class Role(LabelledEnum):
    MEMBER = "member", _l("member")  # belongs to one or more organisations
    CURATOR = "curator", _l("curator")  # reviews works, manages themes and exhibitions
    KEEPER = "keeper", _l("keeper")  # a curator who also manages people, organisations and the site


class Person(Model):
    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=254, unique=True)  # in lower case
    name = fields.CharField(max_length=80)
    password_hash = fields.CharField(max_length=200)
    role = fields.CharEnumField(Role, max_length=10)
    language = fields.CharField(max_length=MAX_TAG_LENGTH, default="zh")
    wants_digest = fields.BooleanField(default=False, db_default=False)  # gets notifications in a daily mail
    is_active = fields.BooleanField(default=True)
    second_factor_at = fields.DatetimeField(null=True)  # when the first passkey or app was set up
    second_factor_due_at = fields.DatetimeField(null=True)  # end of the grace period to set one up
    second_factor_reset_at = fields.DatetimeField(null=True)  # when a scheduled reset removes the factors
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
    OWNER = "owner", _l("owner")  # also manages the organisation's profile and members
    EDITOR = "editor", _l("editor")


class JoinedAs(LabelledEnum):
    """How a person became a member. `UNKNOWN`: not known to come from an owner's invitation."""

    FIRST_OWNER = "first_owner", _l("its first owner, invited by %(name)s")
    INVITED = "invited", _l("invited by %(name)s")
    CONFIRMED = "confirmed", _l("confirmed by %(name)s")
    REQUESTED = (
        "requested",
        _l("invited at the request of %(name)s, when the organisation had lost its owners"),
    )
    UNKNOWN = "unknown", _l("invited by %(name)s")


class Membership(Model):
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
    awaits_confirmation = fields.BooleanField(default=False, db_default=False)  # true: no rights yet
    created_at = fields.DatetimeField(auto_now_add=True)

    tokens: fields.ReverseRelation[Token]

    class Meta:
        table = "membership"
        unique_together = [("organisation", "person")]

    @property
    def is_owner(self) -> bool:
        return self.role == MemberRole.OWNER and not self.awaits_confirmation


class FormerOwner(Model):
    """A former owner of an organisation. `person` is null if the owner's account is unknown."""

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
    """A sign-in on one device. A session that ends is deleted."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="sessions", on_delete=fields.CASCADE
    )
    device = fields.CharField(max_length=60, default="")  # "Chrome, Android", for a person's list of devices
    created_at = fields.DatetimeField(auto_now_add=True)
    seen_at = fields.DatetimeField()
    confirmed_at = fields.DatetimeField(null=True)  # when the person last gave the password or a passkey
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
    member_role = fields.CharEnumField(  # only for the role MEMBER
        MemberRole, max_length=10, default=MemberRole.EDITOR, db_default=MemberRole.EDITOR
    )
    language = fields.CharField(max_length=MAX_TAG_LENGTH, default="zh")
    invited_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="invitations_sent", null=True, on_delete=fields.SET_NULL
    )
    invited_by_id: int | None
    by_request = fields.BooleanField(default=False, db_default=False)  # sent for a keeper's OwnerRequest
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"


class SignInAttempt(Model):
    """One attempt that counts towards a limit (limits.py), such as a failed sign-in or a request for a link.

    `key` is a keyed hash of what is limited, such as a network or an e-mail address.
    """

    id = fields.IntField(primary_key=True)
    key = fields.CharField(max_length=64)
    at = fields.DatetimeField()
    expires_at = fields.DatetimeField(null=True)  # None: counted by an older release

    class Meta:
        table = "sign_in_attempt"
        indexes = [("key", "at")]


class Purpose(StrEnum):
    SIGN_IN = "sign_in"
    PASSWORD = "password"  # noqa: S105 - a purpose, not a password


class LinkRequest(Model):
    """A request for a link by mail.

    Only the worker looks up whether the address has an account, so the response and its duration are the same
    for every address.
    """

    id = fields.IntField(primary_key=True)
    email = fields.CharField(max_length=254)
    purpose = fields.CharEnumField(Purpose, max_length=10)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "link_request"


class MailLink(Model):
    """A one-time link by mail, for signing in or for choosing a password."""

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
    """A requested change of e-mail address; it takes effect when the link sent to the new address is used."""

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
    """A WebAuthn passkey. It signs a person in alone, or as the second factor after the password."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="passkeys", on_delete=fields.CASCADE
    )
    person_id: int
    name = fields.CharField(max_length=60)
    credential_id = fields.CharField(max_length=1400, unique=True)  # base64url
    public_key = fields.TextField()  # COSE, in base64url
    sign_count = fields.BigIntField(default=0)  # the device's signature counter; 0 if it has none
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "passkey"


class AuthenticatorApp(Model):
    """The secret shared with a person's authenticator app (TOTP, RFC 6238)."""

    id = fields.IntField(primary_key=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "gallery.Person", related_name="authenticator_app", on_delete=fields.CASCADE
    )
    person_id: int
    secret = fields.CharField(max_length=300)  # encrypted with a key derived from the site's secret key
    last_step = fields.BigIntField()  # TOTP time step of the last accepted code; the next code must be later
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "authenticator_app"


class RecoveryCode(Model):
    """A code that replaces the second factor once. Used codes are deleted."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="recovery_codes", on_delete=fields.CASCADE
    )
    person_id: int
    code_hash = fields.CharField(max_length=64)

    class Meta:
        table = "recovery_code"


class SpentChallenge(Model):
    """An answered passkey challenge. It is kept until it expires, so that it cannot be answered again."""

    id = fields.IntField(primary_key=True)
    challenge_hash = fields.CharField(max_length=64, unique=True)
    at = fields.DatetimeField()

    class Meta:
        table = "spent_challenge"
