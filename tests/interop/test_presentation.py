"""IIIF Presentation: manifests and collections list works on view, in both languages, and their links work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition, Exhibition, Hanging
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.queries import counted_queries

PROFILE = 'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'


async def read(site: Site, path: str) -> dict[str, Any]:
    site.app.state.content._checked_at = float("-inf")
    answer = await (await site.client()).get(path)
    assert answer.status_code == 200, path
    assert answer.headers["content-type"] == PROFILE
    assert answer.headers["access-control-allow-origin"] == "*"
    payload: dict[str, Any] = answer.json()
    assert payload["@context"] == "http://iiif.io/api/presentation/3/context.json"
    assert payload["id"] == site.settings.site_url + path
    return payload


async def wall(site: Site, count: int, **values: Any) -> tuple[Theme, list[Artwork], Exhibition]:
    theme = await factories.theme(title=Texts({"zh": "冬至", "en": "Winter"}), occurs_on=today())
    works = [
        await factories.artwork(
            site.storage, site.cast.organisation, **{"status": Status.ACCEPTED, "themes": [theme], **values}
        )
        for _ in range(count)
    ]
    return theme, works, await factories.exhibition(works, theme=theme)


def paths_of(theme: Theme, work: Artwork, exhibition: Exhibition) -> list[str]:
    return [
        f"/iiif/works/{work.public_id}/manifest.json",
        f"/iiif/exhibitions/{exhibition.slug}/collection.json",
        f"/iiif/themes/{theme.slug}/collection.json",
    ]


async def test_a_manifest_has_the_label_the_alt_text_and_the_picture(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(registration_number="5311")
    _, (work,), exhibition = await wall(site, 1, assistance="独立完成")
    here, token = site.settings.site_url, (await work.image).token
    document = await read(site, f"/iiif/works/{work.public_id}/manifest.json")
    assert document["label"] == {"zh-Hans": [work.own("title")], "en": [work.title["en"]]}
    assert document["summary"] == {"zh-Hans": [work.own("story")], "en": [work.story["en"]]}
    facts = {each["label"]["en"][0]: each["value"] for each in document["metadata"]}
    assert facts["Artist"] == {"zh-Hans": [(await work.artist).credit_name]}
    assert facts["Date made"] == {"zh-Hans": ["2022"], "en": ["2022"]}
    assert facts["Assistance"] == {"zh-Hans": ["独立完成"]}
    assert facts["Charity registration number"] == {"none": ["5311"]}
    assert facts["Submitted by"] == {"zh-Hans": ["晓更基金会"], "en": ["Xiaogeng Foundation"]}
    assert document["metadata"][0]["label"]["zh-Hans"] not in (["Artist"], [""])
    assert document["requiredStatement"]["value"]["en"][0].endswith(" · Xiaogeng Foundation")
    assert document["rights"] == "http://rightsstatements.org/vocab/InC/1.0/"
    assert [page["id"] for page in document["homepage"]] == [
        f"{here}/{language}/works/{work.public_id}" for language in ("zh", "en")
    ]
    assert document["partOf"][0]["id"] == f"{here}/iiif/exhibitions/{exhibition.slug}/collection.json"
    (canvas,) = document["items"]
    assert canvas["summary"] == {"zh-Hans": [work.own("alt_text")], "en": [work.alt_text["en"]]}
    assert (canvas["width"], canvas["height"]) == (1300, 1000)
    body = canvas["items"][0]["items"][0]["body"]
    assert body["service"] == [{"id": f"{here}/iiif/{token}", "type": "ImageService3", "profile": "level2"}]
    client = await site.client()
    for address in (
        body["id"],
        f"{body['service'][0]['id']}/info.json",
        document["thumbnail"][0]["id"],
        document["provider"][0]["id"],
        document["partOf"][0]["id"],
        *(page["id"] for page in document["homepage"] + document["provider"][0]["homepage"]),
    ):
        assert (await client.get(address)).status_code == 200, address
    for language in ("zh", "en"):
        page = (await client.get(f"/{language}/works/{work.public_id}")).text
        assert f'href="{document["id"]}"' in page


async def test_what_is_not_translated_is_said_in_its_own_language(site: Site) -> None:
    _, (work,), _ = await wall(
        site,
        1,
        title_translation="",
        alt_text_translation="",
        language="en",
        medium="",
        medium_translation="",
    )
    document = await read(site, f"/iiif/works/{work.public_id}/manifest.json")
    assert document["label"] == {"en": [work.own("title")]}
    assert document["items"][0]["summary"] == {"en": [work.own("alt_text")]}
    assert "Medium" not in {each["label"]["en"][0] for each in document["metadata"]}


async def test_collections_lead_to_their_works(site: Site) -> None:
    theme, works, exhibition = await wall(site, 3)
    _, of_exhibition, of_theme = paths_of(theme, works[0], exhibition)
    for path, order in ((of_exhibition, works), (of_theme, works[::-1])):
        document = await read(site, path)
        assert document["type"] == "Collection"
        assert [urlsplit(each["id"]).path for each in document["items"]] == [
            f"/iiif/works/{work.public_id}/manifest.json" for work in order
        ]
        for each, work in zip(document["items"], order, strict=True):
            manifest = await read(site, urlsplit(each["id"]).path)
            assert (
                manifest["label"]
                == each["label"]
                == {"zh-Hans": [work.own("title")], "en": [work.title["en"]]}
            )
            assert manifest["thumbnail"] == each["thumbnail"]
        assert document["navDate"].endswith("Z")
    assert (await read(site, of_theme))["label"] == {"zh-Hans": ["冬至"], "en": ["Winter"]}
    assert (await read(site, of_exhibition))["summary"] == {"zh-Hans": ["团圆。"], "en": ["Reunion."]}


async def test_a_withdrawn_work_leaves_them(site: Site) -> None:
    theme, (gone, staying), exhibition = await wall(site, 2)
    paths = paths_of(theme, gone, exhibition)
    for path in paths:
        await read(site, path)
    await withdraw(await Consent.get(id=gone.consent_id), site.storage)
    site.app.state.content._checked_at = float("-inf")
    answer = await (await site.client()).get(paths[0])
    assert answer.status_code == 410
    assert answer.headers["access-control-allow-origin"] == "*"
    assert gone.own("title") not in answer.text
    for path in paths[1:]:
        document = str(await read(site, path))
        assert gone.public_id not in document
        assert staying.public_id in document


async def test_what_is_not_on_view_has_none(site: Site) -> None:
    _, (work,), _ = await wall(site, 1, status=Status.SUBMITTED)
    soon = await factories.exhibition([work], opens_at=now() + timedelta(days=1))
    client = await site.client()
    for path in (
        f"works/{work.public_id}/manifest.json",
        f"works/{'a' * 40}/manifest.json",
        f"exhibitions/{soon.slug}/collection.json",
        "exhibitions/none/collection.json",
        "themes/none/collection.json",
    ):
        assert (await client.get(f"/iiif/{path}")).status_code == 404, path


@pytest.mark.engines("sqlite", "postgresql")
async def test_browsers_may_ask_from_anywhere(site: Site) -> None:
    theme, (work,), exhibition = await wall(site, 1)
    client = await site.client()
    for path in paths_of(theme, work, exhibition):
        answer = await client.options(path)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        kept = await client.get(path)
        again = await client.get(path, headers={"if-none-match": kept.headers["etag"]})
        assert (again.status_code, again.headers["access-control-allow-origin"]) == (304, "*")


async def test_queries_do_not_grow(site: Site) -> None:
    async def queries(path: str) -> int:
        await bump()
        site.app.state.content._checked_at = float("-inf")
        with counted_queries() as ran:
            assert (await (await site.client()).get(path)).status_code == 200
        return len([query for query in ran if "content_" not in query])

    theme, (work,), exhibition = await wall(site, 1)
    paths = paths_of(theme, work, exhibition)
    with_one = [await queries(path) for path in paths]
    room = await (await Edition.get(exhibition=exhibition, is_current=True)).rooms.all().first()
    assert room is not None
    for position in range(2, 6):
        other = await factories.artwork(
            site.storage, site.cast.organisation, status=Status.ACCEPTED, themes=[theme]
        )
        await Hanging.create(room=room, artwork=other, position=position)
    assert [await queries(path) for path in paths] == with_one
    assert max(with_one) <= 4


@pytest.mark.parametrize("story", ["**浓** [链接](https://example.org)", "<b>&</b>\u202e", ""])
async def test_texts_are_plain(site: Site, story: str) -> None:
    _, (work,), _ = await wall(site, 1, story=story, story_translation="")
    document = await read(site, f"/iiif/works/{work.public_id}/manifest.json")
    (summary,) = document.get("summary", {}).get("zh-Hans", [""])
    assert "**" not in summary
    assert "](" not in summary
