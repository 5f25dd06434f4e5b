"""The rule of what visitors see is written twice, as SQL conditions and as Python properties: both always agree."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gallery.artists.models import Artist, Consent, consent_covers_web
from gallery.artworks.models import Artwork, Hindrance, Status, edition_is_open, may_be_exhibited, may_hang
from gallery.clock import now, today
from gallery.db.connection import Database
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.web.texts import Texts
from tests.conftest import run_in_thread

pytestmark = pytest.mark.engines("sqlite", "postgresql")
_numbers = itertools.count(1)

days = st.sampled_from([-1, 0, 1])
moments = st.sampled_from([None, -60, 60])  # minutes from now; None: never
mostly = st.sampled_from([True, True, True, False])

consents = st.fixed_dictionaries(
    {
        "for_web": mostly,
        "starts_on": st.sampled_from([-1, -1, 0, 1]),
        "ends_on": st.none() | days,
        "is_withdrawn": mostly.map(lambda each: not each),
    }
)
editions = st.fixed_dictionaries(
    {
        "is_current": mostly,
        "opens_at": st.sampled_from([-60, -60, -60, 60, None]),
        "closes_at": moments,
        "leaves_when_closed": st.booleans(),
        "shown_until": moments,
    }
)
works = st.fixed_dictionaries(
    {
        "status": st.sampled_from([*Status, *[Status.ACCEPTED] * 12]),
        "is_vetoed": mostly.map(lambda each: not each),
        "image": st.sampled_from([None, *ImageState, *[ImageState.READY] * 9]),
        "has_ready_candidate": st.booleans(),  # a picture that is proposed does not count
        "consent": st.none() | consents | consents | consents,
        "is_active": mostly,
        "editions": st.lists(editions, min_size=0, max_size=3),
    }
)

# A work on view, then one work for each reason not to be, in the order of Hindrance.
CONSENT: dict[str, Any] = {"for_web": True, "starts_on": -1, "ends_on": None, "is_withdrawn": False}
EDITION = {
    "is_current": True,
    "opens_at": -60,
    "closes_at": None,
    "leaves_when_closed": False,
    "shown_until": None,
}
ON_VIEW: dict[str, Any] = {
    "status": Status.ACCEPTED,
    "is_vetoed": False,
    "image": ImageState.READY,
    "has_ready_candidate": False,
    "consent": CONSENT,
    "is_active": True,
    "editions": [EDITION],
}
ONE_OF_EACH = [
    ON_VIEW,
    {**ON_VIEW, "status": Status.WITHDRAWN},
    {**ON_VIEW, "status": Status.DRAFT},
    {**ON_VIEW, "is_vetoed": True},
    {**ON_VIEW, "consent": None},
    {**ON_VIEW, "consent": {**CONSENT, "for_web": False}},
    {**ON_VIEW, "consent": {**CONSENT, "starts_on": 1}},
    {**ON_VIEW, "consent": {**CONSENT, "ends_on": -1}},
    {**ON_VIEW, "consent": {**CONSENT, "is_withdrawn": True}},
    {**ON_VIEW, "is_active": False},
    {**ON_VIEW, "image": None},
]


async def image(organisation: Organisation, state: ImageState, **values: Any) -> Image:
    return await Image.create(
        organisation=organisation,
        state=state,
        source_format="jpeg",
        source_bytes=1,
        width=9,
        height=9,
        **values,
    )


async def consent_of(artist: Artist, wanted: dict[str, Any]) -> Consent:
    ends_on = wanted["ends_on"]
    return await Consent.create(
        artist=artist,
        code=f"{next(_numbers):020d}",
        agreed_by="parent",
        for_web=wanted["for_web"],
        starts_on=today() + timedelta(days=wanted["starts_on"]),
        ends_on=None if ends_on is None else today() + timedelta(days=ends_on),
        withdrawn_at=now() if wanted["is_withdrawn"] else None,
    )


async def edition_with(work: Artwork, wanted: dict[str, Any]) -> Edition:
    at = {
        name: None if wanted[name] is None else now() + timedelta(minutes=wanted[name])
        for name in ("opens_at", "closes_at", "shown_until")
    }
    exhibition = await Exhibition.create(slug=f"exhibition-{next(_numbers)}")
    edition = await Edition.create(
        exhibition=exhibition,
        number=1,
        is_current=wanted["is_current"],
        leaves_when_closed=wanted["leaves_when_closed"],
        **at,
    )
    room = await Room.create(edition=edition, position=1)
    await Hanging.create(room=room, artwork=work, position=1)
    return edition


async def work_with(wanted: dict[str, Any]) -> Artwork:
    organisation = await Organisation.create(
        slug=f"studio-{next(_numbers)}", name=Texts({"zh": "画室"}), is_active=wanted["is_active"]
    )
    artist = await Artist.create(organisation=organisation, credit_name="小月")
    work = await Artwork.create(
        organisation=organisation,
        artist=artist,
        consent=await consent_of(artist, wanted["consent"]) if wanted["consent"] else None,
        image=await image(organisation, wanted["image"]) if wanted["image"] else None,
        status=wanted["status"],
        is_vetoed=wanted["is_vetoed"],
    )
    if wanted["has_ready_candidate"]:
        await image(organisation, ImageState.READY, candidate_for_id=work.id)
    for each in wanted["editions"]:
        await edition_with(work, each)
    return work


def test_conditions_in_sql_and_properties_of_rows_agree(settings: Settings) -> None:
    seen: set[Hindrance | bool | None] = set()

    async def compare(wanted: list[dict[str, Any]]) -> None:
        async with Database(settings):
            ids = [(await work_with(each)).id for each in wanted]
            ours = Artwork.filter(id__in=ids)
            fetched = await ours.prefetch_related(
                "image", "consent", "organisation", "hangings__room__edition"
            )
            shown = {work.id for work in fetched if work.is_on_view}
            assert set(await Artwork.all().on_view().values_list("id", flat=True)) & set(ids) == shown
            as_set = Artwork.all().on_view(as_set=True).filter(id__in=ids)
            assert set(await as_set.values_list("id", flat=True)) == shown
            allowed = {work.id for work in fetched if work.hindrance() is None}
            assert set(await ours.filter(may_be_exhibited()).values_list("id", flat=True)) == allowed
            hangable = {work.id for work in fetched if work.may_hang}
            assert set(await ours.filter(may_hang()).values_list("id", flat=True)) == hangable
            covered = {work.id for work in fetched if work.consent and work.consent.covers_web()}
            in_sql = ours.filter(consent_covers_web("consent__"), consent_id__isnull=False)
            assert set(await in_sql.values_list("id", flat=True)) == covered
            hung = Edition.filter(rooms__hangings__artwork_id__in=ids)
            is_open = {edition.id for edition in await hung if edition.is_shown()}
            assert set(await hung.filter(edition_is_open()).values_list("id", flat=True)) == is_open
            seen.update(work.hindrance() for work in fetched)
            seen.update(work.is_on_view for work in fetched)

    @given(st.lists(works, min_size=6, max_size=14))
    @example(ONE_OF_EACH)
    @hypothesis_settings(max_examples=25)
    def check(wanted: list[dict[str, Any]]) -> None:
        run_in_thread(lambda: compare(wanted))

    check()
    assert seen >= {*Hindrance, True, False, None}, "some state never came"
