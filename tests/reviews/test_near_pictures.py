"""Pictures that were sent before: how many copies are found, and how many false alarms there are."""

from __future__ import annotations

import io
import random
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.demo.scenes import SCENES, draw_scene
from gallery.images.image_similarity import MAX_HASH_DISTANCE, hash_distance, mirrored_hash
from gallery.images.sandbox.developing import perceptual_hash
from gallery.mail.models import Mail
from gallery.organisations.models import Organisation, Trust
from gallery.reviews import hints, pairs
from gallery.reviews.hints import check_submission, run_checks, store_hash_bands
from gallery.reviews.models import HashBand, Hint, NearPair, PairOutcome, Review, ScoringRound
from gallery.reviews.pairs import PairRefused
from gallery.reviews.trust import needs_review
from gallery.reviews.undo import undo_review
from gallery.web.languages import set_language
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.reviews.works import submitted_work

pytestmark = pytest.mark.engines("sqlite", "postgresql")

PICTURES = 320
SIDE = 240  # px; a hash is made of 32 × 32


@cache
def pictures() -> tuple[Image.Image, ...]:
    """Different pictures: scenes of the demo, and compositions of soft shapes, each from its own seed."""
    scenes = [
        draw_scene(slug, SIDE) for slug in sorted(SCENES)[::4]
    ]  # a scene takes as long as 50 compositions
    return (*scenes, *(composed(seed) for seed in range(PICTURES - len(scenes))))


def composed(seed: int) -> Image.Image:
    """A picture as a child may paint it: a background, a horizon, some large and many small shapes."""
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
    return min(hash_distance(one, other), hash_distance(mirrored_hash(one), other)) <= MAX_HASH_DISTANCE


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
        site.storage, site.cast.organisation, perceptual_hash=mirrored_hash("0f0f33335555aaa5")
    )
    apart = await factories.image(site.storage, site.cast.organisation, perceptual_hash="ffffffff00000000")
    before = await submitted_work(
        site, organisation=site.cast.elsewhere, image=theirs, title="先来的", story="外婆画的。"
    )
    work = await submitted_work(site, image=ours)
    other = await submitted_work(site, image=apart)
    for each in (before, other, work):
        await check_submission(await Submission.get(artwork=each))
    assert await HashBand.all().count() == 12
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/queue/{work.id}")).text
    assert "mirror image of this picture was submitted under another artist" in page
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
    work = await submitted_work(
        site, image=await factories.image(site.storage, site.cast.organisation, **same)
    )
    await check_submission(await Submission.get(artwork=work))
    assert not await Hint.filter(check="duplicates").exists()
    assert not await HashBand.filter(image_id=draft.image_id).exists()


@pytest.mark.parametrize("step", ["run_checks", "store_hash_bands"])
async def test_a_withdrawal_during_a_check_leaves_nothing_of_the_work(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """What a check has read before the withdrawal is not quoted or compared after it."""
    image = await factories.image(site.storage, site.cast.organisation, perceptual_hash="0f0f33335555aaaa")
    work = await submitted_work(site, image=image, story="电话13912345678。")

    async def meeting(artwork: Artwork, other: Any) -> Any:
        found = list(await run_checks(artwork, other)) if step == "run_checks" else None
        await withdraw(await Consent.get(id=work.consent_id), site.storage)
        return found if step == "run_checks" else await store_hash_bands(artwork, other)

    monkeypatch.setattr(hints, step, meeting)
    submission = await Submission.get(artwork=work)
    await check_submission(submission)
    assert not await Hint.all().exists()
    assert not await HashBand.all().exists()
    assert (await Submission.get(id=submission.id)).checked_with  # it is not checked again and again


SAME = "0f0f33335555aaaa"


async def two_near(
    site: Site, *, elsewhere: bool = True, **values: object
) -> tuple[Artwork, Artwork, NearPair]:
    """Two works with the same picture, of two organisations or of one; only the later one is checked."""
    set_language("en")
    organisation = site.cast.elsewhere if elsewhere else site.cast.organisation
    works = []
    for place, (owner, title) in enumerate(((organisation, "先来的"), (site.cast.organisation, "后来的"))):
        image = await factories.image(site.storage, owner, perceptual_hash=SAME)
        more = values if place == 0 else {}
        works.append(
            await submitted_work(
                site,
                organisation=owner,
                image=image,
                title=title,
                story=f"{title}，外婆画的。",
                days=2 - place,
                **more,
            )
        )
        await check_submission(await Submission.get(artwork=works[-1]))
    return works[0], works[1], await NearPair.get()


async def open_hints(work: Artwork) -> int:
    return await Hint.filter(check="duplicates", artwork=work, is_open=True).count()


async def test_the_hint_stands_on_both_works_at_once(site: Site) -> None:
    first, second, pair = await two_near(site)
    assert (pair.earlier_id, pair.later_id) == (first.id, second.id)
    assert (await open_hints(first), await open_hints(second)) == (1, 1)
    client = await site.client(site.cast.curator)
    for work in (first, second):
        page = (await client.get(f"/desk/queue/{work.id}")).text
        for words in ("先来的", "后来的", f"/desk/pairs/{pair.id}", "under another artist"):
            assert words in page
    for work in (first, second, first):  # checking again changes nothing
        await check_submission(await Submission.get(artwork=work))
    assert (await open_hints(first), await open_hints(second)) == (1, 1)
    assert await NearPair.all().count() == 1


async def test_two_are_compared_as_they_were_sent(site: Site) -> None:
    first, _second, pair = await two_near(site)
    await Artwork.filter(id=first.id).update(
        title=in_zh("草稿"), story=in_zh("还没写完。"), status=Status.RETURNED
    )
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/pairs/{pair.id}")).text
    for words in ("先来的", "后来的", "先来的，外婆画的。", "Bazaar Charity", "Xiaogeng Foundation"):
        assert words in page
    assert "草稿" not in page
    assert "还没写完" not in page
    for name in ("earlier", "later"):
        image = await getattr(pair, f"{name}_image")
        assert f"/desk/images/{image.id}/" in page
    for stranger, status in ((await site.client(), 303), (await site.client(site.cast.partner), 404)):
        assert (await stranger.get(f"/desk/pairs/{pair.id}")).status_code == status
        answer = await stranger.post(f"/desk/pairs/{pair.id}", data={"outcome": "two_works"})
        assert answer.status_code == status
    assert (await client.get("/desk/pairs/99999")).status_code == 404
    for data in (
        {},
        {"outcome": "x"},
        {"outcome": "same_work"},
        {"outcome": "asked", "which": "later", "words": " "},
    ):
        assert (await client.post(f"/desk/pairs/{pair.id}", data=data)).status_code == 422
    assert (await NearPair.get()).outcome is None


async def test_two_works_are_told_apart_for_good(site: Site) -> None:
    first, second, pair = await two_near(site)
    client = await site.client(site.cast.curator)
    assert (await client.post(f"/desk/pairs/{pair.id}", data={"outcome": "two_works"})).status_code == 303
    assert "These are two works." in (await client.get(f"/desk/pairs/{pair.id}")).text
    for work in (first, second):
        await check_submission(await Submission.get(artwork=work))
        assert await open_hints(work) == 0
    again = await factories.image(site.storage, site.cast.organisation, perceptual_hash=SAME)
    third = await submitted_work(site, image=again)  # another picture makes another pair
    await check_submission(await Submission.get(artwork=third))
    assert (await open_hints(first), await open_hints(second), await open_hints(third)) == (1, 1, 2)
    await client.post(f"/desk/pairs/{pair.id}", data={"outcome": "again"})
    assert (await open_hints(first), await open_hints(second)) == (2, 2)


@pytest.mark.parametrize("stays", ["earlier", "later"])
@pytest.mark.parametrize("elsewhere", [True, False])
async def test_of_the_same_work_one_stays(site: Site, stays: str, elsewhere: bool) -> None:
    first, second, pair = await two_near(site, elsewhere=elsewhere)
    kept, goes = (first, second) if stays == "earlier" else (second, first)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/pairs/{pair.id}", data={"outcome": "same_work", "which": stays})
    assert answer.status_code == 303
    assert (await Artwork.get(id=kept.id)).status == Status.SUBMITTED
    assert (await Artwork.get(id=goes.id)).status == Status.DECLINED
    review = await Review.get(artwork=goes)
    assert (f" {kept.id} " in review.reason) == (not elsewhere)  # others are not mentioned
    assert kept.own("title") not in review.reason  # it would stay here when that work is withdrawn
    assert (await open_hints(first), await open_hints(second)) == (0, 0)
    await undo_review(review, site.cast.curator)
    assert (await Artwork.get(id=goes.id)).status == Status.SUBMITTED
    assert (await NearPair.get()).outcome is None
    assert (await open_hints(first), await open_hints(second)) == (1, 1)


async def test_what_was_accepted_leaves_the_wall_and_is_not_deleted(site: Site) -> None:
    first, _second, pair = await two_near(site, status=Status.ACCEPTED)
    await Submission.filter(artwork=first).update(is_waiting=False)
    await factories.exhibition([first])
    client = await site.client(site.cast.curator)
    await client.post(f"/desk/pairs/{pair.id}", data={"outcome": "same_work", "which": "later"})
    held = await Artwork.get(id=first.id)
    assert (held.status, held.is_vetoed, held.own("title")) == (Status.ACCEPTED, True, "先来的")
    assert not await Artwork.all().on_view()
    assert (await NearPair.get()).outcome == PairOutcome.SAME_WORK


async def test_an_organisation_is_asked(site: Site) -> None:
    """A waiting work is returned with the question; the organisation of an accepted work gets a mail. Neither
    learns about the other.
    """
    first, second, pair = await two_near(site, status=Status.ACCEPTED)
    await Submission.filter(artwork=first).update(is_waiting=False)
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/pairs/{pair.id}")).text
    words = page.split('name="words"')[1].split(">")[1].split("<")[0]
    assert words
    assert "先来的" not in words
    await client.post(f"/desk/pairs/{pair.id}", data={"outcome": "asked", "which": "later", "words": words})
    assert (await Artwork.get(id=second.id)).status == Status.RETURNED
    assert (await Review.get(artwork=second)).notes == {"picture": words}
    assert await open_hints(first) == 1
    assert "An organisation was asked." in (await client.get(f"/desk/queue/{first.id}")).text
    await client.post(
        f"/desk/pairs/{pair.id}", data={"outcome": "asked", "which": "earlier", "words": "Whose?"}
    )
    mail = await Mail.get(kind="work_question")
    assert (mail.person_id, mail.facts) == (site.cast.stranger.id, {"work": "先来的", "words": "Whose?"})
    assert (await Artwork.get(id=first.id)).status == Status.ACCEPTED


async def test_the_hint_does_not_say_whose_a_work_is_that_is_being_scored(site: Site) -> None:
    first, second, pair = await two_near(site)
    theme = await second.themes.all().first()
    assert theme is not None
    round = await ScoringRound.create(theme=theme, opened_at=now(), closes_at=now() + timedelta(days=1))
    client = await site.client(site.cast.curator)
    pages = (f"/desk/queue/{first.id}", f"/desk/pairs/{pair.id}")
    for page in pages:
        assert "后来的" not in (await client.get(page)).text
    answer = await client.post(pages[1], data={})
    assert (answer.status_code, "后来的" in answer.text) == (303, False)
    await ScoringRound.filter(id=round.id).update(closes_at=now())
    for page in pages:
        assert "后来的" in (await client.get(page)).text


async def test_a_question_within_an_organisation_names_the_other_by_its_number(site: Site) -> None:
    first, second, pair = await two_near(site, elsewhere=False)
    page = await (await site.client(site.cast.curator)).get(f"/desk/pairs/{pair.id}")
    words = page.text.split('name="words"')[1].split(">")[1].split("<")[0]
    assert f" {first.id} " in words
    assert first.own("title") not in words
    assert second.own("title") not in words


async def test_nothing_is_asked_about_a_work_that_is_withdrawn_in_this_moment(site: Site) -> None:
    first, second, pair = await two_near(site, status=Status.ACCEPTED)
    await Submission.filter(artwork=first).update(is_waiting=False)
    shown = (await pairs.load_pairs([pair.id]))[pair.id]
    await withdraw(await Consent.get(id=first.consent_id), site.storage)
    for asked in shown.sides:
        with pytest.raises(PairRefused):
            await pairs.ask_organisation(shown, asked, "先来的？", site.cast.curator)
    with pytest.raises(PairRefused):
        await pairs.mark_as_same_work(shown, shown.later, site.cast.curator, site.storage)
    assert not await Mail.filter(kind="work_question").exists()
    assert (await Artwork.get(id=second.id)).status == Status.SUBMITTED


async def test_a_pair_goes_with_a_withdrawal(site: Site) -> None:
    first, second, pair = await two_near(site)
    client = await site.client(site.cast.curator)
    await withdraw(await Consent.get(id=first.consent_id), site.storage)
    assert (await client.get(f"/desk/pairs/{pair.id}")).status_code == 404
    page = (await client.get(f"/desk/queue/{second.id}")).text
    assert "先来的" not in page
    await site.work()
    assert not await NearPair.all().exists()
    assert await open_hints(second) == 0


async def test_a_trusted_work_goes_to_the_queue_when_its_picture_comes_again(site: Site) -> None:
    await Organisation.filter(id=site.cast.elsewhere.id).update(trust=Trust.AT_ONCE)
    first, _second, _pair = await two_near(site)
    submission = await Submission.get(artwork=first)
    assert await needs_review(first, submission, site.settings.secret_key)
