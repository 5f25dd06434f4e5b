"""A withdrawal on one process is complete on another: every address that mentioned the work is requested again."""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
from pathlib import Path

import httpx
import PIL.Image as Picture
import pytest
from PIL import ImageOps

from gallery.artworks.models import Artwork, Status
from gallery.artworks.models import Picture as WorkPicture
from gallery.exhibitions.credit_logos import set_logo
from gallery.exhibitions.models import Edition
from gallery.images.models import Fingerprint, Image
from gallery.images.profile_image_models import CreditLogo, ProfileImage
from gallery.images.profile_images import set_profile_image
from gallery.mail.models import Mail
from gallery.organisations.models import Organisation, Project
from gallery.search.models import SearchEntry
from gallery.web.texts import Texts
from tests import factories
from tests.images.drawings import as_file, drawn
from tests.live import LiveSite, any_in, crawl, eventually, is_text

pytestmark = pytest.mark.engines("sqlite", "postgresql-s3")

SEARCHES = ("/zh/search?q=%E6%92%A4%E5%9B%9E", "/en/search?q=withdrawing&kind=work", "/zh/search?kind=work")
FOR_MACHINES = ("/sitemap.xml",)

VIEWERS_ASK = (
    "/0,0,512,512/512,512/0/default.jpg",  # a tile
    "/full/325,250/0/default.jpg",  # the picture in one tile
    "/100,100,300,200/150,/90/gray.png",  # a piece made on demand
)


async def test_every_address_that_mentions_a_withdrawn_work_forgets_it(live: LiveSite) -> None:
    organisation, storage = live.cast.organisation, live.storage
    theme = await factories.theme()
    project = await factories.project(organisation)
    consent = await factories.consent(organisation, for_sharing=True)
    values = {"status": Status.ACCEPTED, "themes": [theme], "project": project}
    withdrawn = [
        await factories.artwork(
            storage,
            organisation,
            consent=consent,
            title=f"要撤回的画{n}",
            title_translation=f"Picture to withdraw {n}",
            **values,
        )
        for n in range(2)
    ]
    further = await factories.further_pictures(storage, withdrawn[1], 2)
    staying = await factories.artwork(
        storage, organisation, title="留下的画", title_translation="Picture that stays", **values
    )
    await factories.exhibition([withdrawn[0], staying, withdrawn[1]], theme=theme)
    first, second = await live.serve(), await live.serve(worker=False)

    marks = [work.public_id for work in withdrawn]
    marks += [title for work in withdrawn for title in (work.own("title"), work.title["en"])]
    images = Image.filter(artwork__id__in=[work.id for work in withdrawn])
    marks += (tokens := [image.token for image in [*await images, *further]])
    marks += [
        alt for each in await WorkPicture.filter(artwork_id=withdrawn[1].id) for alt in each.alt_text.values()
    ]

    async with httpx.AsyncClient(base_url=first) as one, httpx.AsyncClient(base_url=second) as other:
        while not {work.id for work in withdrawn} <= set(
            await SearchEntry.all().values_list("artwork_id", flat=True)
        ):
            await asyncio.sleep(0.1)  # until the worker has written the search index
        before = await crawl(one, first, *SEARCHES, *FOR_MACHINES)
        again = await crawl(other, first, *SEARCHES, *FOR_MACHINES)  # warms the second process's cache too
        assert set(before) == set(again)
        # Networks fetch the cards that pages name (the crawl follows og:image); somebody shares a poster.
        for language in ("zh", "en"):
            for work in withdrawn:
                assert any(
                    path.startswith(f"/sharing/{language}/works/{work.public_id}/card-") for path in before
                )
                poster = f"/sharing/{language}/works/{work.public_id}/poster-000000000000.png"
                before[poster] = await one.get(poster)
                assert (await other.get(poster)).status_code == 200
        # Viewers build these addresses themselves.
        for token in tokens:
            for path in ("/info.json", *VIEWERS_ASK):
                before[f"/iiif/{token}{path}"] = await one.get(f"/iiif/{token}{path}")
                assert (await other.get(f"/iiif/{token}{path}")).status_code == 200
        for work in withdrawn:  # embedding pages build these
            for path in (f"/zh/works/{work.public_id}/frame", f"/en/works/{work.public_id}/frame"):
                before[path] = await one.get(path)
                assert (await other.get(path)).status_code == 200
        leading_on = {
            path for path in before if re.search(r"/(works|projects)/[^/]+/support/", path)
        }  # to the project, through our own address
        assert {before[path].status_code for path in leading_on} == {302}
        assert {before[path].status_code for path in before.keys() - leading_on} == {200}
        mentioning = {
            path
            for path, answer in before.items()
            if any_in(path, marks) or (is_text(answer) and any_in(answer.text, marks))
        }
        own = {path for path in mentioning if any_in(path, marks)}
        assert any(path.startswith("/media/") and path.endswith(".avif") for path in own)
        assert {
            f"/{language}/works/{work.public_id}" for language in ("zh", "en") for work in withdrawn
        } <= own
        feeds = {path for path in before if path.endswith("/feed.atom")}
        assert len(feeds) == 8  # of the site, the exhibition, its theme and the organisation
        sitemaps = {"/zh/sitemap-1.xml", "/en/sitemap-1.xml"}
        collections = {path for path in before if path.endswith("/collection.json")}
        assert len(collections) == 2
        frames = {path for path in before if "/exhibitions/" in path and path.endswith("/frame")}
        assert len(frames) == 2
        assert {"/zh/", "/en/", *SEARCHES, *feeds, *sitemaps, *collections, *frames} <= mentioning - own
        assert {f"/iiif/works/{work.public_id}/manifest.json" for work in withdrawn} <= own
        assert len([path for path in own if path.startswith("/oembed?")]) == 8  # two forms, two languages

        page = await one.get(f"/c/{consent.code}", follow_redirects=True)
        assert page.status_code == 200
        answer = await one.post(page.url.path)
        assert answer.status_code == 303

        for client in (other, one):
            for path in sorted(mentioning):
                answer = await client.get(path)
                if path in own:
                    assert answer.status_code == 410, (path, answer.status_code)
                else:
                    assert answer.status_code == 200, (path, answer.status_code)
                if is_text(answer):
                    other_marks = [mark for mark in marks if mark not in path]  # its own address is allowed
                    assert not any_in(answer.text, other_marks), path
        # The other works are still there, pictures included.
        staying_paths = set(before) - own
        assert {(await one.get(path)).status_code for path in sorted(staying_paths - leading_on)} == {200}
        assert {(await one.get(path)).status_code for path in sorted(staying_paths & leading_on)} == {302}

    for work in await Artwork.filter(id__in=[work.id for work in withdrawn]).prefetch_related("image"):
        assert work.status == Status.WITHDRAWN
        assert work.image is not None
        assert not [key async for key in storage.public.keys(work.image.token)]
        assert not [key async for key in storage.private.keys(f"renditions/{work.image.token}")]
        assert not await storage.private.exists(f"originals/{work.image.token}")


COPIES = {
    "whole": lambda sheet: as_file(sheet),
    "cropped to 60 % of either side": lambda sheet: as_file(sheet.crop((500, 300, 1460, 1020))),
    "cropped, mirrored and recompressed": lambda sheet: as_file(
        ImageOps.mirror(sheet.crop((0, 240, 1200, 1140))), quality=45
    ),
    "cropped, turned, smaller": lambda sheet: as_file(
        sheet.crop((100, 0, 1300, 900)).transpose(Picture.Transpose.ROTATE_90).resize((675, 900)), "PNG"
    ),
}


@pytest.mark.engines("postgresql-s3")
async def test_logos_credits_and_covers_that_show_a_withdrawn_work_go_with_it(live: LiveSite) -> None:
    """Withdraw a work that logos and covers of several organisations show, each a copy of another kind, and
    open every page. Logos and covers have no consent.
    """
    storage, elsewhere = live.storage, live.cast.elsewhere
    sheet = drawn(1)
    copies = {name: make_copy(sheet) for name, make_copy in COPIES.items()}
    image = await factories.received(storage, live.cast.organisation, as_file(sheet))
    consent = await factories.consent(live.cast.organisation)
    work = await factories.artwork(
        storage, live.cast.organisation, status=Status.ACCEPTED, image=image, consent=consent
    )
    other, staying = [
        await factories.artwork(storage, live.cast.organisation, status=Status.ACCEPTED) for _ in range(2)
    ]
    theirs = await factories.artwork(storage, elsewhere, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work, other, staying, theirs], slug="solstice")
    for edition in await Edition.filter(exhibition=exhibition):
        edition.credits = [{"key": "aaaaaaaa", "kind": "donor", "name": {"zh": "甲"}, "link": ""}]
        await edition.save()
    owners: list[Organisation | Project] = [
        live.cast.organisation,
        elsewhere,
        *await Project.filter(id__in=[other.project_id, theirs.project_id]),
    ]
    another = await Project.get(id=staying.project_id)  # its cover shows something else
    partner = live.cast.partner
    pictures = dict(zip(owners, copies.values(), strict=True)) | {another: as_file(drawn(2))}
    for owner, content in pictures.items():
        organisation = elsewhere if getattr(owner, "organisation_id", owner.id) == elsewhere.id else None
        profile_image = await factories.received(storage, organisation or live.cast.organisation, content)
        await set_profile_image(owner, profile_image, Texts({"zh": "灯", "en": "A lamp"}), partner, storage)

    first, second = await live.serve(), await live.serve(worker=False)

    async def are_screened() -> bool:
        states = await ProfileImage.all().values_list("state", flat=True)
        return set(states) == {"shown"} and await Fingerprint.filter(image__artwork__id=work.id).exists()

    await eventually(are_screened)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "logo.jpg"
        path.write_bytes(as_file(Picture.open(io.BytesIO(copies["whole"])).convert("RGB")))
        await set_logo(exhibition, "aaaaaaaa", path, (900, 600), live.cast.curator, storage)
    logo = await CreditLogo.get()
    profile_images = await ProfileImage.all().select_related("image")
    kept = next(each.image for each in profile_images if each.project_id == another.id)
    gone = [each.image for each in profile_images if each.image != kept]
    assert len(gone) == 4
    tokens = [*(each.token for each in gone), logo.token]

    async with (
        httpx.AsyncClient(base_url=first, timeout=60) as one,
        httpx.AsyncClient(base_url=second, timeout=60) as two,
    ):
        before = await crawl(one, first, leaving_out="/sharing/")
        await crawl(two, first, leaving_out="/sharing/")
        own = {path for path in before if any_in(path, tokens)}
        own.add(f"/logos/{logo.token}.jpg")
        assert {token for token in tokens if any(token in path for path in own)} == set(tokens)
        mentioning = {
            path for path, answer in before.items() if is_text(answer) and any_in(answer.text, tokens)
        }
        assert len(mentioning) >= 10
        for path in own:
            assert {(await one.get(path)).status_code, (await two.get(path)).status_code} == {200}, path

        page = await one.get(f"/c/{consent.code}", follow_redirects=True)
        answer = await one.post(page.url.path)
        assert answer.status_code == 303

        for client in (two, one):
            for path in sorted(own):
                assert (await client.get(path)).status_code in {404, 410}, path
            for path in sorted(mentioning):
                assert not any_in((await client.get(path)).text, tokens), path
        assert (await one.get(f"/media/{kept.token}/320.jpg")).status_code == 200

    for store in (storage.private, storage.public):
        assert not [stored.key async for stored in store.files() if any_in(stored.key, tokens)]
    assert not await CreditLogo.exists()
    mails = await Mail.filter(kind="picture_taken_down")
    assert {mail.person_id for mail in mails} == {
        live.cast.partner.id,
        live.cast.colleague.id,
        live.cast.stranger.id,
        live.cast.curator.id,
        live.cast.keeper.id,
    }
    assert not any(work.own("title") in str(mail.facts) for mail in mails)
