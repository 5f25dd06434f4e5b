"""Models: artists, consents, requests for consent, signed forms and withdrawals."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from gallery.clock import now, today
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH, TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork
    from gallery.cases.models import Case
    from gallery.organisations.models import Organisation


class ArtistManager(Manager):
    def get_queryset(self) -> QuerySet[Artist]:
        return Artist.with_merged().filter(merged_into_id__isnull=True)


class Artist(Model):
    """A person who made works. The public knows only the credit name."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="artists", on_delete=fields.CASCADE
    )
    organisation_id: int
    credit_name = fields.CharField(
        max_length=80
    )  # in the artist's own language; sheets find the artist by this name
    credit_translations = TextsField()  # the credit name in other languages
    # The random address of the artist's public page. Null: the artist wants no page.
    page_id = fields.CharField(max_length=16, null=True)
    about = TextsField()  # optional, shown on the public page
    born = fields.CharField(
        max_length=10, default="", db_default=""
    )  # one of BIRTH_BANDS, never an exact date
    shows_born = fields.BooleanField(default=False, db_default=False)  # whether `born` is public
    created_at = fields.DatetimeField(auto_now_add=True)
    # Set if this row was merged into another row of the same person. A merged row has no works and no texts;
    # only its old page addresses redirect. Queries leave it out.
    merged_into: fields.ForeignKeyNullableRelation[Artist] = fields.ForeignKeyField(
        "gallery.Artist", related_name="merged", null=True, on_delete=fields.CASCADE
    )
    merged_into_id: int | None

    consents: fields.ReverseRelation[Consent]
    artworks: fields.ReverseRelation[Artwork]

    class Meta:
        table = "artist"
        indexes = [("organisation_id",), ("page_id",), ("merged_into_id",)]
        manager = ArtistManager()

    @classmethod
    def with_merged(cls) -> QuerySet[Artist]:
        """All artists, including those that were merged into others."""
        return QuerySet(cls)


BIRTH_BANDS = tuple(f"{decade}s" for decade in range(1920, 2030, 10))


class PrivateDetails(Model):
    """Details that only the artist's organisation sees, in a table that no public query reads."""

    id = fields.IntField(primary_key=True)
    artist: fields.OneToOneRelation[Artist] = fields.OneToOneField(
        "gallery.Artist", related_name="private_details", on_delete=fields.CASCADE
    )
    artist_id: int
    legal_name = fields.CharField(max_length=120, default="")
    contact = fields.TextField(default="")
    guardian = fields.TextField(default="")
    notes = fields.TextField(default="")
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="private_details_changed", null=True, on_delete=fields.SET_NULL
    )
    changed_at = fields.DatetimeField()

    class Meta:
        table = "private_details"


class AgreedBy(LabelledEnum):
    ARTIST = "artist", _l("the artist")
    PARENT = "parent", _l("a parent")
    GUARDIAN = "guardian", _l("a guardian")


# The last four are about cases: being told of in one, and what it may name or show of the person, each singly.
CASE_SCOPES = ("case", "case_diagnosis", "case_hospital", "case_face")
SCOPES = ("web", "voice", "sharing", "print", "archive", "machine_use", *CASE_SCOPES)


class ConsentState(LabelledEnum):
    NOT_YET = "not_yet", _l("not yet in force")  # the first day of the consent is in the future
    IN_FORCE = "in_force", _l("in force")
    EXPIRING = "expiring", _l("ends soon")  # the consent is in force and ends within EXPIRING_DAYS
    EXPIRED = "expired", _l("expired")
    WITHDRAWN = "withdrawn", _l("withdrawn")


EXPIRING_DAYS = 60


class Consent(Model):
    id = fields.IntField(primary_key=True)
    artist: fields.ForeignKeyRelation[Artist] = fields.ForeignKeyField(
        "gallery.Artist", related_name="consents", on_delete=fields.CASCADE
    )
    artist_id: int
    # Printed on the slip. Never logged. Stored in clear text, because the slip may be printed again.
    code = fields.CharField(max_length=32, unique=True)
    agreed_by = fields.CharEnumField(AgreedBy, max_length=10)
    for_web = fields.BooleanField(default=False)
    # The sound of a voice, which no other scope includes.
    for_voice = fields.BooleanField(default=False, db_default=False)
    for_sharing = fields.BooleanField(default=False)
    for_print = fields.BooleanField(default=False)
    for_archive = fields.BooleanField(default=False)
    for_machine_use = fields.BooleanField(default=False)
    for_case = fields.BooleanField(default=False, db_default=False)
    for_case_diagnosis = fields.BooleanField(default=False, db_default=False)
    for_case_hospital = fields.BooleanField(default=False, db_default=False)
    for_case_face = fields.BooleanField(default=False, db_default=False)
    starts_on = fields.DateField()
    ends_on = fields.DateField(null=True)  # the last day on which the consent is in force
    assent = fields.TextField(default="")  # the artist's own agreement, in words
    recorded_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="consents_recorded", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    withdrawn_at = fields.DatetimeField(null=True)

    # The older consent that this consent renews. Its works were moved to this consent.
    follows: fields.ForeignKeyNullableRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="followed_by", null=True, on_delete=fields.SET_NULL
    )
    follows_id: int | None

    artworks: fields.ReverseRelation[Artwork]
    cases: fields.ReverseRelation[Case]
    followed_by: fields.ReverseRelation[Consent]  # at most one renewal
    signed_forms: fields.ReverseRelation[SignedForm]
    request: fields.BackwardOneToOneRelation[ConsentRequest]  # by whose link it was given

    class Meta:
        table = "consent"
        indexes = [("artist_id",), ("follows_id",)]

    @property
    def scope(self) -> list[str]:
        return [name for name in SCOPES if getattr(self, f"for_{name}")]

    def state(self, day: date | None = None) -> ConsentState:
        """The state of the consent on `day` (default: today)."""
        day = day or today()
        if self.withdrawn_at is not None:
            return ConsentState.WITHDRAWN
        if day < self.starts_on:
            return ConsentState.NOT_YET
        if self.ends_on is not None and day > self.ends_on:
            return ConsentState.EXPIRED
        if self.ends_on is not None and (self.ends_on - day).days < EXPIRING_DAYS:
            return ConsentState.EXPIRING
        return ConsentState.IN_FORCE

    def covers_web(self, day: date | None = None) -> bool:
        """Whether the consent allows showing works on the web on `day` (default: today).

        In SQL: `consent_covers_web`.
        """
        return self.for_web and self.state(day) in {ConsentState.IN_FORCE, ConsentState.EXPIRING}


def consent_covers_web(consent: str = "") -> Q:
    """The SQL condition for `Consent.covers_web` today.

    `consent`: the prefix of the lookup, such as `consent__`.
    """
    day = today()
    has_no_end: dict[str, Any] = {f"{consent}ends_on__isnull": True}
    ends_later: dict[str, Any] = {f"{consent}ends_on__gte": day}
    covers: dict[str, Any] = {
        f"{consent}for_web": True,
        f"{consent}withdrawn_at__isnull": True,
        f"{consent}starts_on__lte": day,
    }
    return Q(Q(**has_no_end) | Q(**ends_later), **covers)


class ConsentWording(Model):
    """The words of a page on which families were asked for consent, as they were shown, once for each text."""

    id = fields.IntField(primary_key=True)  # the version that a consent names
    digest = fields.CharField(max_length=64, unique=True)  # SHA-256 of the text
    language = fields.CharField(max_length=MAX_TAG_LENGTH)
    text = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "consent_wording"


class ConsentRequestState(LabelledEnum):
    WAITING = "waiting", _l("no answer yet")
    AGREED = "agreed", _l("agreed")
    REFUSED = "refused", _l("did not agree")
    EXPIRED = "expired", _l("link expired")
    TAKEN_BACK = "taken_back", _l("taken back")


class ConsentRequest(Model):
    """A question to an artist or guardian, whether works may be shown, which they answer by its link."""

    id = fields.IntField(primary_key=True)
    artist: fields.ForeignKeyRelation[Artist] = fields.ForeignKeyField(
        "gallery.Artist", related_name="consent_requests", on_delete=fields.CASCADE
    )
    artist_id: int
    # The code in the link follows from `seed` and the site's secret key (consents.request_code), so that who reads
    # the database cannot agree. After an agreement it is the code of the consent.
    seed = fields.CharField(max_length=32)
    code_hash = fields.CharField(max_length=64, unique=True)
    list_name = fields.CharField(max_length=80, default="")  # such as a class; the organisation's own word
    asked_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="consent_requests", null=True, on_delete=fields.SET_NULL
    )
    asked_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    taken_back_at = fields.DatetimeField(null=True)
    answered_at = fields.DatetimeField(null=True)
    consent: fields.OneToOneNullableRelation[Consent] = fields.OneToOneField(
        "gallery.Consent", related_name="request", null=True, on_delete=fields.CASCADE
    )  # null in an answered request: they did not agree
    consent_id: int | None
    # SHA-256 of the pictures and voices that were shown to those who agreed: the consent covers works of these alone.
    seen_files: list[str] = fields.JSONField(default=list)
    # Private: who agreed, as typed. Read by private_details.read_signature alone, which writes each reading down.
    signer_name = fields.CharField(max_length=120, default="")
    wording: fields.ForeignKeyNullableRelation[ConsentWording] = fields.ForeignKeyField(
        "gallery.ConsentWording", related_name="requests", null=True, on_delete=fields.RESTRICT
    )
    wording_id: int | None

    works: fields.ReverseRelation[RequestedWork]

    class Meta:
        table = "consent_request"
        indexes = [("artist_id",)]

    @property
    def state(self) -> ConsentRequestState:
        if self.answered_at is not None:
            agreed = self.consent_id is not None
            return ConsentRequestState.AGREED if agreed else ConsentRequestState.REFUSED
        if self.taken_back_at is not None:
            return ConsentRequestState.TAKEN_BACK
        return ConsentRequestState.EXPIRED if self.expires_at <= now() else ConsentRequestState.WAITING


class RequestedWork(Model):
    """A work that a request for consent is about; after an agreement, a work for which the consent was given."""

    id = fields.IntField(primary_key=True)
    request: fields.ForeignKeyRelation[ConsentRequest] = fields.ForeignKeyField(
        "gallery.ConsentRequest", related_name="works", on_delete=fields.CASCADE
    )
    request_id: int
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="consent_requests", on_delete=fields.CASCADE
    )
    artwork_id: int
    # The consent under which the work was until the family agreed to this request, which still withdraws it.
    consent_before: fields.ForeignKeyNullableRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="works_asked_again", null=True, on_delete=fields.SET_NULL
    )
    consent_before_id: int | None

    class Meta:
        table = "requested_work"
        unique_together = [("request", "artwork")]
        indexes = [("artwork_id",), ("consent_before_id",)]


class SignedForm(Model):
    """A signed consent form: a PDF or a photograph in private storage. The site itself never opens it."""

    id = fields.IntField(primary_key=True)
    consent: fields.ForeignKeyRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="signed_forms", on_delete=fields.CASCADE
    )
    consent_id: int
    token = fields.CharField(max_length=32, unique=True)
    kind = fields.CharField(max_length=10)  # a key of private_details.MEDIA_TYPES
    file_bytes = fields.BigIntField()
    sha256 = fields.CharField(max_length=64, default="", db_default="")
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="signed_forms", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "signed_form"
        indexes = [("consent_id",)]


class Withdrawal(Model):
    """A withdrawn consent. The worker deletes the files of its works and then sets `files_deleted_at`."""

    id = fields.IntField(primary_key=True)
    consent: fields.OneToOneRelation[Consent] = fields.OneToOneField(
        "gallery.Consent", related_name="withdrawal", on_delete=fields.CASCADE
    )
    consent_id: int
    at = fields.DatetimeField()
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="withdrawals", null=True, on_delete=fields.SET_NULL
    )  # null: somebody used the link on the slip
    by_id: int | None
    files_deleted_at = fields.DatetimeField(null=True)
    # Tokens of credit logos that show one of the works. The files of these logos are deleted too.
    logo_tokens: list[str] | None = fields.JSONField(null=True)

    class Meta:
        table = "withdrawal"
