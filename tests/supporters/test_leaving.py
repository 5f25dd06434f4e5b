"""After a supporter took it back, no address of any process mentions them; a picture of a withdrawn work goes, too."""

from __future__ import annotations

import httpx
import pytest

from gallery.artists.consents import code_hash, request_code
from gallery.artworks.models import Status
from gallery.clock import now
from gallery.exhibitions.models import Edition
from gallery.images.storage_keys import logo_key
from gallery.images.takedowns import stored_fingerprint
from gallery.mail.models import Mail
from gallery.supporters.models import Supporter, SupporterKind, SupporterLink, SupporterState
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.artworks.test_screening import work_of
from tests.conftest import Site
from tests.live import LiveSite, any_in, crawl, is_text
from tests.supporters.people import agreed

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_nothing_mentions_who_took_it_back(live: LiveSite) -> None:
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
    code = request_code("seed", live.settings.secret_key, "supporter")
    supporter = await Supporter.create(
        kind=SupporterKind.AMBASSADOR,
        state=SupporterState.AGREED,
        name=Texts({"zh": "林一先生", "en": "Lin Yi the First"}),
        reason=Texts({"zh": "因为喜欢。", "en": "Because of liking."}),
        links=["https://linyi.example/"],
        language="zh",
        seed="seed",
        code_hash=code_hash(code),
        asked_at=now(),
        expires_at=now(),
        answered_at=now(),
        picture_token="p" * 32,
        picture_width=9,
        picture_height=9,
    )
    await factories.put(live.storage.private, logo_key(supporter.picture_token))
    entry = {
        "key": "0a1b2c3d",
        "kind": "ambassador",
        "name": {},
        "link": "",
        "supporter": supporter.public_id,
    }
    exhibition = await factories.exhibition([work], credits=[entry])
    link = await SupporterLink.create(code="abcdefg", supporter=supporter, exhibition=exhibition)
    first, second = await live.serve(), await live.serve(worker=False)
    marks = ["林一先生", "Lin Yi the First", "因为喜欢", "linyi.example", supporter.public_id, "p" * 32]
    more = (f"/zh/supporter/{code}", f"/s/{link.code}", f"/logos/{supporter.picture_token}.jpg")
    async with httpx.AsyncClient(base_url=first) as one, httpx.AsyncClient(base_url=second) as other:
        before = await crawl(one, first, *more)
        await crawl(other, first, *more)  # fills the second process's cache, too
        mentioning = {
            path
            for path, answer in before.items()
            if any_in(path, marks) or (is_text(answer) and any_in(answer.text, marks))
        }
        assert {f"/{language}/supporters/{supporter.public_id}" for language in ("zh", "en")} <= mentioning
        assert {f"/{language}/exhibitions/{exhibition.slug}" for language in ("zh", "en")} <= mentioning
        assert any(path.startswith("/logos/") for path in mentioning)
        assert any(path.startswith("/sharing/") and "short-links" in path for path in before)
        assert (await one.post(f"/zh/supporter/{code}/end")).status_code == 303
        for path in before:
            answer = await other.get(path)
            # The page in the place of theirs leads to the same in the other language.
            gone = [mark for mark in marks if mark != supporter.public_id or mark not in path]
            mentions = is_text(answer) and any_in(answer.text.replace(path, ""), gone)
            assert not mentions, path
            if path in {f"/zh/supporters/{supporter.public_id}", f"/zh/supporter/{code}"}:
                assert answer.status_code == 410
            elif path.startswith(("/logos/", "/s/")) or "short-links" in path:
                assert answer.status_code == 404, path
    assert not await Edition.filter(credits__not_isnull=True).exists()


async def test_a_picture_of_a_withdrawn_work_is_taken_down(site: Site) -> None:
    work = await work_of(site, 1)
    await site.work()
    assert work.image is not None
    await work.image.refresh_from_db()
    supporter, _path = await agreed(site)
    await factories.put(site.storage.private, logo_key("p" * 32))
    code = await stored_fingerprint(work.image, site.storage)
    assert code
    await Supporter.filter(id=supporter.id).update(picture_token="p" * 32, picture_fingerprint=code)
    await withdraw(await work.consent, site.storage)
    await supporter.refresh_from_db()
    assert (supporter.picture_token, supporter.picture_fingerprint) == ("", None)
    with pytest.raises(FileNotFoundError):
        async with site.storage.private.local_copy(logo_key("p" * 32)):
            pass
    assert await Mail.filter(kind="picture_taken_down", email=site.cast.curator.email).exists()
