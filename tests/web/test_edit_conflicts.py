"""What somebody saves never undoes what somebody else saved since the page was made."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.models import MAX_PICTURES
from gallery.artworks.snapshots import snapshot_fields, snapshot_of
from gallery.exhibitions.arrangements import ROOM_FIELDS
from gallery.exhibitions.models import Room
from gallery.reviews.models import Review
from gallery.web.edit_conflicts import (
    EditConflict,
    changed_since,
    compare_edits,
    digest,
    format_digests,
    read_digests,
    seen_field,
)
from gallery.web.languages import site_languages
from gallery.web.texts import LIKELY_LANGUAGES, by_language
from tests import factories
from tests.artworks.forms import save, shown_fields
from tests.conftest import Site
from tests.exhibitions.rooms import begun, fields, seen_at
from tests.factories import in_en
from tests.reviews.submissions import work_with_submission

texts = st.sampled_from(["a", "b", "c", ""])


@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=5))
def test_saving_never_undoes_what_somebody_else_changed(rows: list[tuple[str, str, str]]) -> None:
    seen = {f"f{index}": digest(was) for index, (was, _stored, _typed) in enumerate(rows)}
    current = {f"f{index}": stored for index, (_was, stored, _typed) in enumerate(rows)}
    typed = {f"f{index}": mine for index, (_was, _stored, mine) in enumerate(rows)}
    assert read_digests(format_digests(seen)) == seen
    compared = compare_edits(seen, current, typed)
    after = {**current, **compared.changed}
    for index, (was, stored, mine) in enumerate(rows):
        name = f"f{index}"
        is_conflict = mine != was and stored != was and stored != mine
        assert (name in compared.conflicts) == is_conflict
        assert (name in compared.elsewhere) == (mine == was and stored != was)
        assert after[name] == (stored if is_conflict or mine == was else mine)


def test_a_work_of_many_pictures_in_many_languages_is_compared_whole() -> None:
    names = [
        f"{text}[{number}]-{language}"
        for text in ("alt_text", "caption")
        for number in range(10_000_000, 10_000_000 + MAX_PICTURES)
        for language in ["mn-Mong-CN", *LIKELY_LANGUAGES, *"abcdefg"]
    ]
    assert read_digests(seen_field({name: name for name in names})).keys() == set(names)


def test_a_field_without_a_digest_holds_what_was_typed() -> None:
    assert compare_edits({}, {"a": "theirs"}, {"a": "mine"}).changed == {"a": "mine"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a\r\nb ", "a\nb"),
        (None, ""),
        ([], ""),
        (["2", "", "1"], ["1", "2"]),
        (["a"], "a"),
        (
            datetime(2026, 12, 20, 1, 30, 59, tzinfo=UTC),
            datetime(2026, 12, 20, 9, 30, tzinfo=timezone(timedelta(hours=8))),
        ),
        ({"theme": 1, "year": 2}, {"year": 2, "theme": 1}),
    ],
)
def test_what_a_form_shows_alike_has_one_digest(one: Any, other: Any) -> None:
    assert digest(one) == digest(other)
    assert changed_since(read_digests(seen_field({"a": one})), {"a": other}, ["a"]) == []


@pytest.mark.parametrize("nonsense", [None, "", "abc", "title", "title:xyz", 7])
def test_what_holds_no_digest_is_no_digest(nonsense: object) -> None:
    assert read_digests(nonsense) == {}


def test_a_conflict_says_its_sentence_or_its_fields() -> None:
    assert str(EditConflict(sentence="Look again.")) == "Look again."
    assert "title, year" in str(EditConflict({"title": "a", "year": "2"}))


# A page that was opened under an older release carries digests in an older format.


def old_room_digests(room: Room) -> str:
    def old(value: Any) -> str:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False) if value not in (None, "") else ""
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    values = by_language({name: getattr(room, name) for name in ROOM_FIELDS}, site_languages())
    return ",".join(f"{name}:{old(value)}" for name, value in values.items())


async def test_an_old_page_of_the_builder_overwrites_nothing_unseen(site: Site) -> None:
    exhibition, room = await begun([])
    path = f"/desk/exhibitions/{exhibition.id}/rooms/{room.id}"
    await Room.filter(id=room.id).update(title=in_en("Was"), text=in_en("Was too"))
    await room.refresh_from_db()
    old = old_room_digests(room)
    await Room.filter(id=room.id).update(text=in_en("Hers"))  # by another curator
    page = {**fields(room, title_en="Mine", text_en="Was too"), "seen": old}
    client = await site.client(site.cast.curator)
    answer = await client.post(path, data=page)
    assert answer.status_code == 422
    assert "It now reads: Hers." in answer.text
    assert 'value="Mine"' in answer.text
    await room.refresh_from_db()
    assert (room.title.get("en"), room.text.get("en")) == ("Was", "Hers")
    # The page with the notice carries new digests, so saving again overwrites deliberately.
    seen = seen_at(answer.text, path)
    assert (await client.post(path, data={**page, "seen": seen})).status_code == 303
    await room.refresh_from_db()
    assert (room.title.get("en"), room.text.get("en")) == ("Mine", "Was too")


async def test_an_old_page_of_a_work_is_accepted(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    fields = shown_fields((await client.get(f"/desk/works/{work.id}/edit")).text)
    names = read_digests(fields["seen"])

    def old(name: str) -> str:
        value = fields.get(name, [])
        values = sorted(filter(None, [value] if isinstance(value, str) else value))
        return hashlib.sha256("\x1f".join(values).encode()).hexdigest()[:8]

    assert fields["seen"] == " ".join(f"{name}:{old(name)}" for name in names)
    assert (await save(client, work, {**fields, "title": "新的题目"})).status_code == 303
    await work.refresh_from_db()
    assert work.own("title") == "新的题目"


async def test_an_old_page_of_a_review_is_asked_to_look_again(site: Site) -> None:
    work, submission = await work_with_submission(site)
    await work.fetch_related("artist", "consent", "project", "themes")
    snapshot = snapshot_of(work)
    old = "".join(
        hashlib.sha256(snapshot.get(name, "").encode()).hexdigest()[:8] for name in snapshot_fields(snapshot)
    )
    client = await site.client(site.cast.curator)
    data = {"submission": submission.id, "decision": "accepted", "reason": "Kept.", "seen": old}
    answer = await client.post(f"/desk/queue/{work.id}", data=data)
    assert answer.status_code == 422
    assert "Kept." in answer.text
    assert not await Review.all().exists()
    seen = re.search(r'name="seen"[^>]*value="([^"]+)"', answer.text)
    assert seen is not None
    assert (await client.post(f"/desk/queue/{work.id}", data={**data, "seen": seen[1]})).status_code == 303
