"""Works and their submissions, and the one rule of what is on view."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self, cast

from tortoise import fields
from tortoise.expressions import Q, RawSQL, Subquery
from tortoise.manager import Manager
from tortoise.models import Model
from tortoise.queryset import QuerySet

from gallery.artists.models import ConsentState, consent_covers_web
from gallery.clock import now
from gallery.db.subqueries import is_sqlite, looked_up
from gallery.exhibitions.models import Edition, Hanging
from gallery.images.models import Image, ImageState
from gallery.themes.models import Theme
from gallery.web.languages import LabelledEnum, LocalizedText, gettext
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH, Texts, TextsField

if TYPE_CHECKING:
    from tortoise.backends.base.client import BaseDBAsyncClient

    from gallery.accounts.models import Person
    from gallery.artists.models import Artist, Consent
    from gallery.artworks.private_share_models import PrivateShare
    from gallery.organisations.models import Organisation, Project
    from gallery.reviews.models import Review, Veto
    from gallery.sounds.models import Sound
    from gallery.stats.models import Appreciation, WorkCount


class Status(LabelledEnum):
    """The state of a work: a summary of its submissions, reviews and the withdrawal of its consent."""

    DRAFT = "draft", _l("draft")
    SUBMITTED = "submitted", _l("submitted")
    RETURNED = "returned", _l("returned")
    ACCEPTED = "accepted", _l("accepted")
    DECLINED = "declined", _l("declined")
    WITHDRAWN = "withdrawn", _l("withdrawn")

    @property
    def curator_label(self) -> str:
        """The status label on pages for curators: "Waiting" instead of "submitted"."""
        return gettext("Waiting") if self is Status.SUBMITTED else str(self.label).capitalize()


# In these states the organisation cannot change the work: its values are under review, or accepted.
LOCKED_STATUSES = {Status.SUBMITTED, Status.ACCEPTED}
# In these states the organisation may change the work.
EDITABLE_STATUSES = (Status.DRAFT, Status.RETURNED)


PUBLIC_ID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without letters and digits that look alike


def new_public_id() -> str:
    """10 random characters that identify a work, or the page of an artist, in public addresses."""
    return "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _ in range(10))


class ArtworkQuerySet(QuerySet["Artwork"]):
    def on_view(self, *, as_set: bool = False) -> Self:
        """Only works that visitors may see now; see `is_on_view`."""
        return cast(Self, self.filter(is_on_view(as_set=as_set)))


def is_on_view(*, as_set: bool = False) -> Q:
    """The filter for works that visitors may see now; `Artwork.is_on_view` is the same for a loaded work.

    Such a work may be exhibited and hangs in an open edition. SQLite looks up the hangings of each work,
    which is fast for one page of works. With `as_set`, it first computes the set of all hung works, which is
    faster for a query over most works of the site. PostgreSQL chooses by itself.
    """
    if as_set or not is_sqlite():
        hung = Edition.filter(edition_is_open()).values("rooms__hangings__artwork_id")
    else:
        of_this_work = Hanging.filter(
            looked_up("artwork_id", '"artwork"."id"'), edition_is_open("room__edition__")
        )
        hung = of_this_work.order_by("artwork_id").values(
            "artwork_id"
        )  # replaces the default order, for speed
    return may_be_exhibited() & Q(id__in=Subquery(hung))


def has_theme(theme_id: int) -> Q:
    """The filter for works with a theme. With a join instead, SQLite would begin with all works of the site."""
    return Q(id__in=Subquery(Theme.filter(id=theme_id).values("artworks__id")))


def hangs_in(**condition: Any) -> Q:
    """The filter for works with a hanging under this condition. It makes databases begin with these works.

    To read or order by columns of the hangings, add the condition as a join, too.
    """
    return Q(id__in=Subquery(Hanging.filter(**condition).order_by("artwork_id").values("artwork_id")))


def edition_is_open(edition: str = "") -> Q:
    """The filter for editions that visitors see; `Edition.is_shown` in SQL.

    `edition`: the prefix of the lookup, such as `room__edition__`.
    """
    stays: dict[str, Any] = {f"{edition}leaves_when_closed": False}
    has_no_end: dict[str, Any] = {f"{edition}closes_at__isnull": True}
    ends_later: dict[str, Any] = {f"{edition}closes_at__gt": now()}
    return edition_has_opened(edition) & Q(Q(**stays) | Q(**has_no_end) | Q(**ends_later))


def edition_has_opened(edition: str = "") -> Q:
    """The filter for editions that have opened and were not replaced, even if they have closed."""
    opened: dict[str, Any] = {f"{edition}opens_at__lte": now()}
    return edition_is_not_replaced(edition) & Q(**opened)


def edition_is_not_replaced(edition: str = "") -> Q:
    """The filter for published editions that no later edition has replaced."""
    is_last: dict[str, Any] = {f"{edition}shown_until__isnull": True}
    is_not_replaced_yet: dict[str, Any] = {f"{edition}shown_until__gt": now()}
    counts: dict[str, Any] = {f"{edition}is_current": True}
    return Q(Q(**is_last) | Q(**is_not_replaced_yet), **counts)


def may_hang(artwork: str = "") -> Q:
    """The filter for works that curators may hang; `Artwork.may_hang` in SQL.

    `artwork`: the prefix of the lookup, such as `artwork__`.
    """
    accepted: dict[str, Any] = {f"{artwork}status": Status.ACCEPTED, f"{artwork}is_vetoed": False}
    return Q(**accepted)


def may_be_exhibited() -> Q:
    """The filter for works that may be shown in exhibitions; `Artwork.hindrance() is None` in SQL."""
    # Not a join: SQLite would begin with the index of states, and almost every image is ready.
    ready = Image.filter(looked_up("id", '"artwork"."image_id"'), state=ImageState.READY).values("id")
    return (
        may_hang()
        & consent_covers_web("consent__")
        & Q(image_id__in=Subquery(ready), organisation__is_active=True)
        & _further_pictures_are_complete()
    )


# Written as SQL, because it is part of every query for works on view: the ORM would build it again each time.
COMPLETE_PICTURES = RawSQL(
    '(SELECT COUNT(*) FROM "artwork_picture" "further" JOIN "image" "shown" ON "shown"."id" = "further"."image_id"'
    ' WHERE "further"."artwork_id" = "artwork"."id" AND "shown"."state" = \'ready\' AND "further"."alt_text" <> \'{}\')'
)


def _further_pictures_are_complete() -> Q:
    """The filter for works whose further pictures are all ready and described.

    Almost all works have none. For them the database reads a number in the row and needs no lookup.
    """
    return Q(Q(more_pictures=0) | Q(more_pictures=COMPLETE_PICTURES))


def has_image(ids: Collection[int]) -> Q:
    """The filter for works that have one of these images as the first or a further picture."""
    further = Picture.filter(image_id__in=list(ids)).values("artwork_id")
    return Q(Q(image_id__in=list(ids)) | Q(id__in=Subquery(further)))


def images_of(works: QuerySet[Artwork]) -> Q:
    """The filter for the images of all pictures of `works`, first and further ones.

    It uses the rows of pictures, not the stored number of them, because withdrawals delete images by this
    filter.
    """
    of_further = Picture.filter(artwork_id__in=Subquery(works.values("id"))).values("image_id")
    return Q(Q(id__in=Subquery(works.values("image_id"))) | Q(id__in=Subquery(of_further)))


class Hindrance(LabelledEnum):
    """The reasons why a work may not be shown in any exhibition."""

    WITHDRAWN = "withdrawn", _l("Withdrawn")
    NOT_ACCEPTED = "not_accepted", _l("No longer accepted")
    VETOED = "vetoed", _l("Taken off view")
    NO_CONSENT = "no_consent", _l("No consent")
    CONSENT_NOT_FOR_WEB = "consent_not_for_web", _l("Consent not for the web")
    CONSENT_NOT_YET = "consent_not_yet", _l("Consent not in force yet")
    CONSENT_EXPIRED = "consent_expired", _l("Consent expired")
    CONSENT_WITHDRAWN = "consent_withdrawn", _l("Consent withdrawn")
    ORGANISATION_STOPPED = "organisation_stopped", _l("Organisation not active")
    PICTURE_NOT_READY = "picture_not_ready", _l("Picture not ready")
    PICTURE_NOT_DESCRIBED = "picture_not_described", _l("Picture without alt text")


HINDRANCE_OF_CONSENT = {
    ConsentState.NOT_YET: Hindrance.CONSENT_NOT_YET,
    ConsentState.EXPIRED: Hindrance.CONSENT_EXPIRED,
    ConsentState.WITHDRAWN: Hindrance.CONSENT_WITHDRAWN,
}


class ArtworkManager(Manager):
    def get_queryset(self) -> ArtworkQuerySet:
        return ArtworkQuerySet(Artwork)


MAX_PICTURES = 24  # the most pictures of one work
FIRST = 0  # in place of a row id: the first picture has no row of its own


class NumberedPicture(NamedTuple):
    """One picture of a work, first or further, with its texts."""

    id: int  # id of its row; FIRST for the first picture
    number: int  # from 1
    image: Image
    alt_text: Texts
    caption: Texts
    language: str  # language of the original texts

    def localized(self, field: str, language: str | None = None) -> LocalizedText:
        """`alt_text` or `caption` for a reader of `language` (default: the page's)."""
        text: LocalizedText = getattr(self, field).localized(language, self.language)
        return text


class Artwork(Model):
    """One or more pictures with their story, in the artist's language, with any number of translations.

    The first picture is `image`, with `alt_text` and `caption`: it hangs on walls. The others are
    `further_pictures`.
    """

    id = fields.IntField(primary_key=True)
    public_id = fields.CharField(max_length=16, unique=True, default=new_public_id)
    form_key = fields.CharField(max_length=32, null=True, unique=True)  # a form sent twice creates one work
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="artworks", on_delete=fields.CASCADE
    )
    organisation_id: int
    artist: fields.ForeignKeyNullableRelation[Artist] = fields.ForeignKeyField(
        "gallery.Artist", related_name="artworks", null=True, on_delete=fields.RESTRICT
    )
    artist_id: int | None
    consent: fields.ForeignKeyNullableRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="artworks", null=True, on_delete=fields.RESTRICT
    )
    consent_id: int | None
    project: fields.ForeignKeyNullableRelation[Project] = fields.ForeignKeyField(
        "gallery.Project", related_name="artworks", null=True, on_delete=fields.SET_NULL
    )
    project_id: int | None
    image: fields.OneToOneNullableRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="artwork", null=True, on_delete=fields.SET_NULL
    )
    image_id: int | None
    sound: fields.OneToOneNullableRelation[Sound] = fields.OneToOneField(
        "gallery.Sound", related_name="artwork", null=True, on_delete=fields.SET_NULL
    )
    sound_id: int | None
    themes: fields.ManyToManyRelation[Theme] = fields.ManyToManyField(
        "gallery.Theme", related_name="artworks", through="artwork_theme"
    )

    language = fields.CharField(max_length=MAX_TAG_LENGTH, default="zh")  # language of the original texts
    title = TextsField()
    story = TextsField()  # Markdown
    alt_text = TextsField()  # of the first picture; so is `caption`
    caption = TextsField()
    medium = TextsField()
    assistance = TextsField()  # the help that the artist had, or "drawn alone"
    # The words of the voice. If the lines begin with times, they are shown as captions
    # (sounds/transcripts.py).
    transcript = TextsField()
    size = fields.CharField(max_length=80, default="", db_default="")  # as typed; see sizes.py
    date_made = fields.CharField(max_length=80, default="", db_default="")  # as typed; see dates.py
    made_from = fields.IntField(null=True)  # the first day that `date_made` can mean, as 20241231
    made_until = fields.IntField(null=True)  # the last day that it can mean
    year = fields.IntField(null=True)  # the year of `made_from`; the previous release knows no other date
    inventory_number = fields.CharField(
        max_length=60, null=True
    )  # the organisation's own; NULL if it has none
    unfinished: dict[str, list[str]] = fields.JSONField(
        default=dict, db_default={}
    )  # form field → typed values that are not valid yet

    # The number of `further_pictures`. It is stored, so that lists and the rule of what is on view need no
    # lookup.
    more_pictures = fields.SmallIntField(default=0, db_default=0)

    status = fields.CharEnumField(Status, max_length=10, default=Status.DRAFT)
    is_vetoed = fields.BooleanField(default=False, db_default=False)  # a curator took the work off view
    # When visitors first saw an edition with the work, or will; null: never. See first_showings.py.
    first_shown_at = fields.DatetimeField(null=True)
    created_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="artworks", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    further_pictures: fields.ReverseRelation[Picture]
    submissions: fields.ReverseRelation[Submission]
    reviews: fields.ReverseRelation[Review]
    vetoes: fields.ReverseRelation[Veto]
    hangings: fields.ReverseRelation[Hanging]
    counts: fields.ReverseRelation[WorkCount]
    appreciations: fields.ReverseRelation[Appreciation]

    class Meta:
        table = "artwork"
        unique_together = [("organisation", "inventory_number")]
        indexes = [
            ("organisation_id",),
            ("status", "is_vetoed"),
            ("organisation_id", "status"),
            ("organisation_id", "updated_at"),
            ("artist_id",),
            ("consent_id",),
            ("project_id",),
            ("first_shown_at", "id"),
        ]
        manager = ArtworkManager()

    @classmethod
    def all(cls, using_db: BaseDBAsyncClient | None = None) -> ArtworkQuerySet:
        return cast(ArtworkQuerySet, super().all(using_db))

    def own(self, field: str) -> str:
        """The original text of `field`; "" if there is none."""
        words: str = getattr(self, field).get(self.language, "")
        return words

    def localized(self, field: str, language: str | None = None) -> LocalizedText:
        """`field` for a reader of `language` (default: the page's), by the fallback rule of Texts."""
        text: LocalizedText = getattr(self, field).localized(language, self.language)
        return text

    def others(self, field: str) -> list[LocalizedText]:
        """`field` in the languages that `localized` does not return, the original first."""
        texts: list[LocalizedText] = getattr(self, field).others(
            self.localized(field).language, self.language
        )
        return texts

    def translations(self, field: str) -> list[LocalizedText]:
        """The translations of `field`, without the original."""
        texts: list[LocalizedText] = getattr(self, field).others(self.language, self.language)
        return texts

    @property
    def picture_count(self) -> int:
        """The number of pictures of a work that has a first picture."""
        return 1 + int(self.more_pictures)

    @property
    def later_pictures(self) -> list[Picture]:
        """The further pictures in their order; further_pictures.load_further_pictures must have fetched them."""
        if not self.more_pictures:
            return []
        return sorted(self.further_pictures, key=lambda each: (each.position, each.id))

    @property
    def last_position(self) -> int:
        """The position of the last picture; the further pictures must be fetched."""
        return max((each.position for each in self.later_pictures), default=1)

    def all_pictures(self) -> Iterator[NumberedPicture]:
        """All pictures in their order; `image` and the further pictures must be fetched."""
        if self.image is not None:
            yield NumberedPicture(FIRST, 1, self.image, self.alt_text, self.caption, self.language)
        for number, each in enumerate(self.later_pictures, 2):
            yield NumberedPicture(each.id, number, each.image, each.alt_text, each.caption, self.language)

    @property
    def is_on_view(self) -> bool:
        """Whether visitors may see the work now.

        The relations image, consent, organisation and `hangings__room__edition` must be fetched, and the further
        pictures.
        """
        return self.hindrance() is None and any(hanging.room.edition.is_shown() for hanging in self.hangings)

    @property
    def may_hang(self) -> bool:
        """Whether curators may hang the work."""
        return self.status == Status.ACCEPTED and not self.is_vetoed

    def hindrance(self) -> Hindrance | None:
        """Why the work may not be shown today in any exhibition; None if it may.

        Image, further pictures, consent and organisation must be fetched.
        """
        if not self.may_hang:
            if self.status == Status.WITHDRAWN:
                return Hindrance.WITHDRAWN
            return Hindrance.VETOED if self.status == Status.ACCEPTED else Hindrance.NOT_ACCEPTED
        if self.consent is None:
            return Hindrance.NO_CONSENT
        if not self.consent.for_web:
            return Hindrance.CONSENT_NOT_FOR_WEB
        if of_consent := HINDRANCE_OF_CONSENT.get(self.consent.state()):
            return of_consent
        if not self.organisation.is_active:
            return Hindrance.ORGANISATION_STOPPED
        if self.image is None or self.image.state != ImageState.READY:
            return Hindrance.PICTURE_NOT_READY
        if any(each.image.state != ImageState.READY for each in self.later_pictures):
            return Hindrance.PICTURE_NOT_READY
        if not all(each.alt_text for each in self.later_pictures):
            return Hindrance.PICTURE_NOT_DESCRIBED
        return None

    @property
    def is_editable(self) -> bool:
        """Whether the organisation may change the work: only a draft or a returned work."""
        return self.status in EDITABLE_STATUSES


class Picture(Model):
    """A further picture of a work: the second to the twenty-fourth."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="further_pictures", on_delete=fields.CASCADE
    )
    artwork_id: int
    position = fields.SmallIntField()  # orders the further pictures of a work; there may be gaps
    image: fields.OneToOneRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="further_picture", on_delete=fields.CASCADE
    )
    image_id: int
    alt_text = TextsField()
    caption = TextsField()

    class Meta:
        table = "artwork_picture"
        indexes = [("artwork_id", "position")]


class Stage(LabelledEnum):
    """The stage of a review that needs two curators."""

    FIRST = "first", ""  # no curator has decided yet
    SECOND = "second", _l("Second review")  # a second curator decides without seeing the first decision
    DISPUTED = "disputed", _l("Two curators disagree")


class Submission(Model):
    """One submission of a work, with its snapshot, or a proposal for an accepted work."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="submissions", on_delete=fields.CASCADE
    )
    artwork_id: int
    number = fields.IntField()  # counts the submissions of one work, from 1
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="submissions", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    sent: dict[str, str] = fields.JSONField(default=dict, db_default={})  # snapshot: field → value
    replaces: dict[str, str] | None = fields.JSONField(
        null=True
    )  # only in a proposal: the snapshot that was accepted when the proposal was sent
    is_waiting = fields.BooleanField(
        default=True, db_default=True
    )  # true until a curator decides or the organisation takes the submission back
    stage = fields.CharEnumField(Stage, max_length=10, default=Stage.FIRST, db_default=Stage.FIRST)
    checked_with = fields.IntField(default=0, db_default=0)  # CHECKS_VERSION of the last check; 0: unchecked
    checked_on = fields.DateField(null=True)
    awaits_trust = fields.BooleanField(
        default=False, db_default=False
    )  # whether the work may be accepted at once, because the organisation is trusted

    taken_back: fields.BackwardOneToOneRelation[TakingBack]
    private_share: fields.BackwardOneToOneRelation[PrivateShare]

    class Meta:
        table = "submission"
        unique_together = [("artwork", "number")]
        indexes = [("is_waiting", "at"), ("checked_with",), ("awaits_trust",)]

    @property
    def is_proposal(self) -> bool:
        """Whether the submission is a proposal for an accepted work."""
        return self.replaces is not None

    @property
    def proposed_image_id(self) -> int | None:
        """The id of the image that the proposal would add, or replace another one with; None if there is none."""
        new = images_in(self.sent) - images_in(self.replaces or {}) if self.replaces else set()
        return next(iter(new), None)


def further_pictures_in(snapshot: Mapping[str, str]) -> dict[int, int]:
    """The further pictures of a snapshot (snapshots.py) in their order: id of the picture → id of its image."""
    pairs = (each.partition(":") for each in snapshot.get("pictures", "").split())
    return {int(id): int(image_id) for id, _, image_id in pairs}


def images_in(snapshot: Mapping[str, str]) -> set[int]:
    """The ids of the images of all pictures in a snapshot."""
    first = snapshot.get("picture", "")
    return {*([int(first)] if first else []), *further_pictures_in(snapshot).values()}


class TakingBack(Model):
    """A submission that its organisation took back before a decision."""

    id = fields.IntField(primary_key=True)
    submission: fields.OneToOneRelation[Submission] = fields.OneToOneField(
        "gallery.Submission", related_name="taken_back", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="takings_back", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()

    class Meta:
        table = "taking_back"
