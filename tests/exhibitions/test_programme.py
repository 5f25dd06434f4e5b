"""Credits and talks: at the desk, on the pages that visitors see, and as calendar files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import Status
from gallery.clock import now
from gallery.exhibitions import drafts
from gallery.exhibitions.draft_lists import MAX_LIST_ENTRIES, add_entry
from gallery.exhibitions.models import Edition, Exhibition
from gallery.exhibitions.talks import Talk
from gallery.interop.icalendar_files import event_of
from gallery.web.texts import NO_TEXTS
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attribute, first

CREDIT = {
    "new-kind": "donor",
    "new-name[zh]": "微光基金",
    "new-name[en]": "",
    "new-link": "https://example.org/glow",
}
TALK = {
    "new-title[zh]": "汤圆夜话",
    "new-title[en]": "An evening, with tangyuan; and tea",
    "new-text[zh]": "",
    "new-text[en]": "We **talk**\n\nand eat.",
    "new-starts_at": "2027-01-05T19:00",
    "new-ends_at": "2027-01-05T20:30",
    "new-place[zh]": "上海图书馆",
    "new-place[en]": "",
    "new-link": "https://live.example.org/1?a=b,c",
}


async def draft(site: Site, **values: object) -> tuple[Exhibition, str]:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work], published=False, slug="solstice", **values)
    return exhibition, f"/desk/exhibitions/{exhibition.id}"


async def entries(exhibition: Exhibition, name: str) -> list[dict[str, Any]]:
    return getattr(await Edition.get(exhibition_id=exhibition.id, number__isnull=True), name) or []


def retyped(typed: dict[str, str], key: str, **changed: str) -> dict[str, str]:
    return {
        **{name.replace("new-", f"{key}-"): value for name, value in typed.items()},
        **{f"{key}-{name}": value for name, value in changed.items()},
    }


async def test_credits_and_talks_are_seen_once_they_are_published(site: Site) -> None:
    exhibition, here = await draft(site)
    client, visitor = await site.client(site.cast.curator), await site.client()
    await drafts.publish(exhibition, site.cast.curator)
    for path, typed in (("credits", CREDIT), ("talks", TALK)):
        answer = await client.post(f"{here}/{path}", data=typed)
        (entry,) = await entries(exhibition, path)
        assert answer.headers["location"] == f"{here}/{path}#entry-{entry['key']}"
    page = (await client.get(f"{here}/credits")).text
    assert "微光基金" in page
    assert "Saved in the draft." in page
    assert "5 Jan 2027, 19:00–20:30 (China Standard Time)" in (await client.get(f"{here}/talks")).text
    assert "1 name" in (await client.get(here)).text
    assert "微光基金" not in (await visitor.get("/en/exhibitions/solstice")).text

    changes = (await client.get(f"{here}/comparison?before=1")).text
    assert "Donors: 微光基金 &lt;https://example.org/glow&gt;" in changes
    await drafts.publish(exhibition, site.cast.curator)
    site.app.state.content._checked_at = float("-inf")
    english, chinese = [
        (await visitor.get(f"/{tongue}/exhibitions/solstice")).text for tongue in ("en", "zh")
    ]
    talk = (await entries(exhibition, "talks"))[0]
    for words in (
        "<dt>Donors</dt>",
        '<dd lang="zh-Hans"><a href="https://example.org/glow" rel="noopener nofollow">微光基金</a></dd>',
        f'<li id="talk-{talk["key"]}">',
        "An evening, with tangyuan; and tea",
        "<strong>talk</strong>",
        '<span lang="zh-Hans">上海图书馆</span>',
        'href="https://live.example.org/1?a=b,c"',
        "5 Jan 2027, 19:00–20:30 (China Standard Time)",
        f'href="/en/exhibitions/solstice/talks/{talk["key"]}.ics"',
    ):
        assert words in english, words
    assert "2027年1月5日 19:00–20:30（中国标准时间）" in chinese
    assert "汤圆夜话" in chinese
    data = first(english, "script[type='application/ld+json']").get_text()
    event = json.loads(data)["@graph"][0]["subEvent"][0]
    assert (event["@type"], event["startDate"]) == ("Event", "2027-01-05T19:00:00+08:00")
    assert event["eventAttendanceMode"] == "https://schema.org/MixedEventAttendanceMode"
    assert [place["@type"] for place in event["location"]] == ["Place", "VirtualLocation"]

    calendar = (await visitor.get("/en/calendar")).text
    assert "An evening, with tangyuan; and tea" in calendar
    assert "A talk or an event" in (await client.get("/desk/calendar")).text

    # It is removed from the draft, and stays in the current edition until the next one.
    for path in ("credits", "talks"):
        (entry,) = await entries(exhibition, path)
        assert (await client.post(f"{here}/{path}/{entry['key']}/deletion")).status_code == 303
        assert await entries(exhibition, path) == []
    assert "微光基金" in (await visitor.get("/en/exhibitions/solstice")).text
    await drafts.publish(exhibition, site.cast.curator)
    site.app.state.content._checked_at = float("-inf")
    seen = (await visitor.get("/en/exhibitions/solstice")).text
    assert "微光基金" not in seen
    assert "With thanks to" not in seen
    assert "An evening" not in (await visitor.get("/en/calendar")).text


async def test_a_preview_shows_them_too(site: Site) -> None:
    _exhibition, here = await draft(site)
    client = await site.client(site.cast.curator)
    for path, typed in (("credits", CREDIT), ("talks", TALK)):
        await client.post(f"{here}/{path}", data=typed)
    frame = attribute((await client.get(f"{here}/preview")).text, "iframe", "src")
    page = (await (await site.client()).get(frame)).text
    assert "微光基金" in page
    assert "An evening" in page
    assert ".ics" not in page


async def test_credits_stand_in_the_order_that_curators_give_them(site: Site) -> None:
    exhibition, here = await draft(site)
    client = await site.client(site.cast.curator)
    for name in ("A", "B", "C"):
        await client.post(f"{here}/credits", data={"new-kind": "media", "new-name[en]": name})

    async def order() -> str:
        return "".join(entry["name"]["en"] for entry in await entries(exhibition, "credits"))

    keys = {entry["name"]["en"]: entry["key"] for entry in await entries(exhibition, "credits")}
    for name, to, expected in (("C", "1", "CAB"), ("A", "3", "CBA"), ("B", "99", "CAB"), ("B", "x", "BCA")):
        answer = await client.post(f"{here}/credits/{keys[name]}/position", data={"position": to})
        assert answer.status_code == 303
        assert await order() == expected


@pytest.mark.parametrize(
    ("path", "typed", "changed", "sentence"),
    [
        ("credits", CREDIT, {"new-name[zh]": " "}, "name in at least one language"),
        ("credits", CREDIT, {"new-link": "javascript:alert(1)"}, "full web address"),
        ("credits", CREDIT, {"new-link": "https://a b"}, "full web address"),
        ("credits", CREDIT, {"new-kind": "boss"}, "This option is no longer available"),
        ("credits", CREDIT, {"new-name[en]": "x" * 121}, "121 characters"),
        ("talks", TALK, {"new-title[zh]": "", "new-title[en]": ""}, "title in at least one"),
        ("talks", TALK, {"new-starts_at": ""}, "say when it begins"),
        ("talks", TALK, {"new-ends_at": ""}, "say when it ends"),
        ("talks", TALK, {"new-ends_at": "2027-01-05T19:00"}, "ends before it begins"),
        ("talks", TALK, {"new-ends_at": "2027-03-05T19:00"}, "longer than a month"),
        ("talks", TALK, {"new-starts_at": "2027-02-30T19:00"}, "in the calendar"),
        ("talks", TALK, {"new-place[zh]": "", "new-link": ""}, "Please say where"),
        ("talks", TALK, {"new-link": "ftp://example.org"}, "full web address"),
    ],
)
async def test_what_is_wrong_comes_back_with_a_sentence(
    site: Site, path: str, typed: dict[str, str], changed: dict[str, str], sentence: str
) -> None:
    exhibition, here = await draft(site)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"{here}/{path}", data={**typed, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in {**typed, **changed}.items():
        if value.strip() and name not in changed and "text" not in name and "kind" not in name:
            assert f'value="{value}"'.replace("&", "&amp;") in answer.text, name
    assert await entries(exhibition, path) == []
    await client.post(f"{here}/{path}", data=typed)
    (entry,) = await entries(exhibition, path)
    renamed = {name.replace("new-", ""): value for name, value in changed.items()}
    answer = await client.post(f"{here}/{path}/{entry['key']}", data=retyped(typed, entry["key"], **renamed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await entries(exhibition, path) == [entry]


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_list_has_an_end(site: Site) -> None:
    exhibition, here = await draft(site)
    many = [
        {"key": f"{n:08x}", "kind": "media", "name": {"en": f"N{n}"}, "link": ""}
        for n in range(MAX_LIST_ENTRIES)
    ]
    await Edition.filter(exhibition_id=exhibition.id).update(credits=many)
    answer = await (await site.client(site.cast.curator)).post(f"{here}/credits", data=CREDIT)
    assert answer.status_code == 422
    assert f"There are already {MAX_LIST_ENTRIES} here" in answer.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_curators_lose_nothing_of_each_other(site: Site) -> None:
    exhibition, here = await draft(site)
    hers, his = await site.client(site.cast.curator), await site.client(site.cast.keeper)
    await hers.post(f"{here}/talks", data=TALK)
    (entry,) = await entries(exhibition, "talks")
    key = entry["key"]
    seen = attribute((await hers.get(f"{here}/talks")).text, "[name=seen]", "value")
    typed = {**retyped(TALK, key), "seen": seen}
    assert (
        await hers.post(f"{here}/talks/{key}", data={**typed, f"{key}-title[en]": "Hers"})
    ).status_code == 303
    # He changed another field of the same page: both changes are saved.
    moved = {**typed, f"{key}-starts_at": "2027-01-05T18:00"}
    assert (await his.post(f"{here}/talks/{key}", data=moved)).status_code == 303
    (entry,) = await entries(exhibition, "talks")
    assert (entry["title"]["en"], entry["starts_at"]) == ("Hers", "2027-01-05T10:00:00+00:00")
    # The same field: he gets a notice, and his text stays in the form.
    refused = await his.post(
        f"{here}/talks/{key}",
        data={**typed, f"{key}-title[en]": "His", f"{key}-starts_at": "2027-01-05T17:00"},
    )
    assert refused.status_code == 422
    assert "It now reads: Hers." in refused.text
    assert "It now reads: 2027-01-05 18:00." in refused.text
    assert 'value="His"' in refused.text
    assert (await entries(exhibition, "talks")) == [entry]
    # On the next save he may change what his page displayed; other fields stay.
    await hers.post(
        f"{here}/talks/{key}",
        data={**typed, f"{key}-title[en]": "Hers", f"{key}-place[en]": "Her place"},
    )
    for link in ("nowhere", TALK["new-link"]):  # the first is refused for another reason
        seen = attribute(refused.text, "[name=seen]", "value")
        again = {**typed, f"{key}-title[en]": "His", f"{key}-link": link, "seen": seen}
        refused = await his.post(f"{here}/talks/{key}", data=again)
    assert refused.status_code == 303
    (entry,) = await entries(exhibition, "talks")
    assert (entry["title"]["en"], entry["place"]["en"]) == ("His", "Her place")
    # An entry that one removed is gone for the other.
    await hers.post(f"{here}/talks/{key}/deletion")
    for path in ("", "/deletion", "/position"):
        assert (await his.post(f"{here}/talks/{key}{path}", data=typed)).status_code == 404
    # Both add at once.
    await add_entry(
        exhibition,
        "credits",
        {"kind": "media", "name": in_zh("甲"), "link": ""},
        site.cast.curator,
    )
    await his.post(f"{here}/credits", data=CREDIT)
    assert [entry["name"]["zh"] for entry in await entries(exhibition, "credits")] == ["甲", "微光基金"]


async def test_only_curators_change_them(site: Site) -> None:
    _exhibition, here = await draft(site)
    client = await site.client(site.cast.partner)
    for path, typed in (("credits", CREDIT), ("talks", TALK)):
        assert (await client.get(f"{here}/{path}")).status_code == 404
        for action in ("", "/abc", "/abc/deletion", "/abc/position"):
            assert (await client.post(f"{here}/{path}{action}", data=typed)).status_code == 404
        assert (await (await site.client()).get(f"{here}/{path}")).status_code == 303
        curator = await site.client(site.cast.curator)
        assert (await curator.post(f"{here}/{path}/abc/deletion")).status_code == 404


# Calendar files


async def test_talks_are_taken_along_as_calendar_files(site: Site) -> None:
    exhibition, here = await draft(site)
    client, visitor = await site.client(site.cast.curator), await site.client()
    second = {
        **TALK,
        "new-title[en]": "Earlier",
        "new-starts_at": "2027-01-04T23:00",
        "new-ends_at": "2027-01-05T01:00",
    }
    for typed in (TALK, second):
        await client.post(f"{here}/talks", data=typed)
    keys = {entry["title"]["en"]: entry["key"] for entry in await entries(exhibition, "talks")}
    path = "/en/exhibitions/solstice/talks"
    assert (await visitor.get(f"{path}.ics")).status_code == 404  # not published yet
    edition = await drafts.publish(exhibition, site.cast.curator)
    site.app.state.content._checked_at = float("-inf")
    answer = await visitor.get(f"{path}.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert "set-cookie" not in answer.headers
    lines = answer.content.split(b"\r\n")
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75

    read = list(vobject.readOne(answer.text).vevent_list)  # a second reader of the standard
    assert [event.summary.value for event in read] == ["Earlier", "An evening, with tangyuan; and tea"]
    assert read[0].dtstart.value == datetime(2027, 1, 4, 15, 0, tzinfo=UTC)
    assert read[0].dtend.value == datetime(2027, 1, 4, 17, 0, tzinfo=UTC)
    assert read[1].location.value == "上海图书馆"
    assert "We talk" in read[1].description.value
    assert "https://live.example.org/1?a=b,c" in read[1].description.value
    (one,) = icalendar.Calendar.from_ical((await visitor.get(f"{path}/{keys['Earlier']}.ics")).content).walk(
        "VEVENT"
    )
    assert (one["uid"], one["sequence"]) == (read[0].uid.value, 1)
    assert one["dtstamp"].dt == edition.published_at.replace(microsecond=0)

    # A later edition changes an event that calendars already have: same UID, higher sequence.
    key = keys["Earlier"]
    await client.post(f"{here}/talks/{key}", data=retyped(second, key, **{"title[en]": "Later"}))
    await drafts.publish(exhibition, site.cast.curator)
    site.app.state.content._checked_at = float("-inf")
    changed = vobject.readOne((await visitor.get(f"{path}/{key}.ics")).text).vevent
    assert (changed.uid.value, changed.sequence.value, changed.summary.value) == (
        read[0].uid.value,
        "2",
        "Later",
    )
    chinese = vobject.readOne((await visitor.get(f"/zh/exhibitions/solstice/talks/{key}.ics")).text).vevent
    assert (chinese.summary.value, chinese.uid.value) == ("汤圆夜话", read[0].uid.value)

    assert (await visitor.get(f"{path}/00000000.ics")).status_code == 404
    await drafts.unpublish(exhibition, site.cast.curator)
    site.app.state.content._checked_at = float("-inf")
    for gone in (f"{path}.ics", f"{path}/{key}.ics"):
        assert (await visitor.get(gone)).status_code == 404
    assert "Later" not in (await visitor.get("/en/calendar")).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_talks_leave_with_an_exhibition_that_leaves(site: Site) -> None:
    moment = now()
    exhibition, here = await draft(
        site,
        opens_at=moment - timedelta(days=3),
        closes_at=moment - timedelta(days=1),
        leaves_when_closed=True,
    )
    client, visitor = await site.client(site.cast.curator), await site.client()
    await client.post(f"{here}/talks", data=TALK)
    await drafts.publish(exhibition, site.cast.curator)
    assert (await visitor.get("/en/exhibitions/solstice/talks.ics")).status_code == 404
    assert "An evening" not in (await visitor.get("/en/calendar")).text


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=120
).filter(lambda text: text.strip() == text)


@given(texts, texts)
def test_a_calendar_file_gives_every_text_back(title: str, place: str) -> None:
    moment = datetime(2027, 1, 5, 11, 0, tzinfo=UTC)
    talk = Talk(
        "0a1b2c3d", in_zh(title), NO_TEXTS, moment, moment + timedelta(hours=1), in_zh(place), link=""
    )
    written = event_of(talk, "https://gallery.example.org/en/exhibitions/solstice", moment, 3).to_ical()
    assert max(map(len, written.split(b"\r\n"))) <= 75
    read = icalendar.Event.from_ical(written)
    assert (str(read["summary"]), str(read["location"])) == (title, place)
