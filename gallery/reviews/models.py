"""Models: reviews, holds, deferrals, undone decisions, ready-made reasons, hints, near pairs, reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH, TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork, Submission
    from gallery.images.models import Image
    from gallery.themes.models import Theme


class Decision(LabelledEnum):
    ACCEPTED = "accepted", _l("accepted")
    RETURNED = "returned", _l("returned")
    DECLINED = "declined", _l("declined")

    @property
    def action_label(self) -> Any:
        """The label of the decision's button: “Accept”."""
        return _ACTION_LABELS[self]

    @property
    def opinion_label(self) -> Any:
        """The label of an opinion in the history: “Would accept”."""
        return _OPINION_LABELS[self]

    @property
    def own_opinion(self) -> Any:
        """The opinion as a sentence to the curator who gave it: “You would accept it.”"""
        return _OWN_OPINIONS[self]


_ACTION_LABELS = {
    Decision.ACCEPTED: _l("Accept"),
    Decision.RETURNED: _l("Return"),
    Decision.DECLINED: _l("Decline"),
}
_OPINION_LABELS = {
    Decision.ACCEPTED: _l("Would accept"),
    Decision.RETURNED: _l("Would return"),
    Decision.DECLINED: _l("Would decline"),
}
_OWN_OPINIONS = {
    Decision.ACCEPTED: _l("You would accept it."),
    Decision.RETURNED: _l("You would return it."),
    Decision.DECLINED: _l("You would decline it."),
}


class Review(Model):
    """A curator's decision on a submission."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="reviews", on_delete=fields.CASCADE
    )
    artwork_id: int
    submission: fields.OneToOneRelation[Submission] = fields.OneToOneField(
        "gallery.Submission", related_name="review", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="reviews", null=True, on_delete=fields.SET_NULL
    )
    by_id: int | None
    at = fields.DatetimeField()
    decision = fields.CharEnumField(Decision, max_length=10)
    reason = fields.TextField(default="")  # what the organisation reads
    notes: dict[str, str] = fields.JSONField(default=dict)  # form field → what to change there

    class Meta:
        table = "review"
        indexes = [("artwork_id",), ("by_id", "at")]


class Opinion(Model):
    """One curator's decision if the site requires two reviews. A curator's latest opinion counts."""

    id = fields.IntField(primary_key=True)
    submission: fields.ForeignKeyRelation[Submission] = fields.ForeignKeyField(
        "gallery.Submission", related_name="opinions", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="opinions", on_delete=fields.CASCADE
    )
    by_id: int
    at = fields.DatetimeField()
    decision = fields.CharEnumField(Decision, max_length=10)
    reason = fields.TextField(default="")
    notes: dict[str, str] = fields.JSONField(default=dict)

    is_one_of_two = True  # only opinions have this field, so templates can tell them from reviews

    class Meta:
        table = "opinion"
        indexes = [("submission_id",), ("by_id", "at")]


class ScoringRound(Model):
    """Until it closes, curators score the waiting works of a theme without knowing whose they are."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Theme] = fields.ForeignKeyField(
        "gallery.Theme", related_name="scoring_rounds", on_delete=fields.CASCADE
    )
    theme_id: int
    opened_at = fields.DatetimeField()
    opened_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="rounds_opened", null=True, on_delete=fields.SET_NULL
    )
    opened_by_id: int | None
    closes_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "scoring_round"
        indexes = [("theme_id",)]


class Score(Model):
    """One curator's score for a work in a scoring round: 1 to 5, with a note."""

    id = fields.IntField(primary_key=True)
    round: fields.ForeignKeyRelation[ScoringRound] = fields.ForeignKeyField(
        "gallery.ScoringRound", related_name="scores", on_delete=fields.CASCADE
    )
    round_id: int
    submission: fields.ForeignKeyRelation[Submission] = fields.ForeignKeyField(
        "gallery.Submission", related_name="scores", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="scores", on_delete=fields.CASCADE
    )
    by_id: int
    value = fields.IntField()
    note = fields.TextField(default="")
    at = fields.DatetimeField()

    class Meta:
        table = "score"
        unique_together = [("round", "submission", "by")]
        indexes = [("submission_id",)]


class Risk(Model):
    """The reason why showing a work might harm somebody.

    Only curators read it; the organisation reads the review's reason.
    """

    id = fields.IntField(primary_key=True)
    review: fields.OneToOneRelation[Review] = fields.OneToOneField(
        "gallery.Review", related_name="risk", on_delete=fields.CASCADE
    )
    review_id: int
    concern = fields.TextField()

    class Meta:
        table = "risk"


class Veto(Model):
    """A curator hid an accepted work, because showing it might harm somebody. Only curators read why."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="vetoes", on_delete=fields.CASCADE
    )
    artwork_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="vetoes", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    concern = fields.TextField()
    lifted_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="vetoes_lifted", null=True, on_delete=fields.SET_NULL
    )
    lifted_at = fields.DatetimeField(null=True)
    because = fields.TextField(default="")  # why the work can be shown again

    class Meta:
        table = "veto"
        indexes = [("artwork_id",)]


class LaterCheck(Model):
    """A curator has to look at this work, which was accepted automatically."""

    id = fields.IntField(primary_key=True)
    review: fields.OneToOneRelation[Review] = fields.OneToOneField(
        "gallery.Review", related_name="later_check", on_delete=fields.CASCADE
    )
    review_id: int
    looked_at = fields.DatetimeField(null=True, db_index=True)
    looked_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="later_checks", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "later_check"


class Undo(Model):
    """A decision that its curator undid within seconds."""

    id = fields.IntField(primary_key=True)
    submission: fields.ForeignKeyRelation[Submission] = fields.ForeignKeyField(
        "gallery.Submission", related_name="undone", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="undone", null=True, on_delete=fields.SET_NULL
    )
    decided_at = fields.DatetimeField()
    at = fields.DatetimeField()
    decision = fields.CharEnumField(Decision, max_length=10)
    reason = fields.TextField(default="")
    notes: dict[str, str] = fields.JSONField(default=dict)

    class Meta:
        table = "undo"
        indexes = [("submission_id",)]


class Hold(Model):
    """A curator is looking at a work: until `until` nobody else can decide on it."""

    id = fields.IntField(primary_key=True)
    artwork: fields.OneToOneRelation[Artwork] = fields.OneToOneField(
        "gallery.Artwork", related_name="hold", on_delete=fields.CASCADE
    )
    artwork_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="holds", on_delete=fields.CASCADE
    )
    person_id: int
    until = fields.DatetimeField(db_index=True)

    class Meta:
        table = "hold"


class Deferral(Model):
    """A curator put a submission at the end of their own queue."""

    id = fields.IntField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="deferrals", on_delete=fields.CASCADE
    )
    person_id: int
    submission: fields.ForeignKeyRelation[Submission] = fields.ForeignKeyField(
        "gallery.Submission", related_name="deferrals", on_delete=fields.CASCADE
    )
    submission_id: int
    at = fields.DatetimeField()

    class Meta:
        table = "deferral"
        indexes = [("submission_id",)]
        unique_together = [("person", "submission")]


class LastQueue(Model):
    """The filter that a curator used last in the queue, as a query string."""

    id = fields.IntField(primary_key=True)
    person: fields.OneToOneRelation[Person] = fields.OneToOneField(
        "gallery.Person", related_name="last_queue", on_delete=fields.CASCADE
    )
    person_id: int
    query = fields.CharField(max_length=500, default="")

    class Meta:
        table = "last_queue"


class ReadyReason(Model):
    """A reason that curators often give, for a field of the work or for the whole work."""

    id = fields.IntField(primary_key=True)
    field = fields.CharField(
        max_length=30, default=""
    )  # a field of the work's form; empty: the work as a whole
    text = TextsField()

    class Meta:
        table = "ready_reason"


class Hint(Model):
    """A check's finding in a submission. `facts`: the values for the placeholders in its sentence."""

    id = fields.IntField(primary_key=True)
    submission: fields.ForeignKeyRelation[Submission] = fields.ForeignKeyField(
        "gallery.Submission", related_name="hints", on_delete=fields.CASCADE
    )
    submission_id: int
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="hints", on_delete=fields.CASCADE
    )
    artwork_id: int
    check = fields.CharField(max_length=30)
    field = fields.CharField(max_length=60)
    excerpt = fields.TextField(default="")  # the words that the check found
    is_quoted = fields.BooleanField(default=False)  # whether the excerpt is in quotation marks
    facts: dict[str, str] = fields.JSONField(default=dict)
    key = fields.CharField(max_length=32)  # the same finding has the same key in every submission
    is_open = fields.BooleanField(default=True)  # False once a curator has dismissed the hint
    pair: fields.ForeignKeyNullableRelation[NearPair] = fields.ForeignKeyField(
        "gallery.NearPair", related_name="hints", null=True, on_delete=fields.CASCADE
    )  # set if the hint says that two pictures are nearly the same
    pair_id: int | None

    class Meta:
        table = "hint"
        indexes = [("check", "is_open"), ("submission_id", "is_open"), ("artwork_id", "key")]


class WavedOff(Model):
    """A curator's reason why a hint does not matter for this work."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="waved_off", on_delete=fields.CASCADE
    )
    artwork_id: int
    key = fields.CharField(max_length=32)
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="waved_off", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    reason = fields.CharField(max_length=300)

    class Meta:
        table = "waved_off"
        unique_together = [("artwork", "key")]


class HashBand(Model):
    """A 16-bit band of the perceptual hash of a picture sent for review, for finding near pictures."""

    id = fields.IntField(primary_key=True)
    image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "gallery.Image", related_name="hash_bands", on_delete=fields.CASCADE
    )
    image_id: int
    code = fields.IntField(db_index=True)  # band number × 65,536 + the band's 16 bits

    class Meta:
        table = "hash_band"
        indexes = [("image_id",)]


class PairOutcome(LabelledEnum):
    """What a curator decided about two works with nearly the same picture."""

    TWO_WORKS = "two_works", _l("These are two works.")
    SAME_WORK = "same_work", _l("These are the same work.")
    ASKED = "asked", _l("An organisation was asked.")


SETTLED_OUTCOMES = frozenset({PairOutcome.TWO_WORKS, PairOutcome.SAME_WORK})  # these close the pair's hints


class NearPair(Model):
    """Two works with nearly the same picture, and what a curator decided about them."""

    id = fields.IntField(primary_key=True)
    earlier: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="pairs_as_earlier", on_delete=fields.CASCADE
    )
    earlier_id: int
    later: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="pairs_as_later", on_delete=fields.CASCADE
    )
    later_id: int
    earlier_image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "gallery.Image", related_name="pairs_as_earlier", on_delete=fields.CASCADE
    )
    earlier_image_id: int
    later_image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "gallery.Image", related_name="pairs_as_later", on_delete=fields.CASCADE
    )
    later_image_id: int
    distance = fields.IntField()  # the number of bits in which the perceptual hashes differ
    is_mirrored = fields.BooleanField(default=False)
    outcome = fields.CharEnumField(PairOutcome, max_length=10, null=True)
    settled_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="pairs_settled", null=True, on_delete=fields.SET_NULL
    )
    settled_at = fields.DatetimeField(null=True)
    review: fields.ForeignKeyNullableRelation[Review] = fields.ForeignKeyField(
        "gallery.Review", related_name="pairs", null=True, on_delete=fields.SET_NULL
    )  # the decision that settled the pair
    review_id: int | None

    class Meta:
        table = "near_pair"
        unique_together = [("earlier_image", "later_image")]
        indexes = [("later_image_id",), ("earlier_id",), ("later_id",)]

    @property
    def is_settled(self) -> bool:
        return self.outcome in SETTLED_OUTCOMES


class ReportedFor(LabelledEnum):
    IT_IS_ME = "it_is_me", _l("I made it, I am seen in it, or it is about my family")
    NOT_THEIRS = "not_theirs", _l("It was made by somebody other than the artist named")
    HARMS = "harms", _l("It hurts or endangers somebody")
    OTHER = "other", _l("Something else")


class Report(Model):
    """A visitor's report that a work should not be shown."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="reports", on_delete=fields.CASCADE
    )
    artwork_id: int
    reported_for = fields.CharEnumField(ReportedFor, max_length=12)
    told = fields.TextField()
    email = fields.CharField(max_length=254, default="")  # empty if the visitor wants no answer
    language = fields.CharField(max_length=MAX_TAG_LENGTH)
    created_at = fields.DatetimeField(auto_now_add=True)
    closed_at = fields.DatetimeField(null=True, db_index=True)
    closed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="reports_closed", null=True, on_delete=fields.SET_NULL
    )
    note = fields.TextField(default="")  # what was done about the report; only curators read this

    class Meta:
        table = "report"
        indexes = [("artwork_id",)]
