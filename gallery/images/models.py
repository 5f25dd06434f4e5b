"""Stored images: an original and the files made from it. A row in state `received` is a job for the
worker."""

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
    from gallery.artworks.models import Artwork, Picture
    from gallery.images.profile_image_models import ProfileImage
    from gallery.organisations.models import Organisation


class ImageState(LabelledEnum):
    RECEIVED = "received", _l("The picture is being prepared. Please come back in a moment.")
    READY = "ready", ""
    REFUSED = "refused", _l("This picture could not be prepared. Please choose another.")
    # No file is left, for instance because its work was withdrawn.
    ERASED = "erased", _l("This picture could not be prepared. Please choose another.")

    @property
    def curator_label(self) -> Any:
        """The label on curators' pages. Unlike partners, curators cannot choose another picture."""
        if self in {ImageState.REFUSED, ImageState.ERASED}:
            return _l("The picture could not be prepared. Please return the work with a note on it.")
        return self.label


def new_token() -> str:
    """22 unguessable characters: the picture's name in storage and in its addresses."""
    return secrets.token_urlsafe(16)


class Image(Model):
    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="images", on_delete=fields.CASCADE
    )
    organisation_id: int
    state = fields.CharEnumField(ImageState, max_length=10, default=ImageState.RECEIVED, db_index=True)
    refusal = fields.CharField(max_length=30, default="")  # a key of parent.REFUSALS
    source_format = fields.CharField(max_length=10)
    source_bytes = fields.BigIntField()
    source_sha256 = fields.CharField(max_length=64, default="", db_default="")  # hex digest of the original
    # The name of the file as it was sent, while its work is a draft: sheets find the draft by it.
    source_name = fields.CharField(max_length=200, default="", db_default="")
    # Whether source_sha256 was computed from the stored file and not during the upload. Such a digest does
    # not reveal damage from before it was computed.
    is_digest_late = fields.BooleanField(default=False, db_default=False)
    is_animated = fields.BooleanField(default=False)
    width = fields.IntField()  # px, upright and framed; both are 0 until the picture is first opened
    height = fields.IntField()
    # The framing, in the units of `Framing`. The original stays unchanged.
    turn = fields.IntField(default=0, db_default=0)
    crop_left = fields.IntField(default=0, db_default=0)
    crop_top = fields.IntField(default=0, db_default=0)
    crop_right = fields.IntField(default=FRAME_UNITS, db_default=FRAME_UNITS)
    crop_bottom = fields.IntField(default=FRAME_UNITS, db_default=FRAME_UNITS)
    placeholder = fields.TextField(default="")  # the picture about 12 px wide, as a data: URI
    mean_colour = fields.CharField(max_length=7, default="#888888")
    perceptual_hash = fields.CharField(max_length=16, default="", db_index=True)
    # 0 to 1000, see developing.softness; null if not measured.
    softness = fields.IntField(null=True)
    # Whether there is a preview, which the desk shows in state `received`.
    has_preview = fields.BooleanField(default=False, db_default=False)
    is_public = fields.BooleanField(default=False)  # whether the renditions are in public storage
    attempts = fields.IntField(default=0)  # number of claims; also identifies the current claim
    # Attempts for which this machine had too little time or memory.
    failures = fields.IntField(default=0, db_default=0)
    attempt_after = fields.DatetimeField(null=True)  # earliest moment of the next claim after a failure
    losses = fields.IntField(default=0, db_default=0)  # attempts whose worker was killed
    lease_until = fields.DatetimeField(null=True)  # end of the lease of the worker that has claimed the row
    # Whether its tiles are in public storage.
    has_tiles = fields.BooleanField(default=False, db_default=False)
    tiling_attempts = fields.IntField(default=0, db_default=0)
    tiling_until = fields.DatetimeField(null=True)  # end of the lease of the worker that makes the tiles
    # The work for which this picture is proposed, or in which it was recently replaced. Not a foreign key:
    # works have a foreign key to images, and tables with circular foreign keys cannot be created.
    candidate_for_id = fields.IntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    # Bytes of each private rendition by its name, to detect truncated files; empty if not recorded.
    rendition_bytes: dict[str, int] = fields.JSONField(default=dict, db_default={})
    ready_at = fields.DatetimeField(null=True)  # null in state `ready`: the worker makes the renditions again

    artwork: fields.BackwardOneToOneRelation[Artwork]  # the work whose first picture this is
    further_picture: fields.BackwardOneToOneRelation[Picture]
    profile_image: fields.BackwardOneToOneRelation[ProfileImage]
    derivatives: fields.ReverseRelation[Derivative]
    fingerprint: fields.BackwardOneToOneRelation[Fingerprint]

    class Meta:
        table = "image"
        # Lets the worker quickly find the few images that wait for renditions or tiles.
        indexes = [
            ("organisation_id",),
            ("organisation_id", "source_sha256"),
            ("candidate_for_id",),
            ("is_public", "has_tiles"),
            ("state", "ready_at"),
            ("tiling_until",),
        ]

    @property
    def work(self) -> Artwork | None:
        """The work to which the picture belongs; `artwork` and `further_picture__artwork` must be fetched."""
        return self.artwork or (self.further_picture.artwork if self.further_picture else None)

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    @property
    def framing(self) -> Framing:
        return Framing(self.turn, self.crop_left, self.crop_top, self.crop_right, self.crop_bottom)

    @property
    def whole_size(self) -> tuple[int, int]:
        """The size (px) before the framing's turn and crop; if the picture is cropped, accurate to about a pixel."""
        across, down = self.crop_right - self.crop_left, self.crop_bottom - self.crop_top
        return self.framing.turned(
            (round(self.width * FRAME_UNITS / across), round(self.height * FRAME_UNITS / down))
        )

    @property
    def is_inspected(self) -> bool:
        """Whether the image was opened at least once. Before that, nobody knows its size, or whether it can
        be decoded."""
        return self.width > 0

    @property
    def is_late(self) -> bool:
        """Whether this machine has had too little time or memory for the image. The partner then sees a
        message about the delay."""
        return self.state == ImageState.RECEIVED and (self.failures > 0 or not self.is_inspected)

    @property
    def ratio(self) -> float:
        return self.width / self.height

    @property
    def is_small(self) -> bool:
        return self.is_inspected and max(self.width, self.height) < 1200

    def widths(self) -> tuple[int, ...]:
        return widths_for(self.width)

    def file_names(self) -> list[str]:
        return [file_name(width, format.name) for width in self.widths() for format in FORMATS]


class Fingerprint(Model):
    """An image's fingerprint, by which other pictures that contain this one are found (see fingerprints.py).

    The row is kept when the work is withdrawn, so that the picture is recognised if it is uploaded again.
    """

    id = fields.IntField(primary_key=True)
    image: fields.OneToOneRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="fingerprint", on_delete=fields.CASCADE
    )
    image_id: int
    code = fields.BinaryField()  # empty if the picture could not be opened; then similar to no other

    class Meta:
        table = "fingerprint"


class Derivative(Model):
    """A region of a picture, or a share image, made on demand and kept in public storage for later requests."""

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


class PublicImagesPass(Model):
    """When public storage was last compared with what is on view."""

    id = fields.IntField(primary_key=True)
    content_version = fields.BigIntField(default=0)  # changes up to this content version were compared
    # At this time all images are compared again, because time alone changes what is on view; null: compare now.
    compare_all_at = fields.DatetimeField(null=True)

    class Meta:
        table = "public_images_pass"


def new_upload_token() -> str:
    """32 hex digits: the upload's name in its address, and the form key of the work made from the upload."""
    return secrets.token_hex(16)


class Upload(Model):
    """A resumable upload of a picture in chunks. The bytes received so far are in its pieces."""

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
    length = fields.BigIntField()  # bytes of the whole file, as declared by the client
    received = fields.BigIntField(default=0, db_default=0)  # bytes received so far, the sum of the pieces
    metadata = fields.TextField(default="")  # the Upload-Metadata header of the client, unchanged
    expires_at = fields.DatetimeField(db_index=True)
    lease_until = fields.DatetimeField(null=True)  # end of the lease of the process that reads all pieces
    completed_at: datetime | None = fields.DatetimeField(null=True)
    artwork: fields.ForeignKeyNullableRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="uploads", null=True, on_delete=fields.SET_NULL
    )
    artwork_id: int | None

    class Meta:
        table = "upload"
        indexes = [("by_id", "completed_at"), ("organisation_id",), ("artwork_id",)]


class UploadPiece(Model):
    """Some consecutive bytes of an upload, in one file of private storage."""

    id = fields.IntField(primary_key=True)
    upload: fields.ForeignKeyRelation[Upload] = fields.ForeignKeyField(
        "gallery.Upload", related_name="pieces", on_delete=fields.CASCADE
    )
    upload_id: int
    start = fields.BigIntField()  # position of the first byte in the upload
    size = fields.BigIntField()  # bytes
    token = fields.CharField(max_length=22, unique=True, default=new_token)

    class Meta:
        table = "upload_piece"
        unique_together = (("upload", "start"),)
