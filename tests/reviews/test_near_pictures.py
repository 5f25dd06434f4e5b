"""Pictures that were sent before: how many copies are found, and how many different pictures are taken for copies."""

from __future__ import annotations

import io
import random
from functools import cache
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from gallery.artists.models import Consent
from gallery.artists.withdrawal import withdraw
from gallery.artworks.models import Artwork, Status, Submission
from gallery.demo.pictures import SCENES, draw
from gallery.images.likeness import FARTHEST, distance, mirrored
from gallery.images.pixels import perceptual_hash
from gallery.reviews import hints
from gallery.reviews.hints import check_submission, findings, keep_bands
from gallery.reviews.models import HashBand, Hint
from tests import factories
from tests.conftest import Site
from tests.reviews.test_queue import sent

PICTURES = 320
SIDE = 240  # px; a hash is made of 32 × 32


@cache
def pictures() -> tuple[Image.Image, ...]:
    """Different pictures: every scene of the demo, and compositions of soft shapes, each from its own seed."""
    scenes = [draw(slug, SIDE) for slug in SCENES]
    return (*scenes, *(composed(seed) for seed in range(PICTURES - len(scenes))))


def composed(seed: int) -> Image.Image:
    """A sheet as a child may fill it: a ground, a horizon, some large and many small things."""
    chance = random.Random(seed)
    width, height = SIDE, round(SIDE * chance.choice((0.67, 0.75, 1, 1.33, 1.5)))

    def colour() -> tuple[int, int, int]:
        return (chance.randrange(256), chance.randrange(256), chance.randrange(256))

    sheet = Image.new("RGB", (width, height), colour())
    pen = ImageDraw.Draw(sheet)
    if chance.random() < 0.6:
        pen.rectangle((0, chance.randrange(height), width, height), fill=colour())
    for _ in range(chance.randrange(2, 14)):
        x, y, size = chance.randrange(width), chance.randrange(height), chance.randrange(12, 110)
        box = (x - size, y - size * chance.uniform(0.3, 1), x + size, y + size * chance.uniform(0.3, 1))
        (pen.ellipse if chance.random() < 0.6 else pen.rectangle)(box, fill=colour())
    return sheet.filter(ImageFilter.GaussianBlur(1.2))


def recompressed(image: Image.Image, quality: int) -> Image.Image:
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=quality)
    return Image.open(encoded).convert("RGB")


def cropped(image: Image.Image, part: float) -> Image.Image:
    """Without `part` of its width and height, taken from all four sides."""
    across, down = round(image.width * part / 2), round(image.height * part / 2)
    return image.crop((across, down, image.width - across, image.height - down))


COPIES = {
    "scaled to half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "recompressed": lambda image: recompressed(image, 35),
    "cropped by 5 %": lambda image: cropped(image, 0.05),
    "mirrored": ImageOps.mirror,
    "mirrored and recompressed": lambda image: recompressed(ImageOps.mirror(image), 35),
}
# At least this part of the copies must be found. Measured values are printed.
FOUND = {
    "scaled to half": 0.99,
    "recompressed": 0.99,
    "cropped by 5 %": 0.9,
    "mirrored": 0.95,
    "mirrored and recompressed": 0.95,
}


def is_near(one: str, other: str) -> bool:
    return min(distance(one, other), distance(mirrored(one), other)) <= FARTHEST


def test_copies_are_found_and_others_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    hashes = [perceptual_hash(image) for image in pictures()]
    assert len(hashes) >= 300
    rates = {}
    for name, copy in COPIES.items():
        found = sum(
            is_near(hash, perceptual_hash(copy(image)))
            for hash, image in zip(hashes, pictures(), strict=True)
        )
        rates[name] = found / len(hashes)
    pairs = [(one, other) for number, one in enumerate(hashes) for other in hashes[:number]]
    alarms = sum(is_near(one, other) for one, other in pairs)
    alarmed = sum(
        any(is_near(one, other) for place, other in enumerate(hashes) if place != number)
        for number, one in enumerate(hashes)
    )
    with capsys.disabled():
        print(f"\nNear pictures, {len(hashes)} different ones:")
        for name, rate in rates.items():
            print(f"  {name}: {rate:.1%} found")
        print(
            f"  false alarms: {alarms} of {len(pairs)} pairs ({alarms / len(pairs):.4%}), on {alarmed} pictures"
        )
    for name, rate in rates.items():
        assert rate >= FOUND[name], name
    assert alarms / len(pairs) < 0.001


async def test_a_picture_sent_twice_is_shown_beside_the_other(site: Site) -> None:
    theirs = await factories.image(site.storage, site.cast.elsewhere, perceptual_hash="0f0f33335555aaaa")
    ours = await factories.image(
        site.storage, site.cast.organisation, perceptual_hash=mirrored("0f0f33335555aaa5")
    )
    apart = await factories.image(site.storage, site.cast.organisation, perceptual_hash="ffffffff00000000")
    before = await sent(
        site, organisation=site.cast.elsewhere, image=theirs, title="先来的", story="外婆画的。"
    )
    work = await sent(site, image=ours)
    other = await sent(site, image=apart)
    for each in (before, other, work):
        await check_submission(await Submission.get(artwork=each))
    assert await HashBand.all().count() == 12
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/queue/{work.id}")).text
    assert "mirror image of this picture was sent under another artist" in page
    for words in ("先来的", "外婆画的。", "Bazaar Charity", f"/desk/images/{theirs.id}/"):
        assert words in page
    assert not await Hint.filter(check="duplicates", artwork=other).exists()


async def test_drafts_of_others_are_not_betrayed(site: Site) -> None:
    same = {"perceptual_hash": "0f0f33335555aaaa"}
    draft = await factories.artwork(
        site.storage,
        site.cast.elsewhere,
        image=await factories.image(site.storage, site.cast.elsewhere, **same),
        status=Status.DRAFT,
    )
    work = await sent(site, image=await factories.image(site.storage, site.cast.organisation, **same))
    await check_submission(await Submission.get(artwork=work))
    assert not await Hint.filter(check="duplicates").exists()
    assert not await HashBand.filter(image_id=draft.image_id).exists()


@pytest.mark.parametrize("step", ["findings", "keep_bands"])
async def test_a_withdrawal_during_a_check_leaves_nothing_of_the_work(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What a check read before is neither quoted nor compared with after."""
    image = await factories.image(site.storage, site.cast.organisation, perceptual_hash="0f0f33335555aaaa")
    work = await sent(site, image=image, story="电话13912345678。")

    async def meeting(artwork: Artwork, other: Any) -> Any:
        found = list(await findings(artwork, other)) if step == "findings" else None
        await withdraw(await Consent.get(id=work.consent_id), site.storage)
        return found if step == "findings" else await keep_bands(artwork, other)

    monkeypatch.setattr(hints, step, meeting)
    submission = await Submission.get(artwork=work)
    await check_submission(submission)
    assert not await Hint.all().exists()
    assert not await HashBand.all().exists()
    assert (await Submission.get(id=submission.id)).checked_with  # it is not looked at again and again
