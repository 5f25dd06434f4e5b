"""Blind scoring rounds: works are anonymous, scores are hidden until the round closes, and decisions are made
afterwards.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.accounts.models import Membership, Person, Role
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.reviews.decisions import DecisionRefused, accept
from gallery.reviews.models import Score, ScoringRound
from gallery.reviews.queue import Queue, QueueFilter
from gallery.reviews.scoring import (
    NAME_COVER,
    ScoringRefused,
    close_round,
    cover_names,
    open_round,
    rank_works,
    score,
    scoring_order,
)
from gallery.themes.models import Theme
from gallery.web.languages import use_language
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def works_of(site: Site, theme: Theme, number: int = 3, **values: object) -> list[Submission]:
    organisation = values.pop("organisation", site.cast.organisation)
    works = [
        await factories.artwork(site.storage, organisation, status=Status.SUBMITTED, themes=[theme], **values)
        for _ in range(number)
    ]
    return [await Submission.get(artwork=work) for work in works]


async def opened(site: Site, theme: Theme) -> ScoringRound:
    return await open_round(theme, now() + timedelta(days=7), site.cast.curator)


async def test_a_round_is_opened_scored_and_ranked(site: Site) -> None:
    theme = await factories.theme()
    low, high = await works_of(site, theme, 2)
    curator, keeper = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    assert "Open a round" in (await curator.get("/desk/rounds")).text
    data = {"theme": str(theme.id), "closes_at": "2090-01-01T10:00"}
    answer = await curator.post("/desk/rounds", data=data)
    round = await ScoringRound.get(theme=theme)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/rounds/{round.id}")
    for client, values in ((curator, {low.id: 2, high.id: 5}), (keeper, {low.id: 2, high.id: 4})):
        assert "0 of 2" in (await client.get(f"/desk/rounds/{round.id}")).text
        for number, (id, value) in enumerate(values.items(), 1):
            path = f"/desk/rounds/{round.id}/works/{id}"
            assert (await client.get(path)).status_code == 200
            answer = await client.post(path, data={"value": str(value), "note": f"Note {value}"})
            assert answer.status_code == 303
            if number == 2:
                assert answer.headers["location"] == f"/desk/rounds/{round.id}"
    page = (await keeper.get(f"/desk/rounds/{round.id}")).text
    assert "Note 5" not in page
    assert (await keeper.post(f"/desk/rounds/{round.id}/closing")).status_code == 303
    page = (await keeper.get(f"/desk/rounds/{round.id}")).text
    assert page.index(f'value="{high.id}"') < page.index(f'value="{low.id}"')
    for phrase in ("4.50", "spread 0.50", "2.00", "spread 0.00", "Note 5", site.cast.organisation.name["en"]):
        assert phrase in page
    chosen = {"work": [str(high.id)], "decision": "accepted"}
    assert "1 work accepted" in (await curator.post("/desk/queue/decisions", data=chosen)).text
    assert (await Artwork.get(id=high.artwork_id)).status == Status.ACCEPTED
    assert "Accepted" in (await keeper.get(f"/desk/rounds/{round.id}")).text


async def test_nothing_tells_whose_a_work_is(site: Site) -> None:
    theme = await factories.theme()
    project = await factories.project(
        site.cast.organisation, title=Texts({"zh": "星光画室", "en": "Starlight Studio"})
    )
    story = "小画家在晓更基金会的星光画室画的。Xiaogeng Foundation helped."
    (submission,) = await works_of(site, theme, 1, project=project, story=story, assistance="王老师帮忙")
    work = await Artwork.get(id=submission.artwork_id).prefetch_related("artist")
    assert work.artist is not None
    work.artist.credit_name = "小画家"
    await work.artist.save()
    round = await opened(site, theme)
    client = await site.client(site.cast.keeper)
    page = (await client.get(f"/desk/rounds/{round.id}/works/{submission.id}")).text
    assert NAME_COVER in page
    assert work.own("alt_text") in page
    for phrase in ("小画家", "晓更", "Xiaogeng", "星光画室", "Starlight", "王老师", f"/desk/queue/{work.id}"):
        assert phrase not in page, phrase
    answer = await client.get(f"/desk/queue/{work.id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/rounds/{round.id}")


async def test_nothing_is_decided_while_it_is_scored(site: Site) -> None:
    theme = await factories.theme()
    (submission,) = await works_of(site, theme, 1)
    (other,) = await works_of(site, await factories.theme(), 1)
    round = await opened(site, theme)
    work = await Artwork.get(id=submission.artwork_id)
    with use_language("en"), pytest.raises(DecisionRefused, match="are being scored"):
        await accept(work, submission, site.cast.keeper)
    queue = Queue(site.cast.keeper, QueueFilter())
    assert [each.id for each in await queue.not_deferred()] == [other.id]
    await close_round(round, site.cast.curator)
    await accept(work, submission, site.cast.keeper)


async def test_works_of_ones_own_organisation_are_left_to_others(site: Site) -> None:
    theme = await factories.theme()
    own, *_ = await works_of(site, theme, 1)
    (foreign,) = await works_of(site, theme, 1, organisation=site.cast.elsewhere)
    await Membership.create(person=site.cast.curator, organisation=site.cast.organisation)
    round = await opened(site, theme)
    assert await scoring_order(round, site.cast.curator, "key") == [foreign.id]
    with pytest.raises(ScoringRefused):
        await score(round, own, site.cast.curator, 5, "")
    client = await site.client(site.cast.curator)
    assert (await client.get(f"/desk/rounds/{round.id}/works/{own.id}")).status_code == 404


async def test_a_score_can_be_changed_until_the_round_closes(site: Site) -> None:
    theme = await factories.theme()
    (submission,) = await works_of(site, theme, 1)
    round = await opened(site, theme)
    await score(round, submission, site.cast.curator, 2, "")
    await score(round, submission, site.cast.curator, 4, "Looked again")
    kept = await Score.get(round=round)
    assert (kept.value, kept.note) == (4, "Looked again")
    await close_round(round, site.cast.curator)
    with use_language("en"), pytest.raises(ScoringRefused, match="closed"):
        await score(round, submission, site.cast.curator, 1, "")
    client = await site.client(site.cast.curator)
    path = f"/desk/rounds/{round.id}/works/{submission.id}"
    assert (await client.post(path, data={"value": "1"})).status_code == 404


async def test_every_curator_has_an_order_of_their_own(site: Site) -> None:
    theme = await factories.theme()
    ids = {each.id for each in await works_of(site, theme, 6)}
    round = await opened(site, theme)
    one, other = [await scoring_order(round, each, "key") for each in (site.cast.curator, site.cast.keeper)]
    assert set(one) == set(other) == ids
    assert one == await scoring_order(round, site.cast.curator, "key")
    assert one != other


async def test_only_curators_score(site: Site) -> None:
    theme = await factories.theme()
    (submission,) = await works_of(site, theme, 1)
    round = await opened(site, theme)
    partner, guest = await site.client(site.cast.partner), await site.client()
    for path in (
        "/desk/rounds",
        f"/desk/rounds/{round.id}",
        f"/desk/rounds/{round.id}/works/{submission.id}",
    ):
        assert (await partner.get(path)).status_code == 404
        assert (await guest.get(path)).status_code == 303
    assert (await partner.post(f"/desk/rounds/{round.id}/closing")).status_code == 404
    other = await Person.create(
        email="o@example.org", name="O", role=Role.CURATOR, language="en", password_hash="x"
    )
    stranger = await site.client(other)
    assert (await stranger.post(f"/desk/rounds/{round.id}/closing")).status_code == 404
    assert (await stranger.get("/desk/rounds/99999")).status_code == 404
    assert not await Score.all().exists()


async def test_bad_input_comes_back_with_a_sentence(site: Site) -> None:
    theme = await factories.theme()
    (submission,) = await works_of(site, theme, 1)
    client = await site.client(site.cast.curator)
    for data, sentence in (
        ({"theme": "", "closes_at": "2090-01-01T10:00"}, "Please choose a theme"),
        ({"theme": str(theme.id), "closes_at": ""}, "Please say when"),
        ({"theme": str(theme.id), "closes_at": "soon"}, "Please give a day and a time"),
        ({"theme": str(theme.id), "closes_at": "2020-01-01T10:00"}, "a time that is to come"),
    ):
        answer = await client.post("/desk/rounds", data=data)
        assert answer.status_code == 422
        assert sentence in answer.text
    round = await opened(site, theme)
    again = await client.post("/desk/rounds", data={"theme": str(theme.id), "closes_at": "2090-01-01T10:00"})
    assert "are being scored already" in again.text
    path = f"/desk/rounds/{round.id}/works/{submission.id}"
    for value in ("", "0", "6", "x"):
        answer = await client.post(path, data={"value": value, "note": "Kept"})
        assert answer.status_code == 422
        assert "a score from 1 to 5" in answer.text
        assert "Kept" in answer.text
    assert not await Score.all().exists()


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 5))))
def test_the_ranking_keeps_every_work_once(scores: list[tuple[int, int]]) -> None:
    found = rank_works(scores, range(1, 11))
    assert sorted(each.submission_id for each in found) == list(range(1, 11))
    placed = [each for each in found if each.place is not None]
    assert found[: len(placed)] == placed
    for number, (one, next_one) in enumerate(pairwise(placed), 1):
        assert (-one.mean, one.spread) <= (-next_one.mean, next_one.spread)
        same = (one.mean, one.spread) == (next_one.mean, next_one.spread)
        assert next_one.place == (one.place if same else number + 1)
    assert all(0 <= each.spread <= 2 for each in placed)


@given(st.text(), st.lists(st.text(max_size=6), max_size=4))
def test_no_name_is_left_in_a_covered_text(text: str, names: list[str]) -> None:
    shown = cover_names(text, names)
    for name in names:
        if len(name.strip()) > 1 and NAME_COVER not in name and name.strip() not in NAME_COVER * 3:
            assert name.strip() not in shown.replace(NAME_COVER, "\0")
