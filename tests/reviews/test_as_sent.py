"""Curators see the submitted version, never what an organisation changed since; also of pictures."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from gallery.accounts.models import Membership, Person
from gallery.artists.models import Artist
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.submissions import propose, submit
from gallery.artworks.taking_back import take_back
from gallery.artworks.works import TEXT_FIELDS, discard_image, text_values
from gallery.clock import now, today
from gallery.images.models import Image
from gallery.organisations.models import Project
from gallery.reviews import decisions, hints
from gallery.reviews.models import LaterCheck, Report, Review, Score, ScoringRound
from gallery.reviews.vetoes import lift_veto, veto
from gallery.stats.models import CountKind, WorkCount
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import values_of

SINCE = "zzqxsince"  # the beginning of every text typed after the work was last sent


async def latest(work: Artwork) -> Submission:
    found = await Submission.filter(artwork_id=work.id).order_by("-number").first()
    assert found is not None
    return found


async def never_sent(site: Site, work: Artwork) -> None:
    pass


async def taken_back(site: Site, work: Artwork) -> None:
    await submit(work, site.cast.partner)
    await take_back(work, site.cast.partner)


async def returned(site: Site, work: Artwork) -> None:
    await submit(work, site.cast.partner)
    await decisions.return_to_partner(work, await latest(work), site.cast.keeper, {}, "Please say more.")


async def returned_and_taken_back(site: Site, work: Artwork) -> None:
    await returned(site, work)
    work = await Artwork.get(id=work.id)
    await submit(work, site.cast.partner)
    await take_back(work, site.cast.partner)


async def declined(site: Site, work: Artwork) -> None:
    await submit(work, site.cast.partner)
    await decisions.decline(work, await latest(work), site.cast.keeper, "It does not fit.")


async def accepted(site: Site, work: Artwork) -> None:
    await submit(work, site.cast.partner)
    await decisions.accept(work, await latest(work), site.cast.keeper)


async def returned_after_a_veto(site: Site, work: Artwork) -> None:
    await accepted(site, work)
    await veto(work, site.storage, site.cast.keeper, "It may harm.")
    await lift_veto(work, site.cast.keeper, "It does not.")
    await decisions.return_to_partner(work, await latest(work), site.cast.keeper, {}, "Please say more.")


STATES: list[Callable[[Site, Artwork], Awaitable[None]]] = [
    never_sent,
    taken_back,
    returned,
    returned_and_taken_back,
    declined,
    returned_after_a_veto,
]


async def type_since(site: Site, work: Artwork) -> Image:
    """Change everything that an organisation can, and more, without submitting it; returns the new picture."""
    name, organisation = f"{SINCE} {work.id}", site.cast.organisation
    renamed = dict.fromkeys(("title", "summary"), Texts({"zh": name, "en": name}))
    await Artist.filter(id=work.artist_id or 0).update(
        credit_name=name, credit_translations=Texts({"en": name})
    )
    await Project.filter(id=work.project_id or 0).update(**renamed, link=f"https://example.org/{SINCE}")
    image = await factories.image(site.storage, organisation)
    consent = await factories.consent(
        organisation, await Artist.get(id=work.artist_id or 0), assent=name, agreed_by="guardian"
    )
    held = await Artwork.get(id=work.id).prefetch_related("image")
    replaced = held.image
    for field in TEXT_FIELDS:
        setattr(held, field, name if field in ("size", "date_made") else Texts({"en": name}))
    held.unfinished, held.year, held.image, held.consent = {"story": [name]}, 1999, image, consent
    held.project = await factories.project(organisation, **renamed)
    held.language = "en"
    await held.save()
    assert replaced is not None
    await discard_image(replaced, site.storage)  # as the form does
    return image


async def mention(site: Site, work: Artwork) -> None:
    """Make every curators' page that can mention a work mention it."""
    theme = await factories.theme()
    await factories.exhibition([work], theme=theme)
    await Report.create(artwork=work, reported_for="other", told="Look.", language="zh")
    await Report.create(artwork=work, reported_for="other", told="Look.", language="zh", closed_at=now())
    await WorkCount.create(artwork=work, day=today(), kind=CountKind.SEEN, number=3)
    submission = await Submission.filter(artwork_id=work.id).order_by("-number").first()
    if submission is None:
        return
    round = await ScoringRound.create(theme=theme, opened_at=now(), closes_at=now())
    await Score.create(round=round, submission=submission, by=site.cast.keeper, value=3, at=now())
    review = await Review.filter(submission_id=submission.id).first()
    if review is not None:
        await LaterCheck.create(review=review)


START = (
    "/desk/queue?filter=none",
    "/desk/queue?status=returned",
    "/desk/queue?status=accepted",
    "/desk/queue?status=declined",
    "/desk/coverage",
    "/desk/later",
    "/desk/rounds",
    "/desk/reports",
    "/desk/exhibitions",
    "/desk/figures",
    "/desk/log",
)


async def crawled(site: Site, client: httpx.AsyncClient) -> dict[str, str]:
    """Every page of the desk that links lead to, by address."""
    works, organisation = await Artwork.all(), site.cast.organisation
    waiting = [*START, *(f"/desk/queue/{work.id}" for work in works)]
    waiting += [
        f"/desk/figures?organisation={organisation.id}",
        f"/desk/figures.csv?organisation={organisation.id}",
    ]
    found: dict[str, str] = {}
    kinds: set[tuple[str, ...]] = set()  # filters in another order, or with another value, make the same page
    while waiting:
        address = waiting.pop(0).partition("#")[0]
        path, _, query = address.partition("?")
        kind = (path, *sorted(re.sub("=.*", "", part) for part in query.split("&") if "status" not in part))
        if address in found or (address not in START and kind in kinds):
            continue
        kinds.add(kind)
        answer = await client.get(address, follow_redirects=True)
        assert answer.status_code in {200, 404}, address
        is_text = answer.headers["content-type"].startswith("text/")
        found[address] = answer.text if is_text and answer.status_code == 200 else ""
        if is_text:
            links = [link for _name, link in values_of(answer.text, "href", "src")]
            waiting += [link for link in links if link.startswith("/desk/") and "/desk/images/" not in link]
    return found


def pictures_in(pages: dict[str, str]) -> set[str]:
    return {address for text in pages.values() for address in re.findall(r"/desk/images/[\w./-]+", text)}


async def test_what_was_typed_since_is_on_no_page_of_a_curator(site: Site) -> None:
    theme = await factories.theme(call_opens_on=today(), call_closes_on=factories.days_from_now(9))
    states: dict[str, Artwork] = {}
    fresh: list[Image] = []
    for bring in STATES:
        work = await factories.artwork(
            site.storage,
            site.cast.organisation,
            title=f"zz{bring.__name__}",
            title_translation=f"zz{bring.__name__}",
            themes=[theme],
        )
        await bring(site, work)
        await mention(site, work)
        states[bring.__name__] = work
    near = await factories.artwork(site.storage, site.cast.organisation, themes=[theme])
    await submit(near, site.cast.partner)
    await site.work()
    for work in states.values():
        fresh.append(await type_since(site, work))
    await Submission.all().update(checked_with=0)
    await site.work()

    for person in (site.cast.curator, site.cast.keeper):
        client = await site.client(person)
        pages = await crawled(site, client)
        leaks = sorted(address for address, text in pages.items() if SINCE in text)
        assert leaks == []
        for name, work in states.items():
            address = f"/desk/queue/{work.id}"
            assert bool(pages[address]) == (name != "never_sent"), name
            if name != "never_sent":
                assert f"zz{name}" in pages[address]
                assert "2022" in pages[address]
        for of in ("reports", "exhibitions", "rounds", "later", "figures"):
            said = "".join(text for address, text in pages.items() if address.startswith(f"/desk/{of}"))
            assert "zzreturned_after_a_veto" in said, of
        shown = pictures_in(pages)
        assert shown
        assert {(await client.get(address)).status_code for address in shown} == {200}
        for image in fresh:
            assert (await client.get(f"/desk/images/{image.id}/320.jpg")).status_code == 404
    partner = await site.client(site.cast.partner)
    assert SINCE in (await partner.get(f"/desk/works/{states['returned'].id}")).text
    assert (await partner.get(f"/desk/images/{fresh[0].id}/320.jpg")).status_code == 200


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_draft_that_was_never_sent_answers_nothing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    client = await site.client(site.cast.curator)
    assert (await client.get(f"/desk/queue/{work.id}")).status_code == 404
    assert (await client.get(f"/desk/images/{work.image.id}/320.jpg")).status_code == 404
    exhibition = await factories.exhibition([])
    room = await exhibition.editions.filter(number=None).first().prefetch_related("rooms")
    for verb in ("exclusions", "exclusions/deletion"):
        path = f"/desk/exhibitions/{exhibition.id}/rooms/{room.rooms[0].id}/{verb}"
        assert (await client.post(path, data={"artwork": work.id})).status_code == 404


async def test_a_curator_who_is_a_member_sees_the_picture_of_a_draft(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    await Membership.create(person=site.cast.curator, organisation=site.cast.organisation)
    client = await site.client(site.cast.curator)
    assert (await client.get(f"/desk/images/{work.image.id}/320.jpg")).status_code == 200


async def test_pictures_of_a_proposal_are_seen_when_they_are_sent(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    assert work.image is not None
    proposed = await factories.image(site.storage, site.cast.organisation)
    client = await site.client(site.cast.curator)

    async def seen(image: Image) -> int:
        return (await client.get(f"/desk/images/{image.id}/320.jpg")).status_code

    assert (await seen(work.image), await seen(proposed)) == (200, 404)
    texts = text_values(work)
    submission = await propose(work, {**texts, "story": "zzother"}, site.cast.partner, proposed)
    assert (await seen(work.image), await seen(proposed)) == (200, 200)
    assert "zzother" in (await client.get(f"/desk/queue/{work.id}")).text
    await take_back(work, site.cast.partner)
    assert "zzother" not in (await client.get(f"/desk/queue/{work.id}")).text
    submission = await propose(work, {**texts, "story": "zzagain"}, site.cast.partner)
    await decisions.accept(work, submission, site.cast.curator)
    assert "zzagain" in (await client.get(f"/desk/queue/{work.id}")).text


async def test_what_was_cut_off_a_picture_is_the_organisations_alone(site: Site) -> None:
    image = await factories.image(site.storage, site.cast.organisation, crop_left=2000)
    await factories.artwork(site.storage, site.cast.organisation, status="submitted", image=image)
    people: dict[int, Person] = {404: site.cast.curator, 200: site.cast.partner}
    await factories.put(site.storage.private, f"renditions/{image.token}/whole.jpg")
    for status, person in people.items():
        client = await site.client(person)
        assert (await client.get(f"/desk/images/{image.id}/whole.jpg")).status_code == status
        assert (await client.get(f"/desk/images/{image.id}/320.jpg")).status_code == 200


async def test_hints_are_about_what_was_sent(site: Site) -> None:
    theme = await factories.theme(call_opens_on=today(), call_closes_on=factories.days_from_now(9))
    work = await factories.artwork(site.storage, site.cast.organisation, themes=[theme])
    await taken_back(site, work)
    await Artwork.filter(id=work.id).update(story=in_zh("请打13800138000。"))
    found = await hints.current_hints(await latest(work))
    assert [hint for hint in found if "13800138000" in hint.excerpt] == []


async def test_a_withdrawn_work_is_a_neutral_record(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted", title="zzgone")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    page = await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")
    assert page.status_code == 200
    assert work.public_id in page.text
    assert "Xiaogeng" in page.text
    for word in ("zzgone", "水彩", "小画家", "我愿意", "汤圆"):
        assert word not in page.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_older_snapshot_without_parts_still_makes_a_page(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.DECLINED)
    sent = (await latest(work)).sent
    kept = {name: text for name, text in sent.items() if not re.search("project_|credit_|_ids?$", name)}
    await Submission.filter(artwork_id=work.id).update(sent=kept)
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert kept["artist"] in page
    assert "There is no consent" not in page
