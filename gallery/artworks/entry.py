"""Creating and changing works together with a picture.

The form, bulk upload, tus, the API and proposals save through WorkEntry; imports use it for the picture only.
Autosave and framing, which receive no upload, do not use it. A caller opens a WorkEntry, adds the picture if
there is one, and calls `save`, `set_picture` or `propose`, each of which is one transaction. The caller
chooses the response: a redirect, the form again, JSON, or a line of an import report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from gallery.accounts.models import Person
from gallery.artworks.models import FIRST, Artwork, Submission
from gallery.artworks.pictures import add_picture
from gallery.artworks.submissions import propose
from gallery.artworks.works import (
    WorkDetails,
    create_draft_of_picture,
    create_work,
    discard_image,
    set_picture,
    update_work,
)
from gallery.images.framing import Framing
from gallery.images.models import Image
from gallery.images.uploads import ReceivedFile, base_name, create_image, inspect_upload, reframe_image
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage


class WorkEntry:
    """A work that is being created or changed, with at most one picture.

    When the entry closes, the row and the files of the picture that it stored are deleted, unless a work, a
    proposal or the caller (`keep_picture`) uses the picture.
    """

    def __init__(self, storage: Storage, settings: Settings, by: Person | None = None) -> None:
        self.storage = storage
        self.settings = settings
        self.by = by
        self.picture: Image | None = None
        self._is_adopted = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self._is_adopted:
            await self.discard_picture()

    async def add_picture(self, file: ReceivedFile, organisation: Organisation) -> None:
        """Inspect an uploaded file and store its original. Raises ImageRefused, StoreUnavailable."""
        inspected = await inspect_upload(file, self.settings)
        name = base_name(file.name)
        self.picture = await create_image(file, inspected, organisation, self.storage, name)
        self._is_adopted = False

    async def reframe_picture(self, image: Image, framing: Framing) -> Image:
        """Make a turned or cropped image of the same original. Raises the exceptions of `reframe_image`."""
        self.picture = await reframe_image(image, framing, self.storage, self.settings)
        self._is_adopted = False
        return self.picture

    def reuse_picture(self, image: Image | None) -> None:
        """Use a picture that an earlier request of the form stored; it is kept even if this entry fails."""
        self.picture = image

    def keep_picture(self) -> None:
        """Do not delete the picture when the entry closes: an import uses it, or the form is shown again with it."""
        self._is_adopted = True

    async def discard_picture(self) -> None:
        if self.picture is not None:
            await discard_image(self.picture, self.storage)
        self.picture = None
        self._is_adopted = True

    async def save(
        self, details: WorkDetails, artwork: Artwork | None = None, form_key: str | None = None
    ) -> Artwork:
        """Create a draft, or change `artwork`. Raises the exceptions of `create_work` and `update_work`."""
        if artwork is None:
            saved = await create_work(details, self.by, self.picture, form_key)
            replaced = None
        else:
            saved, replaced = await update_work(artwork, details, self.by, self.picture)
        await self._adopted(replaced)
        return saved

    async def save_new_picture(self, organisation: Organisation, form_key: str | None = None) -> Artwork:
        """Create a draft that has only the picture. Raises the exceptions of `create_draft_of_picture`."""
        assert self.picture is not None
        assert self.by is not None
        saved = await create_draft_of_picture(organisation, self.by, self.picture, form_key)
        self.keep_picture()
        return saved

    async def set_picture(self, artwork: Artwork) -> Artwork:
        """Set the picture of `artwork`; its texts stay unchanged. Raises NotEditable, WorkRefused."""
        assert self.picture is not None
        await self._adopted(await set_picture(artwork, self.picture, self.by))
        return artwork

    async def append_picture(self, artwork: Artwork) -> None:
        """Add the picture to those of `artwork`. Raises NotEditable, WorkRefused."""
        assert self.picture is not None
        await add_picture(artwork, self.picture, self.by)
        self.keep_picture()

    async def propose(
        self,
        artwork: Artwork,
        texts: Mapping[str, str],
        place: int | None = FIRST,
        order: Sequence[int] | None = None,
    ) -> Submission:
        """Propose a change to an accepted work; `place`, `order`: see `propose`. Raises NotSubmittable."""
        submission = await propose(artwork, texts, self.by, self.picture, place, order)
        self.keep_picture()
        return submission

    async def _adopted(self, replaced: Image | None) -> None:
        self.keep_picture()
        if replaced is not None:
            await discard_image(replaced, self.storage)
