"""Works by program: listed, entered, changed, submitted, taken back and followed by the rules of the desk."""

from __future__ import annotations

import json

import pytest

from gallery.accounts.models import Membership
from gallery.artists.models import Artist, Consent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.organisations.models import Organisation
from gallery.reviews.decisions import accept, return_to_partner
from tests import factories
from tests.api.programs import V1, program
from tests.conftest import Site
from tests.factories import in_zh
from tests.queries import counted_queries

WORDS = {
    "language": "zh",
    "title": "饺子皮",
    "story": "他看了世界杯，照着报纸画了一个球员。",
    "alt_text": "穿红衣的球员踢一只圆圆的球。",
    "medium": "蜡笔",
    "year": 2022,
    "credit_name": "派派",
    "agreed_by": "parent",
    "scopes": ["web"],
    "starts_on": "2022-12-01",
    "project_title": "画画",
    "project_link": "https://example.org/painting",
}


def pointers(answer: object) -> dict[str, str]:
    return {each["pointer"]: each["detail"] for each in answer["errors"]}  # type: ignore[index]


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_is_entered_read_and_listed(site: Site) -> None:
    theme = await factories.theme()
    client = await program(site)
    made = await client.post(f"{V1}/works", json={**WORDS, "themes": [theme.id]})
    assert made.status_code == 201, made.text
    work = await Artwork.get().prefetch_related("artist", "consent", "project", "created_by")
    assert made.headers["location"] == made.json()["self"] == f"{V1}/works/{work.id}"
    assert (work.status, work.own("title"), work.created_by) == (Status.DRAFT, "饺子皮", site.cast.partner)
    assert (work.artist.credit_name, work.consent.scope, work.project.title["zh"]) == (
        "派派",
        ["web"],
        "画画",
    )
    payload = (await client.get(made.json()["self"])).json()
    assert {name: payload[name] for name in ("title", "story", "alt_text", "medium", "year", "language")} == {
        name: WORDS[name] for name in ("title", "story", "alt_text", "medium", "year", "language")
    }
    assert (payload["themes"], payload["artist"], payload["picture"]) == ([theme.id], work.artist_id, None)
    listed = (await client.get(f"{V1}/works")).json()
    assert [each["title"] for each in listed["works"]] == ["饺子皮"]
    assert listed["next"] is None


async def test_what_is_wrong_is_told_at_each_field_in_the_programs_language(site: Site) -> None:
    client = await program(site)
    answer = await client.post(
        f"{V1}/works",
        json={"title": "x" * 121, "year": "2022", "artist": 999, "themes": [1, "a"], "colour": "red"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    payload = answer.json()
    assert payload["type"].endswith("/api#fields")
    assert pointers(payload) == {
        "/title": "This has 121 characters; please keep it to 120.",
        "/year": "This takes a whole number.",
        "/themes/1": "This takes a whole number.",
        "/colour": "There is no such field.",
    }
    chosen = await client.post(f"{V1}/works", json={"title": "A", "artist": 999, "agreed_by": "parent"})
    assert set(pointers(chosen.json())) == {"/artist", "/scopes"}
    in_chinese = await client.post(f"{V1}/works", json={}, headers={"accept-language": "zh-CN"})
    assert in_chinese.headers["content-language"] == "zh-Hans"
    assert pointers(in_chinese.json()) == {"/title": "这一项必须填写。"}
    assert await Artwork.all().count() == await Artist.all().count() == await Consent.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title": NaN}', 400),
        (b'{"title": "a", "title": "b"}', 400),
        (b"[" * 100_000, 400),
        (b'{"year": ' + b"9" * 5000 + b"}", 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"title": null}', 422),
        (b'{"title": {}}', 422),
        (b'{"title": true}', 422),
        (b'{"title": "a", "year": 1e300}', 422),
        (b'{"title": "a", "ends_on": "2022-13-01"}', 422),
        (b'{"title": "a", "language": "xx"}', 422),
        (b'{"title": "a", "organisation": 1}', 422),
        (b'{"title": "' + b"a" * 500_000 + b'"}', 413),
    ],
)
async def test_bodies_that_cannot_be(site: Site, body: bytes, status: int) -> None:
    client = await program(site)
    answer = await client.post(f"{V1}/works", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert await Artwork.all().count() == 0


async def test_only_json_is_taken(site: Site) -> None:
    client = await program(site)
    answer = await client.post(f"{V1}/works", data={"title": "A"})
    assert answer.status_code == 415
    work = await factories.artwork(site.storage, site.cast.organisation)
    merge = {"content-type": "application/merge-patch+json"}
    body = json.dumps({"title": "B"})
    assert (await client.patch(f"{V1}/works/{work.id}", content=body, headers=merge)).status_code == 200


async def test_some_fields_are_changed_and_the_others_stay(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    before = (await client.get(f"{V1}/works/{work.id}")).json()
    changed = await client.patch(
        f"{V1}/works/{work.id}", json={"title": "新的", "medium": None, "year": 2021.0}
    )
    assert changed.status_code == 200, changed.text
    after = (await client.get(f"{V1}/works/{work.id}")).json()
    different = {name for name in after if after[name] != before[name]}
    assert different == {"title", "medium", "date_made", "edtf", "year", "texts", "updated_at"}
    assert (after["title"], after["medium"], after["date_made"], after["year"]) == (
        "新的",
        "",
        "2021",
        2021,
    )


async def test_size_date_and_number_are_sent_as_people_write_them(site: Site) -> None:
    client = await program(site)
    sent = {"title": "圆", "size": "8开", "date_made": "约1980年", "inventory_number": "XG-7"}
    made = await client.post(f"{V1}/works", json=sent)
    assert made.status_code == 201, made.text
    address = made.json()["self"]
    payload = (await client.get(address)).json()
    assert {name: payload[name] for name in sent} == sent
    assert payload["size_mm"] == {"height": 390, "width": 270, "depth": None}
    assert (payload["edtf"], payload["year"]) == ("1980~", 1980)
    again = await client.post(f"{V1}/works", json={"title": "另一个", "inventory_number": "XG-7"})
    assert again.status_code == 422
    assert pointers(again.json()) == {
        "/inventory_number": "“圆” has this number already. Each work needs its own."
    }
    assert await Artwork.all().count() == 1
    elsewhere = await program(site, person=site.cast.stranger)
    assert (await elsewhere.post(f"{V1}/works", json=sent)).status_code == 201
    for wrong, pointer in (
        ({"size": "4 km"}, "/size"),
        ({"size": "0 × 0"}, "/size"),
        ({"date_made": "2024-02-31"}, "/date_made"),
        ({"year": 1899}, "/year"),
        ({"year": 2099}, "/year"),
        ({"year": 2099, "date_made": "2099"}, "/date_made"),
    ):
        refused = await client.patch(address, json=wrong)
        assert (refused.status_code, list(pointers(refused.json()))) == (422, [pointer]), wrong
    both = await client.patch(address, json={"year": 2000, "date_made": "2001", "inventory_number": None})
    assert both.status_code == 200
    payload = (await client.get(address)).json()
    assert (payload["date_made"], payload["year"], payload["inventory_number"]) == ("2001", 2001, None)
    emptied = await client.patch(address, json={"year": None, "size": None})
    assert emptied.status_code == 200
    payload = (await client.get(address)).json()
    assert (payload["date_made"], payload["year"], payload["size"], payload["size_mm"]) == (
        "",
        None,
        "",
        None,
    )


async def test_what_a_member_typed_and_did_not_finish_is_not_lost(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(
        site.storage, site.cast.organisation, unfinished={"date_made": ["some day"]}
    )
    payload = (await client.get(f"{V1}/works/{work.id}")).json()
    assert payload["unfinished"] == ["date_made"]
    refused = await client.patch(f"{V1}/works/{work.id}", json={"title": "A"})
    assert set(pointers(refused.json())) == {"/date_made"}
    assert (await Artwork.get(id=work.id)).unfinished == {"date_made": ["some day"]}
    assert (await client.patch(f"{V1}/works/{work.id}", json={"title": "A", "year": 2020})).status_code == 200
    assert (await Artwork.get(id=work.id)).unfinished == {}


async def test_a_new_artist_leaves_the_consent_of_the_one_before(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    other = await factories.consent(site.cast.organisation)
    assert (await client.patch(f"{V1}/works/{work.id}", json={"artist": other.artist_id})).status_code == 200
    payload = (await client.get(f"{V1}/works/{work.id}")).json()
    assert (payload["artist"], payload["consent"]) == (other.artist_id, None)
    assert (await client.patch(f"{V1}/works/{work.id}", json={"consent": work.consent_id})).status_code == 200
    payload = (await client.get(f"{V1}/works/{work.id}")).json()
    assert (payload["artist"], payload["consent"]) == (work.artist_id, work.consent_id)
    clash = await client.patch(
        f"{V1}/works/{work.id}", json={"artist": other.artist_id, "consent": work.consent_id}
    )
    assert set(pointers(clash.json())) == {"/consent"}


async def test_an_etag_keeps_from_overwriting_what_was_not_seen(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    address = f"{V1}/works/{work.id}"
    seen = (await client.get(address)).headers["etag"]
    first = await client.patch(address, json={"title": "A"}, headers={"if-match": seen})
    assert first.status_code == 200
    stale = await client.patch(address, json={"title": "B"}, headers={"if-match": seen})
    assert (stale.status_code, stale.json()["type"].rpartition("#")[2]) == (412, "precondition")
    assert (await client.delete(address, headers={"if-match": seen})).status_code == 412
    fresh = first.headers["etag"]
    assert (await client.get(address)).headers["etag"] == fresh
    assert (await client.patch(address, json={"title": "B"}, headers={"if-match": fresh})).status_code == 200
    assert (await client.patch(address, json={"title": "C"}, headers={"if-match": "*"})).status_code == 200


async def test_a_work_goes_to_the_curators_and_back_and_its_path_tells(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    address = f"{V1}/works/{work.id}"
    sent = await client.post(f"{address}/submissions")
    assert (sent.status_code, sent.json()["status"]) == (201, "submitted")
    assert (await client.post(f"{address}/submissions")).status_code == 409
    assert (await client.patch(address, json={"title": "A"})).status_code == 409
    assert (await client.delete(address)).status_code == 409
    back = await client.post(f"{address}/takings-back")
    assert (back.status_code, back.json()["status"]) == (201, "draft")
    assert (await client.post(f"{address}/takings-back")).status_code == 409
    await client.post(f"{address}/submissions")
    submission = await Submission.filter(artwork_id=work.id, is_waiting=True).get()
    await return_to_partner(work, submission, site.cast.curator, {"year": "Please say."}, "Which year?")
    payload = (await client.get(f"{address}/path")).json()
    assert payload["status"] == "returned"
    assert payload["notes"] == [{"pointer": "/year", "detail": "Please say."}]
    assert payload["who_has_it"] == "It is with you."
    assert [step["status"] for step in payload["steps"]] == ["submitted", "draft", "submitted", "returned"]
    assert site.cast.curator.name not in json.dumps(payload)


async def test_what_lacks_is_told_at_each_field(site: Site) -> None:
    client = await program(site)
    made = (await client.post(f"{V1}/works", json={"title": "A"})).json()
    refused = await client.post(f"{made['self']}/submissions")
    assert refused.status_code == 422
    assert {
        "/picture",
        "/story",
        "/alt_text",
        "/medium",
        "/artist",
        "/consent",
        "/project",
        "/themes",
    } == set(pointers(refused.json()))
    assert (await Artwork.get()).status == Status.DRAFT


async def test_a_draft_is_deleted_with_its_picture(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert (await client.delete(f"{V1}/works/{work.id}")).status_code == 204
    assert (await client.get(f"{V1}/works/{work.id}")).status_code == 404
    assert await Artwork.all().count() == 0


async def test_long_lists_come_page_by_page_and_are_filtered(site: Site) -> None:
    client = await program(site)
    ids = [
        (await Artwork.create(organisation=site.cast.organisation, title=in_zh(f"{number}"))).id
        for number in range(7)
    ]
    await Artwork.filter(id=ids[3]).update(status=Status.DECLINED)
    found: list[int] = []
    following = f"{V1}/works?limit=3"
    while following:
        answer = await client.get(following)
        found += [each["id"] for each in answer.json()["works"]]
        following = answer.json()["next"]
        assert (f'<{following}>; rel="next"' == answer.headers.get("link")) == (following is not None)
    assert found == ids[::-1]
    declined = (await client.get(f"{V1}/works?status=declined")).json()["works"]
    assert [each["id"] for each in declined] == [ids[3]]
    for query in ("status=hung", "limit=0", "limit=101", "limit=x", "after=-1", "after=9999999999", "limit="):
        answer = await client.get(f"{V1}/works?{query}")
        assert answer.status_code == 422, query
        assert answer.json()["errors"][0]["parameter"] == query.partition("=")[0]


async def test_a_work_on_view_has_its_pages(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    payload = (await client.get(f"{V1}/works/{work.id}")).json()
    assert payload["is_on_view"] is True
    assert payload["pages"]["en"] == f"{site.settings.site_url}/en/works/{work.public_id}"
    assert payload["picture"] == {"state": "ready", "width": 1300, "height": 1000, "refusal": None}
    assert (await client.get(f"{V1}/works")).json()["works"][0]["is_on_view"] is True
    path = (await client.get(f"{V1}/works/{work.id}/path")).json()
    assert {"hung", "opened"} <= {step["status"] for step in path["steps"]}


async def test_choices_and_what_is_never_told(site: Site) -> None:
    client = await program(site)
    consent = await factories.consent(site.cast.organisation, assent="secret words")
    project = await factories.project(site.cast.organisation)
    open_theme, closed = (
        await factories.theme(),
        await factories.theme(call_closes_on=factories.days_from_now(-1)),
    )
    await factories.consent(site.cast.elsewhere)
    await factories.project(site.cast.elsewhere)
    artists = (await client.get(f"{V1}/artists")).json()["artists"]
    assert [each["id"] for each in artists] == [consent.artist_id]
    answer = await client.get(f"{V1}/consents")
    assert [(each["id"], each["state"], each["scopes"]) for each in answer.json()["consents"]] == [
        (consent.id, "in_force", ["web"])
    ]
    assert consent.code not in answer.text
    assert "secret words" not in answer.text
    assert [each["id"] for each in (await client.get(f"{V1}/projects")).json()["projects"]] == [project.id]
    themes = [each["id"] for each in (await client.get(f"{V1}/themes")).json()["themes"]]
    assert open_theme.id in themes
    assert closed.id not in themes
    own = (await client.get(f"{V1}/organisation")).json()
    assert (own["slug"], own["token"]["scopes"]) == ("xiaogeng", ["works:read", "works:write"])


async def test_nothing_of_another_organisation_is_there(site: Site) -> None:
    elsewhere = await factories.artwork(site.storage, site.cast.elsewhere)
    consent = await factories.consent(site.cast.elsewhere)
    # The token's owner is a member of both, but the token acts for one only.
    client = await program(site)
    await Membership.create(person=site.cast.partner, organisation=site.cast.elsewhere)
    address = f"{V1}/works/{elsewhere.id}"
    answers = [
        await client.get(address),
        await client.patch(address, json={"title": "A"}),
        await client.delete(address),
        await client.get(f"{address}/path"),
        await client.post(f"{address}/submissions"),
        await client.post(f"{address}/takings-back"),
    ]
    assert {each.status_code for each in answers} == {404}
    assert {each.headers["content-type"] for each in answers} == {"application/problem+json"}
    assert (await client.get(f"{V1}/works")).json()["works"] == []
    refused = await client.post(f"{V1}/works", json={"title": "A", "consent": consent.id})
    assert set(pointers(refused.json())) == {"/consent"}
    assert (await Artwork.get(id=elsewhere.id)).own("title") == elsewhere.own("title")
    assert await Organisation.all().count() == 2


async def test_lists_ask_the_database_as_often_for_many_as_for_few(site: Site) -> None:
    client = await program(site)
    numbers = []
    for _ in range(2):
        for _ in range(4):
            await factories.artwork(site.storage, site.cast.organisation)
        await client.get(f"{V1}/works")
        with counted_queries() as queries:
            await client.get(f"{V1}/works")
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] > 0


async def test_an_accepted_work_stays_as_the_curators_saw_it(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    await client.post(f"{V1}/works/{work.id}/submissions")
    submission = await Submission.filter(artwork_id=work.id, is_waiting=True).get()
    await accept(work, submission, site.cast.curator)
    answer = await client.patch(f"{V1}/works/{work.id}", json={"title": "A"})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "It has been accepted, so it stays as the curators saw it."
