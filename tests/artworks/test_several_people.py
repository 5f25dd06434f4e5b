"""Several people at one work: whatever they do, in turn or concurrently, nothing is shown without consent
and no text is lost.

Two members of the organisation, two curators, a guardian with a slip and a visitor, each with pages that they
opened earlier and submit at any time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gallery.app import create_app
from gallery.artists import code_pages
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status, Submission, TakingBack
from gallery.db import content_version
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key, public_key
from gallery.reviews.models import Decision, Review
from gallery.settings import Settings
from tests import factories
from tests.artworks.forms import save, shown_fields
from tests.cast import assemble
from tests.conftest import Site
from tests.markup import attributes

pytestmark = pytest.mark.engines("sqlite", "postgresql")

MEMBERS = ("partner", "colleague")
CURATORS = ("curator", "keeper")


@dataclass
class Form:
    """The work's form as it is open in somebody's window."""

    fields: dict[str, Any]
    choice: str = ""  # of a conflict: "mine" or "theirs"
    overwritten: set[str] = field(default_factory=set)  # what choosing "mine" knowingly gives up


@dataclass
class Looked:
    """What a curator decides on."""

    submission: str
    seen: str


class SeveralPeople(RuleBasedStateMachine):
    """One work, and another under the same consent that hangs already; each typed text has its own number."""

    def __init__(self, runner: asyncio.Runner, site: Site, clients: dict[str, httpx.AsyncClient]) -> None:
        super().__init__()
        self.runner, self.site, self.clients = runner, site, clients
        self.forms: dict[str, Form] = {}
        self.looked: dict[str, Looked] = {}
        self.saved: set[str] = set()  # what the server acknowledged as saved
        self.number = 0
        self.is_withdrawn = False

    @initialize(status=st.sampled_from([Status.ACCEPTED, Status.DRAFT, Status.SUBMITTED, Status.RETURNED]))
    def begin(self, status: Status) -> None:
        self.runner.run(self._begin(status))

    async def _begin(self, status: Status) -> None:
        """Both members have a draft's form open, and the work has reached `status` since then."""
        organisation, storage = self.site.cast.organisation, self.site.storage
        self.work = await factories.artwork(storage, organisation)
        self.consent: Consent = await Consent.get(id=self.work.consent_id)
        self.other = await factories.artwork(
            storage, organisation, consent=self.consent, status=Status.ACCEPTED
        )
        await factories.exhibition([self.work, self.other])
        for who in MEMBERS:
            await self.open_form(who)
        if status != Status.DRAFT:
            await self.press("partner", "submissions")
        if status in set(Decision):
            await self.decide("curator", Decision(status))

    # What people do. No action fails with 500 or more, and typed text is in the answer or was saved.

    @rule(who=st.sampled_from(MEMBERS))
    def opens_the_form(self, who: str) -> None:
        self.runner.run(self.open_form(who))

    @rule(who=st.sampled_from(MEMBERS), choice=st.sampled_from(["mine", "theirs"]))
    def types(self, who: str, choice: str) -> None:
        self.runner.run(self.type_into(who, choice))

    @rule(choice=st.sampled_from(["mine", "theirs"]))
    def both_type_at_once(self, choice: str) -> None:
        async def together() -> None:
            for who in MEMBERS:
                await self.open_form(who)
            await asyncio.gather(*(self.type_into(who, choice) for who in MEMBERS))

        self.runner.run(together())

    @rule(who=st.sampled_from(MEMBERS))
    def submits(self, who: str) -> None:
        self.runner.run(self.press(who, "submissions"))

    @rule(who=st.sampled_from(MEMBERS))
    def takes_back(self, who: str) -> None:
        self.runner.run(self.press(who, "taking-back"))

    @rule(who=st.sampled_from(MEMBERS))
    def proposes(self, who: str) -> None:
        self.runner.run(self.propose(who))

    @rule(who=st.sampled_from(CURATORS))
    def looks(self, who: str) -> None:
        self.runner.run(self.look(who))

    @rule(who=st.sampled_from(CURATORS), decision=st.sampled_from(Decision))
    def decides(self, who: str, decision: Decision) -> None:
        self.runner.run(self.decide(who, decision))

    @rule(decisions=st.tuples(*[st.sampled_from(Decision)] * 2))
    def both_decide_at_once(self, decisions: tuple[Decision, Decision]) -> None:
        async def together() -> None:
            await self.press("partner", "submissions")
            for who in CURATORS:
                await self.look(who)
            await asyncio.gather(*map(self.decide, CURATORS, decisions))

        self.runner.run(together())

    @rule(who=st.sampled_from(CURATORS))
    def takes_the_decision_back(self, who: str) -> None:
        self.runner.run(self.undo(who))

    @precondition(lambda self: self.number > 3 and not self.is_withdrawn)
    @rule(by_slip=st.booleans())
    def withdraws(self, by_slip: bool) -> None:
        self.runner.run(self.withdraw(by_slip))

    @rule(data=st.data())
    def several_at_once(self, data: st.DataObject) -> None:
        """Two to four of these actions at the same time."""
        actions = data.draw(st.lists(st.sampled_from(AT_ONCE), min_size=2, max_size=4))
        running: list[Coroutine[Any, Any, None]] = [action(self) for action in actions]
        if self.number > 4 and not self.is_withdrawn and data.draw(st.integers(0, 3)) == 0:
            running.append(self.withdraw(True))

        async def together() -> None:
            await asyncio.gather(*running)

        self.runner.run(together())

    # The requests behind each action.

    def typed(self) -> str:
        self.number += 1
        return f"〔{self.work.id}第{self.number}句〕"

    async def ask(self, who: str, path: str) -> httpx.Response:
        answer = await self.clients[who].get(path)
        assert answer.status_code < 500, answer.text
        return answer

    async def send(self, who: str, path: str, data: dict[str, Any]) -> httpx.Response:
        answer = await self.clients[who].post(path, data=data)
        assert answer.status_code < 500, answer.text
        return answer

    async def open_form(self, who: str) -> None:
        answer = await self.ask(who, f"/desk/works/{self.work.id}/edit")
        if answer.status_code == 200:
            self.forms[who] = Form(shown_fields(answer.text))

    async def type_into(self, who: str, choice: str = "mine") -> None:
        if who not in self.forms:
            await self.open_form(who)
        form = self.forms.pop(who, None)
        if form is None:
            return
        words = self.typed()
        form.fields["story"] += words
        answer = await save(self.clients[who], self.work, form.fields)
        if answer.status_code == 303:
            if form.choice != "theirs":
                self.saved.add(words)
            self.saved -= form.overwritten
            return
        assert answer.status_code == 422, answer.text
        assert (
            form.choice == "theirs" or words in answer.text
        )  # a person who chose the other's text gave up their own
        if f'action="/desk/works/{self.work.id}/edit"' in answer.text:
            self.forms[who] = self.answered(answer.text, choice)

    def answered(self, page: str, choice: str) -> Form:
        """The form as the server returned it, with a choice if it asks which story to keep."""
        form = Form(shown_fields(page))
        mine = attributes(page, "[name=choice_story][value^=mine-]", "value")
        if mine:
            form.choice = choice
            form.fields["choice_story"] = mine[0] if choice == "mine" else "theirs"
            there = page.split("<blockquote>")[1].split("</blockquote>")[0]
            gone = {words for words in self.saved if words in there and words not in form.fields["story"]}
            form.overwritten = gone if choice == "mine" else set()
        return form

    async def press(self, who: str, button: str) -> None:
        answer = await self.send(who, f"/desk/works/{self.work.id}/{button}", {})
        assert answer.status_code == 303

    async def propose(self, who: str) -> None:
        path = f"/desk/works/{self.work.id}/proposal"
        page = await self.ask(who, path)
        if page.status_code != 200:
            return
        fields = shown_fields(page.text)
        words = self.typed()
        fields["story"] += words
        answer = await self.clients[who].post(path, data=fields, files={"other": b""})
        if answer.status_code == 303:
            self.saved.add(words)
        else:
            assert answer.status_code == 422, answer.text
            assert words in answer.text

    async def look(self, who: str) -> None:
        page = await self.ask(who, f"/desk/queue/{self.work.id}")
        found = [
            re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text) for name in ("submission", "seen")
        ]
        if all(found):
            self.looked[who] = Looked(*(each[1] for each in found if each))
            # The window is left without deciding, so that another curator may, and comes back to it later.
            await self.send(who, f"/desk/queue/{self.work.id}/hold", {"leave": "1"})

    async def decide(self, who: str, decision: Decision) -> None:
        if who not in self.looked:
            await self.look(who)
        looked = self.looked.pop(who, None)
        if looked is None:
            return
        data = {"submission": looked.submission, "seen": looked.seen, "decision": decision}
        path = f"/desk/queue/{self.work.id}"
        answer = await self.send(who, path, {**data, "reason": "因为……", "note_title": "请再看一下标题。"})
        assert answer.status_code in {303, 422}

    async def undo(self, who: str) -> None:
        person = getattr(self.site.cast, who)
        review = await Review.filter(artwork_id=self.work.id, by=person).order_by("-id").first()
        if review is not None:
            await self.send(who, "/desk/queue/undo", {"review": str(review.id)})

    async def withdraw(self, by_slip: bool) -> None:
        if by_slip:
            await self.send("visitor", f"/zh/consent/{self.consent.code}", {})
        else:
            await self.press("partner", "withdrawal")
        self.is_withdrawn = True
        for work in (self.work, self.other):  # from this response on
            assert (await self.ask("visitor", f"/zh/works/{work.public_id}")).status_code == 410

    async def visit(self) -> None:
        await self.ask("visitor", f"/zh/works/{self.work.public_id}")

    # Invariants: true whenever no action is running.

    @invariant()
    def all_is_well(self) -> None:
        if hasattr(self, "consent"):
            self.runner.run(self.look_at_it())

    async def look_at_it(self) -> None:
        work = await Artwork.get(id=self.work.id).prefetch_related("image")
        submissions = await Submission.filter(artwork_id=work.id).order_by("number")
        assert work.image is not None
        is_shown = work.status == Status.ACCEPTED and not self.is_withdrawn
        page = await self.ask("visitor", f"/zh/works/{work.public_id}")
        picture = await self.ask("visitor", f"/media/{work.image.token}/640.jpg")
        assert (
            page.status_code
            == picture.status_code
            == (200 if is_shown else 410 if self.is_withdrawn else 404)
        )
        if self.is_withdrawn:
            await self.nothing_is_left(work, submissions)
            return
        assert (await self.ask("visitor", f"/zh/works/{self.other.public_id}")).status_code == 200
        assert [each.number for each in submissions] == list(range(1, len(submissions) + 1))
        waiting = [each for each in submissions if each.is_waiting]
        assert len(waiting) <= 1
        for each in submissions:  # waiting, decided, or taken back: one of these
            ends = await Review.filter(submission_id=each.id).count()
            ends += await TakingBack.filter(submission_id=each.id).count()
            assert ends + each.is_waiting == 1
        assert (work.status == Status.SUBMITTED) == any(not each.is_proposal for each in waiting)
        assert not waiting or work.status in {Status.SUBMITTED, Status.ACCEPTED}
        kept = [work.own("story"), *(each.sent["story"] for each in submissions)]
        for words in self.saved:
            assert any(words in text for text in kept), (words, kept)
        if work.is_editable:
            newest = kept[-1] if submissions else ""
            assert all(
                words in work.own("story") for words in self.saved if words not in "".join(kept[1:])
            ), newest
        if is_shown:  # exactly what a curator accepted last
            accepted = (
                await Review.filter(artwork_id=work.id, decision=Decision.ACCEPTED).order_by("-id").first()
            )
            assert accepted is not None
            sent = next(each.sent["story"] for each in submissions if each.id == accepted.submission_id)
            assert work.own("story") == sent
            assert all((words in page.text) == (words in sent) for words in self.saved)

    async def nothing_is_left(self, work: Artwork, submissions: list[Submission]) -> None:
        assert work.status == Status.WITHDRAWN
        assert (work.own("story"), work.own("alt_text"), work.unfinished) == ("", "", {})
        assert [(each.sent, each.is_waiting) for each in submissions] == [({}, False)] * len(submissions)
        desk = await self.ask("partner", f"/desk/works/{work.id}")
        assert f"〔{work.id}第" not in desk.text
        for image in await Image.filter(artwork__consent_id=self.consent.id):
            assert image.state == ImageState.ERASED
            assert not await self.site.storage.private.exists(original_key(image.token))
            assert not await self.site.storage.public.exists(public_key(image.token, "640.jpg"))


AT_ONCE = [
    *(lambda self, who=who: self.type_into(who) for who in MEMBERS),
    *(lambda self, who=who: self.press(who, "submissions") for who in MEMBERS),
    *(lambda self, who=who: self.press(who, "taking-back") for who in MEMBERS),
    *(lambda self, who=who: self.propose(who) for who in MEMBERS),
    *(lambda self, who=who: self.decide(who, Decision.ACCEPTED) for who in CURATORS),
    *(lambda self, who=who: self.decide(who, Decision.RETURNED) for who in CURATORS),
    lambda self: self.undo("curator"),
    lambda self: self.visit(),
]


def test_nothing_is_shown_without_consent_and_no_text_is_lost(
    settings: Settings, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # one process need not wait for others
    monkeypatch.setattr(code_pages.CODE_ATTEMPTS, "allows", lambda address: True)
    with asyncio.Runner() as runner:
        app = create_app(settings)
        lifespan = app.router.lifespan_context(app)

        async def open_it() -> tuple[Site, dict[str, httpx.AsyncClient]]:
            await lifespan.__aenter__()
            site = Site(app, settings, await assemble(), app.state.storage)
            clients = {who: await site.client(getattr(site.cast, who)) for who in (*MEMBERS, *CURATORS)}
            return site, {**clients, "visitor": await site.client()}

        async def close_it() -> None:
            await site._clients.aclose()
            await lifespan.__aexit__(None, None, None)

        site, clients = runner.run(open_it())
        try:
            run_state_machine_as_test(lambda: SeveralPeople(runner, site, clients), settings=STEPS[engine])
        finally:
            runner.run(close_it())


STEPS = {
    engine: settings(
        max_examples=settings().max_examples * percent // 100,  # fewer in `make quick`
        stateful_step_count=18,
        suppress_health_check=list(HealthCheck),
    )
    for engine, percent in (("sqlite", 14), ("postgresql", 5))
}
