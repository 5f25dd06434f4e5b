"""Imports of many works by a sheet. A row of Import is also the worker's job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from gallery.images.models import new_token
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artists.models import Consent
    from gallery.artworks.models import Artwork
    from gallery.images.models import Image
    from gallery.organisations.models import Organisation


class ImportState(LabelledEnum):
    RECEIVED = "received", _l("being checked")  # the worker stores pictures and checks rows
    # The report says what would be created; a partner has to confirm.
    CHECKED = "checked", _l("waiting for your confirmation")
    CONFIRMED = "confirmed", _l("being imported")  # the worker creates the works
    DONE = "done", _l("imported")
    REFUSED = "refused", _l("cannot be used")  # the file as a whole cannot be used
    TAKEN_BACK = "taken_back", _l("taken back")


BUNDLE_FOLDER = "imports"  # a folder of the private store


def bundle_key(token: str) -> str:
    """The key of an uploaded file in the private store."""
    return f"{BUNDLE_FOLDER}/{token}"


RUNNING_STATES = (ImportState.RECEIVED, ImportState.CONFIRMED)


class Import(Model):
    """One sheet with its pictures."""

    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="imports", on_delete=fields.CASCADE
    )
    organisation_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="imports", null=True, on_delete=fields.SET_NULL
    )
    by_id: int | None
    consent: fields.ForeignKeyNullableRelation[Consent] = fields.ForeignKeyField(
        "gallery.Consent", related_name="imports", null=True, on_delete=fields.SET_NULL
    )  # for rows that name no consent
    consent_id: int | None
    language = fields.CharField(max_length=MAX_TAG_LENGTH, default="zh")  # for rows that name no language
    file_name = fields.CharField(max_length=120, default="")
    state = fields.CharEnumField(ImportState, max_length=10, default=ImportState.RECEIVED, db_index=True)
    refusal: dict[str, Any] = fields.JSONField(
        default=dict
    )  # {"code": a key of FAULT_SENTENCES, and the values for its sentence}; in state `checked`: of the last sheet
    # Normalised header → column, as chosen at the desk until the check; "" for none.
    columns: dict[str, str] = fields.JSONField(default=dict, db_default={})
    # Tokens of the sheets that were sent later. Each replaces the first sheet or some of its rows.
    sheets: list[str] = fields.JSONField(default=list, db_default=[])
    # Common values, for rows that lack them: form field → values. See import_common.py.
    common: dict[str, list[str]] = fields.JSONField(default=dict, db_default={})
    # Token of the file with rows to correct; "" if there is none.
    rows_token = fields.CharField(max_length=32, default="", db_default="")
    # Whether rows change the works that the organisation already has.
    updates_known = fields.BooleanField(default=False, db_default=False)
    picture_count = fields.IntField(default=0)
    done_pictures = fields.IntField(default=0)
    row_count = fields.IntField(default=0)
    done_rows = fields.IntField(default=0)
    report: dict[str, Any] = fields.JSONField(default=dict)  # see import_rows.ImportReport
    attempts = fields.IntField(default=0)  # how often workers claimed the row; the count identifies the lease
    losses = fields.IntField(default=0)  # attempts whose worker was killed
    lease_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    finished_at = fields.DatetimeField(null=True)
    files_cleared_at = fields.DatetimeField(
        null=True
    )  # when the uploaded file and unused pictures were deleted

    pictures: fields.ReverseRelation[ImportedPicture]
    works: fields.ReverseRelation[ImportedWork]
    changes: fields.ReverseRelation[ImportedChange]

    class Meta:
        table = "import"
        indexes = [("organisation_id",), ("files_cleared_at",)]

    @property
    def label(self) -> Any:
        """The state in words; they also say whether a worker is busy with the import."""
        waits_its_turn = self.state in RUNNING_STATES and self.lease_until is None
        return _l("waits its turn") if waits_its_turn else self.state.label

    @property
    def tokens(self) -> list[str]:
        """The tokens of the files in the private store that are needed to check and to import it."""
        return [self.token, *self.sheets]


class SheetColumn(Model):
    """The organisation's choice of a column for a header in its sheets."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="sheet_columns", on_delete=fields.CASCADE
    )
    organisation_id: int
    header = fields.CharField(max_length=120)  # see sheet_columns.normalised_name
    column = fields.CharField(max_length=60)  # "" if the values below the header are not imported

    class Meta:
        table = "sheet_column"
        unique_together = (("organisation", "header"),)


class ImportedPicture(Model):
    """A picture of an import, stored or refused."""

    id = fields.IntField(primary_key=True)
    of: fields.ForeignKeyRelation[Import] = fields.ForeignKeyField(
        "gallery.Import", related_name="pictures", on_delete=fields.CASCADE
    )
    of_id: int
    name = fields.CharField(max_length=300)
    digest = fields.CharField(max_length=64, default="")  # SHA-256 of the file
    image: fields.ForeignKeyNullableRelation[Image] = fields.ForeignKeyField(
        "gallery.Image", related_name="imported_as", null=True, on_delete=fields.SET_NULL
    )
    image_id: int | None
    refusal = fields.CharField(max_length=30, default="")  # a key of FAULT_SENTENCES; empty if stored

    class Meta:
        table = "imported_picture"
        unique_together = (("of", "name"),)
        indexes = [("image_id",)]


class ImportedWork(Model):
    """A work that an import created, with the number of its row in the sheet."""

    id = fields.IntField(primary_key=True)
    of: fields.ForeignKeyRelation[Import] = fields.ForeignKeyField(
        "gallery.Import", related_name="works", on_delete=fields.CASCADE
    )
    of_id: int
    artwork: fields.OneToOneRelation[Artwork] = fields.OneToOneField(
        "gallery.Artwork", related_name="imported_as", on_delete=fields.CASCADE
    )
    artwork_id: int
    row = fields.IntField()
    new_artist_id = fields.IntField(null=True)  # id of the artist that this row created

    class Meta:
        table = "imported_work"
        indexes = [("of_id",)]


class ImportedChange(Model):
    """A work that an import updated, with its values before and after (import_undo.py)."""

    id = fields.IntField(primary_key=True)
    of: fields.ForeignKeyRelation[Import] = fields.ForeignKeyField(
        "gallery.Import", related_name="changes", on_delete=fields.CASCADE
    )
    of_id: int
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="changed_by_imports", on_delete=fields.CASCADE
    )
    artwork_id: int
    before: dict[str, Any] = fields.JSONField()
    after: dict[str, Any] = fields.JSONField()
    row = fields.IntField()  # number of the row
    consent_before = fields.IntField(null=True)  # ids, so that a withdrawal finds the row
    consent_after = fields.IntField(null=True)
    new_artist_id = fields.IntField(null=True)  # id of the artist that this row created

    class Meta:
        table = "imported_change"
        unique_together = (("of", "artwork"),)
        indexes = [("artwork_id",)]
