"""The queue: filters with counts, saved per curator; order; deferring; next and previous."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import httpx
import pytest

from gallery.artworks.models import Artwork, Submission
from gallery.clock import now
from gallery.reviews import queue
from gallery.reviews.decisions import accept
from gallery.reviews.hints import check_submission
from gallery.reviews.holds import take_hold
from gallery.reviews.models import Deferral, LastQueue
from gallery.reviews.queue import Queue, QueueFilter
from tests import factories
from tests.conftest import Site
from tests.markup import select
from tests.reviews.works import submitted_work

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def submission_of(work: Artwork) -> Submission:
    return await Submission.get(artwork=work)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("age=fresh", {"New"}),
        ("age=days", {"Middle"}),
        ("age=old", {"Old"}),
        ("language=en", {"Middle"}),
        ("language=zh&age=old", {"Old"}),
        ("hint=personal_data", {"Old"}),
        ("hint=none", {"Middle"}),
        ("language=en&age=old", set()),
    ],
)
async def test_the_queue_is_narrowed_by_what_its_address_says(
    site: Site, query: str, found: set[str]
) -> None:
    shared = {"alt_text_translation": "A blue bowl with steam rising from it"}
    await submitted_work(
        site, days=20, title="旧", title_translation="Old", story="电话13912345678", **shared
    )
    await submitted_work(
        site,
        days=5,
        title="Middle",
        title_translation="",
        language="en",
        alt_text="A blue bowl on a table",
        **shared,
    )
    await submitted_work(site, days=0, title="新", title_translation="New", story="他是自闭症。", **shared)
    for submission in await Submission.all():
        work = await Artwork.get(id=submission.artwork_id).prefetch_related("image", "consent")
        assert work.image is not None
        assert work.consent is not None
        work.image.perceptual_hash = f"{work.id:016x}" if work.id % 2 else f"{(1 << 64) - 1 - work.id:016x}"
        await work.image.save()
        work.consent.for_sharing = True
        await work.consent.save()
    await set_hashes_apart()
    for submission in await Submission.all():
        await check_submission(submission)
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/queue?{query}")).text
    assert {title for title in ("Old", "Middle", "New") if f">{title}<" in page} == found


async def set_hashes_apart() -> None:
    from gallery.images.models import Image

    apart = ["0000000000000000", "00000000ffffffff", "ffff0000ffff0000"]
    for image, hash in zip(await Image.all().order_by("id"), apart, strict=True):
        await Image.filter(id=image.id).update(perceptual_hash=hash)


async def test_a_filter_that_does_not_exist_is_not_found(site: Site) -> None:
    client = await site.client(site.cast.curator)
    for bad in ("age=ancient", "hint=magic", "language=fr"):
        assert (await client.get(f"/desk/queue?{bad}")).status_code == 404


async def test_the_last_narrowing_is_kept_for_each_curator(site: Site) -> None:
    await submitted_work(site, days=20)
    curator, keeper = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    await curator.get("/desk/queue?age=old&language=zh")
    assert (await curator.get("/desk/queue")).headers["location"] == "/desk/queue?age=old&language=zh"
    assert (await keeper.get("/desk/queue")).status_code == 200
    assert (await curator.get("/desk/queue?filter=none")).status_code == 200
    assert (await curator.get("/desk/queue")).status_code == 200
    await LastQueue.filter(person=site.cast.curator).update(query="theme=gone")
    assert (await curator.get("/desk/queue")).status_code == 200


async def test_the_narrowing_goes_along_through_a_review(site: Site) -> None:
    theme = await factories.theme(slug="solstice")
    first = await submitted_work(site, days=9, themes=[theme])
    other = await submitted_work(site, days=8)
    second = await submitted_work(site, days=7, themes=[theme])
    client = await site.client(site.cast.curator)
    page = unescape((await client.get(f"/desk/queue/{first.id}?theme=solstice")).text)
    assert f'rel="next" href="/desk/queue/{second.id}?theme=solstice"' in page
    assert "1 of 2" in page
    submission = await submission_of(first)
    data = {"submission": str(submission.id), "decision": "accepted"}
    answer = await client.post(f"/desk/queue/{first.id}?theme=solstice", data=data)
    assert answer.headers["location"] == f"/desk/queue/{second.id}?theme=solstice"
    page = unescape((await client.get(f"/desk/queue/{other.id}")).text)
    assert f'rel="next" href="/desk/queue/{second.id}"' in page


async def test_putting_off_moves_a_work_to_the_end_of_ones_own_queue(site: Site) -> None:
    works = [await submitted_work(site, days=9 - number) for number in range(3)]
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/queue/{works[0].id}/deferral")
    assert answer.headers["location"] == f"/desk/queue/{works[1].id}"
    page = (await client.get("/desk/queue")).text
    places = [page.index(f'id="work-{work.id}"') for work in works]
    assert places[1] < places[2] < places[0]
    assert "postponed on" in page
    other = (await (await site.client(site.cast.keeper)).get("/desk/queue")).text
    assert other.index(f'id="work-{works[0].id}"') < other.index(f'id="work-{works[1].id}"')
    own = Queue(site.cast.curator, QueueFilter())
    submissions = [await submission_of(work) for work in works]
    put_off, first, last = [await own.position_of(each) for each in submissions]
    assert [each.position for each in (put_off, first, last)] == [3, 1, 2]
    assert last.following == submissions[0]
    assert put_off.following is None
    assert put_off.preceding == submissions[2]
    assert first.preceding is None


async def test_the_next_work_is_one_that_nobody_looks_at(site: Site) -> None:
    works = [await submitted_work(site, days=9 - number) for number in range(3)]
    await take_hold(works[1], site.cast.keeper)
    client = await site.client(site.cast.curator)
    data = {"submission": str((await submission_of(works[0])).id), "decision": "accepted"}
    answer = await client.post(f"/desk/queue/{works[0].id}", data=data)
    assert answer.headers["location"] == f"/desk/queue/{works[2].id}"
    assert f'href="/desk/queue/{works[1].id}"' in (await client.get(f"/desk/queue/{works[2].id}")).text


async def test_what_was_put_off_comes_when_nothing_else_is_left(site: Site) -> None:
    first, second = await submitted_work(site, days=3), await submitted_work(site, days=2)
    client = await site.client(site.cast.curator)
    await client.post(f"/desk/queue/{first.id}/deferral")
    data = {"submission": str((await submission_of(second)).id), "decision": "accepted"}
    answer = await client.post(f"/desk/queue/{second.id}", data=data)
    assert answer.headers["location"] == f"/desk/queue/{first.id}"


async def test_what_was_decided_cannot_be_put_off(site: Site) -> None:
    work = await submitted_work(site)
    await accept(work, await submission_of(work), site.cast.keeper)
    client = await site.client(site.cast.curator)
    assert (await client.post(f"/desk/queue/{work.id}/deferral")).headers["location"] == "/desk/queue"
    assert not await Deferral.all().exists()


async def test_many_pages_with_what_was_put_off_at_their_end(site: Site) -> None:
    works = [await submitted_work(site, days=9 - number) for number in range(5)]
    for number in (0, 2):
        await Deferral.create(
            person=site.cast.curator,
            submission=await submission_of(works[number]),
            at=now() - timedelta(hours=number),
        )
    own = Queue(site.cast.curator, QueueFilter())
    ids = [(await submission_of(work)).id for work in works]
    assert (await own.ids(0, 5))[0] == [ids[1], ids[3], ids[4], ids[2], ids[0]]
    assert (await own.ids(2, 2))[0] == [ids[4], ids[2]]
    late, moments = await own.ids(4, 2)
    assert late == [ids[0]]
    assert set(moments) == {ids[0]}


async def options_of(client: httpx.AsyncClient, query: str) -> dict[str, str]:
    """The links of the filters, each with its number; "" where nothing was counted."""
    answer = await client.get(f"/desk/queue?{query}")
    assert answer.status_code == 200
    links = select(answer.text, "nav.filters a")
    counts = {str(each["href"]): each.select("span.count") for each in links}
    return {href: found[0].text if found else "" for href, found in counts.items()}


async def test_of_a_long_queue_the_options_are_not_counted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    theme = await factories.theme(slug="solstice")
    await submitted_work(site, themes=[theme])
    await submitted_work(site, organisation=site.cast.elsewhere)
    client = await site.client(site.cast.curator)
    counted = await options_of(client, "filter=none")
    assert counted["/desk/queue?theme=solstice"] == "1"
    assert counted["/desk/queue?age=fresh"] == "2"
    assert counted["/desk/queue?organisation=bazaar"] == "1"
    assert "/desk/queue?age=old" not in counted
    monkeypatch.setattr(queue, "MOST_COUNTED", 1)
    offered = await options_of(client, "filter=none")
    for value in ("theme=solstice", "age=old", "hint=none", "language=en"):
        assert offered[f"/desk/queue?{value}"] == ""
    assert not any("organisation=" in href for href in offered)
    chosen = await options_of(client, "organisation=bazaar")
    assert chosen["/desk/queue?organisation=bazaar"] == ""


async def test_organisations_are_found_by_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MOST_OPTIONS", 1)
    await submitted_work(site)
    await submitted_work(site)
    await submitted_work(site, organisation=site.cast.elsewhere)
    client = await site.client(site.cast.curator)

    def organisations(options: dict[str, str]) -> dict[str, str]:
        return {href: count for href, count in options.items() if "organisation=" in href}

    listed = await options_of(client, "filter=none")
    assert organisations(listed) == {"/desk/queue?organisation=xiaogeng": "2"}, "the one with the most"
    for name in ("芭莎", "bazaar char", " BAZAAR "):
        found = organisations(await options_of(client, f"name={name}"))
        assert found == {"/desk/queue?organisation=bazaar": "1"}
    for name in ("nobody", "%", "x" * 200):
        assert "Nothing was found." in (await client.get("/desk/queue", params={"name": name})).text
    page = (await client.get("/desk/queue?age=fresh&name=bazaar")).text
    assert 'type="hidden" name="age" value="fresh"' in page
    assert "/desk/queue?age=fresh&amp;organisation=bazaar" in page
