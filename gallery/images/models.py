"""Images, as they are kept: an original and what was made of it. A row that is `received` is work to do."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from gallery.images.framing import FRAME_UNITS, Framing
from gallery.images.renditions import FORMATS, file_name, widths_for
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import datetime

    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork
    from gallery.images.profile_image_models import ProfileImage
    from gallery.organisations.models import Organisation


class ImageState(LabelledEnum):
    RECEIVED = "received", _l("The picture is being prepared. Please come back in a moment.")
    READY = "ready", ""
    REFUSED = "refused", _l("This picture could not be prepared. Please choose another.")
    ERASED = (
        "erased",
        _l("This picture could not be prepared. Please choose another."),
    )  # its work was withdrawn: no file is left

    @property
    def curator_label(self) -> Any:
        """The label on curators' pages: they cannot choose another picture."""
        if self in {ImageState.REFUSED, ImageState.ERASED}:
            return _l("The picture could not be prepared. Please return the work with a note on it.")
        return self.label


def new_token() -> str:
    """22 unguessable characters: the name of a picture in storage and in its addresses."""
    return secrets.token_urlsafe(16)


class Image(Model):
    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="images", on_delete=fields.CASCADE
    )
    organisation_id: int
    state = fields.CharEnumField(ImageState, max_length=10, default=ImageState.RECEIVED, db_index=True)
    refusal = fields.CharField(max_length=30, default="")  # a key of decoder.REFUSALS
    source_format = fields.CharField(max_length=10)
    source_bytes = fields.BigIntField()
    source_sha256 = fields.CharField(max_length=64, default="", db_default="")  # of the original
    # Whether that digest was taken from what lay in storage, not from what arrived: a damage before that it cannot tell.
    is_digest_late = fields.BooleanField(default=False, db_default=False)
    is_animated = fields.BooleanField(default=False)
    width = fields.IntField()  # px, upright and framed; both are 0 while nobody could look at it
    height = fields.IntField()
    # How it is framed, as in Framing: the original stays as it came.
    turn = fields.IntField(default=0, db_default=0)
    crop_left = fields.IntField(default=0, db_default=0)
    crop_top = fields.IntField(default=0, db_default=0)
    crop_right = fields.IntField(default=FRAME_UNITS, db_default=FRAME_UNITS)
    crop_bottom = fields.IntField(default=FRAME_UNITS, db_default=FRAME_UNITS)
    placeholder = fields.TextField(default="")  # a data: URI, about 12 px wide
    mean_colour = fields.CharField(max_length=7, default="#888888")
    perceptual_hash = fields.CharField(max_length=16, default="", db_index=True)
    softness = fields.IntField(
        null=True
    )  # 0 to 1000, as pixels.softness tells it; null where nobody measured
    # Whether the desk can show it while it is received.
    has_preview = fields.BooleanField(default=False, db_default=False)
    is_public = fields.BooleanField(default=False)  # whether its renditions lie in public storage
    attempts = fields.IntField(default=0)  # how often it was claimed; tells apart who holds it now
    failures = fields.IntField(
        default=0, db_default=0
    )  # attempts for which this machine had no time or memory
    attempt_after = fields.DatetimeField(null=True)  # after such a one: others go first until then
    losses = fields.IntField(default=0, db_default=0)  # attempts whose worker was never heard of again
    lease_until = fields.DatetimeField(null=True)  # whoever claimed it must be done by then
    # Whether its tiles lie in public storage.
    has_tiles = fields.BooleanField(default=False, db_default=False)
    tiling_attempts = fields.IntField(default=0, db_default=0)
    tiling_until = fields.DatetimeField(null=True)  # the lease of whoever puts tiles into public storage
    # The work whose picture it may become, or may become again: it is proposed, or was lately replaced. A number and no
    # relation: works refer to images already, and tables cannot be made in a circle.
    candidate_for_id = fields.IntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    # Bytes of each private rendition by its name, to notice one that was cut; empty: nobody noted them.
    rendition_bytes: dict[str, int] = fields.JSONField(default=dict, db_default={})
    ready_at = fields.DatetimeField(null=True)  # of one that is ready, null: it is to be developed once more

    artwork: fields.BackwardOneToOneRelation[Artwork]
    emblem: fields.BackwardOneToOneRelation[ProfileImage]
    derivatives: fields.ReverseRelation[Derivative]
    fingerprint: fields.BackwardOneToOneRelation[Fingerprint]

    class Meta:
        table = "image"
        indexes = [("organisation_id",), ("candidate_for_id",)]

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def framing(self) -> Framing:
        return Framing(self.turn, self.crop_left, self.crop_top, self.crop_right, self.crop_bottom)

    @property
    def whole_size(self) -> tuple[int, int]:
        """The size (px) of the picture as it came, to within a pixel or so where it is cropped."""
        across, down = self.crop_right - self.crop_left, self.crop_bottom - self.crop_top
        return self.framing.turned(
            (round(self.width * FRAME_UNITS / across), round(self.height * FRAME_UNITS / down))
        )

    @property
    def is_looked_at(self) -> bool:
        """Whether it was opened at least once; until then its size is not known, nor whether it can be shown."""
        return self.width > 0

    @property
    def is_late(self) -> bool:
        """Whether this machine had no time for it yet, so that whoever waits for it is told so."""
        return self.state == ImageState.RECEIVED and (self.failures > 0 or not self.is_looked_at)

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def is_small(self) -> bool:
        return self.is_looked_at and max(self.width, self.height) < 1200

    def widths(self) -> tuple[int, ...]:
        return widths_for(self.width)

    def file_names(self) -> list[str]:
        return [file_name(width, format.name) for width in self.widths() for format in FORMATS]


class Fingerprint(Model):
    """What tells whether another picture shows this one (fingerprints.py).

    It outlives the withdrawal of its work, so that the picture is recognised when it is uploaded again.
    """

    id = fields.IntField(primary_key=True)
    image: fields.OneToOneRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="fingerprint", on_delete=fields.CASCADE
    )
    image_id: int
    code = fields.BinaryField()  # empty, and like no other, where the picture could not be opened

    class Meta:
        table = "fingerprint"


class Derivative(Model):
    """A piece of a picture that was made on demand and is kept in public storage for the next who asks."""

    id = fields.IntField(primary_key=True)
    image: fields.ForeignKeyRelation[Image] = fields.ForeignKeyField(
        "gallery.Image", related_name="derivatives", on_delete=fields.CASCADE
    )
    image_id: int
    name = fields.CharField(max_length=120)
    file_bytes = fields.BigIntField()
    made_at = fields.DatetimeField(auto_now_add=True, db_index=True)

    class Meta:
        table = "derivative"
        unique_together = (("image", "name"),)


def new_upload_token() -> str:
    """32 hex digits: the name of an upload in its address, and the key of the one work that is made of it."""
    return secrets.token_hex(16)


class Upload(Model):
    """A picture that arrives in pieces, and goes on after the connection was lost. How much is there, its file says."""

    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_upload_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="uploads", on_delete=fields.CASCADE
    )
    organisation_id: int
    by: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="uploads", on_delete=fields.CASCADE
    )
    by_id: int
    length = fields.BigIntField()  # bytes, as they were announced
    metadata = fields.TextField(default="")  # as the client sent it; it is told again when it asks
    expires_at = fields.DatetimeField(db_index=True)
    completed_at: datetime | None = fields.DatetimeField(null=True)
    artwork: fields.ForeignKeyNullableRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="uploads", null=True, on_delete=fields.SET_NULL
    )
    artwork_id: int | None

    class Meta:
        table = "upload"
        indexes = [("by_id", "completed_at"), ("organisation_id",), ("artwork_id",)]
