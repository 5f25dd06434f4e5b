"""The list of an organisation's works: the state of each, and why."""

from __future__ import annotations

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.images.models import Image, ImageState
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attribute, attributes, texts_in
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_it_invites_who_has_none(site: Site) -> None:
    page = (await (await site.client(site.cast.partner)).get("/desk/works")).text
    assert "Enter the first work" in page


async def test_states_and_reasons(site: Site) -> None:
    ours = site.cast.organisation
    refused = await factories.image(site.storage, ours, state=ImageState.REFUSED, refusal="too_slow")
    waiting = await factories.image(site.storage, ours, state=ImageState.RECEIVED)
    await factories.artwork(site.storage, ours, title="坏的", image=refused)
    await factories.artwork(site.storage, ours, title="等着", image=waiting)
    await factories.artwork(site.storage, ours, title="好的", status=Status.ACCEPTED)
    await factories.artwork(site.storage, site.cast.elsewhere, title="别家的")
    client = await site.client(site.cast.colleague)
    page = (await client.get("/desk/works")).text
    assert "too costly to open" in page
    assert "is being prepared" in page
    assert "别家的" not in page
    accepted = (await client.get("/desk/works?status=accepted")).text
    assert "好的" in accepted
    assert "坏的" not in texts_in(accepted, ".row-main > a")
    assert (await client.get("/desk/works?status=nonsense&page=x")).status_code == 200


async def test_works_are_narrowed_by_theme_project_and_words_together(site: Site) -> None:
    ours = site.cast.organisation
    winter, football = (
        await factories.theme(title=Texts({"en": "Winter"})),
        await factories.theme(title=Texts({"en": "Football"})),
    )
    class_, choir = await factories.project(ours), await factories.project(ours)
    await factories.project(ours)  # without works
    for title, theme, project in (
        ("一号", winter, class_),
        ("二号", winter, choir),
        ("三号", football, choir),
    ):
        await factories.artwork(site.storage, ours, title=title, themes=[theme], project=project)
    foreign = await factories.theme(title=Texts({"en": "Elsewhere alone"}))
    await factories.artwork(site.storage, site.cast.elsewhere, title="别家的", themes=[foreign])
    client = await site.client(site.cast.partner)

    async def found(query: str) -> list[str]:
        page = (await client.get(f"/desk/works?{query}")).text
        assert "Elsewhere alone" not in page.split('<ul class="rows">')[0].split("</section>")[-1]
        return sorted(texts_in(page, ".row-main > a"), key=["一号", "二号", "三号", "别家的"].index)

    assert await found(f"theme={winter.slug}") == ["一号", "二号"]
    assert await found(f"project={choir.slug}") == ["二号", "三号"]
    assert await found(f"theme={winter.slug}&project={choir.slug}&status=draft") == ["二号"]
    assert await found(f"theme={winter.slug}&status=accepted") == []
    assert await found(f"theme={foreign.slug}&project=nonsense") == ["一号", "二号", "三号"]
    page = (await client.get(f"/desk/works?theme={winter.slug}&status=accepted")).text
    assert "draft 2" in page  # counted after filtering
    assert set(attributes(page, "[name=project] option", "value")) == {"", class_.slug, choir.slug}
    assert attribute(page, "[name=theme] option[selected]", "value") == winter.slug
    assert "Show all of them" in page
    page = (await client.get(f"/desk/works?theme={winter.slug}&q=一号")).text
    assert f'href="/desk/works?status=draft&amp;theme={winter.slug}&amp;q=' in page  # the tabs keep it
    assert attribute(page, "[name=theme] option[selected]", "value") == winter.slug


async def test_a_works_page_says_what_is_still_missing(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, story="", alt_text="")
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/works/{work.id}")).text
    for name in ("story", "alt_text"):
        assert f'href="/desk/works/{work.id}/edit#{name}"' in page
    assert f'href="/desk/works/{work.id}/edit#title"' not in page
    await Artwork.filter(id=work.id).update(story=in_zh("一碗汤圆。"), alt_text=in_zh("一只碗"))
    page = (await client.get(f"/desk/works/{work.id}")).text
    assert "it still needs" not in page
    assert "Submit" in texts_in(page, "button.primary")


async def test_as_many_queries_for_one_work_as_for_many(site: Site) -> None:
    client = await site.client(site.cast.partner)
    numbers = []
    for more in (1, 5):
        for _ in range(more):
            await factories.artwork(site.storage, site.cast.organisation, status=Status.SUBMITTED)
        with counted_queries() as queries:
            await client.get("/desk/works")
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] > 0


async def test_guests_sign_in_and_curators_have_their_queue(site: Site) -> None:
    guest = await (await site.client()).get("/desk/works")
    assert guest.headers["location"] == "/desk/sign-in?next=/desk/works"
    curator = await (await site.client(site.cast.curator)).get("/desk/works")
    assert curator.headers["location"] == "/desk/queue"


@pytest.mark.engines("sqlite", "postgresql")
async def test_several_drafts_are_deleted_and_same_pictures_are_marked(site: Site) -> None:
    ours = site.cast.organisation
    first = await factories.artwork(site.storage, ours, title="原来的")
    image = await Image.get(id=first.image_id)
    twin = await factories.image(site.storage, ours)
    await Image.filter(id__in=[image.id, twin.id]).update(source_sha256="ab" * 32)
    copy = await factories.artwork(site.storage, ours, title="又一次", image=await Image.get(id=twin.id))
    sent = await factories.artwork(site.storage, ours, status=Status.SUBMITTED)
    foreign = await factories.artwork(site.storage, site.cast.elsewhere)
    client = await site.client(site.cast.partner)
    page = (await client.get("/desk/works")).text
    assert texts_in(page, ".state-returned") == ["Same picture as 原来的"]
    assert sorted(attributes(page, "[name=work]", "value")) == sorted([str(first.id), str(copy.id)])
    path = "/desk/works/deletions"
    chosen = {"work": [str(each.id) for each in (copy, sent, foreign)]}
    assert (await client.post(path, data=chosen)).status_code == 303
    assert "1 draft is deleted." in (await client.get("/desk/works")).text
    assert set(await Artwork.all().values_list("id", flat=True)) == {first.id, sent.id, foreign.id}
    assert not await Image.exists(id=twin.id)
    await client.post(path, data={})
    assert "Please choose at least one draft." in (await client.get("/desk/works")).text
    assert (await (await site.client(site.cast.curator)).post(path, data=chosen)).status_code == 404
