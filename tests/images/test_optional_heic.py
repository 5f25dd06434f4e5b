"""HEIC where the extra `heic` is not installed: a message that says what to do; everything else works."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.accounts.models import MemberRole, Membership
from gallery.images.models import Image
from gallery.images.sandbox import parent
from tests.conftest import Site
from tests.images import files

WORDS = {"alt[zh]": "一枚图章", "alt[en]": "A seal"}


@pytest.fixture
def without_pillow_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    hide = "import sys; sys.modules['pillow_heif'] = None; "
    monkeypatch.setattr(parent, "CHILD_PROGRAM", hide + parent.CHILD_PROGRAM)


@pytest.mark.usefixtures("without_pillow_heif")
async def test_a_heic_picture_is_refused_with_a_sentence(site: Site) -> None:
    await Membership.filter(person=site.cast.partner).update(role=MemberRole.OWNER)
    owner = await site.client(site.cast.partner)
    address = f"/desk/organisations/{site.cast.organisation.id}/logo"
    heic, jpeg = (files.encoded(files.scene(), kind) for kind in ("HEIF", "JPEG"))
    before = await Image.all().count()
    page = await owner.post(address, data=WORDS, files={"picture": ("IMG_1.HEIC", heic, "image/heic")})
    assert page.status_code == 422
    assert "HEIC" in page.text
    assert "JPEG" in page.text
    assert await Image.all().count() == before
    assert (
        await owner.post(address, data=WORDS, files={"picture": ("IMG_1.jpg", jpeg, "image/jpeg")})
    ).status_code == 303


@pytest.mark.usefixtures("without_pillow_heif")
async def test_other_pictures_need_no_pillow_heif(tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF"):
        await parent.inspect(files.stored(tmp_path, files.encoded(files.scene(), kind)))
    with pytest.raises(parent.ImageRefused) as refusal:
        await parent.inspect(files.stored(tmp_path, files.encoded(files.scene(), "HEIF")))
    assert refusal.value.code == "heic_not_supported"
