"""Whether a work may hang and may be shown: the SQL rule agrees with the Python rule, for every possible
work.
"""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from gallery.artists.models import Artist, Consent
from gallery.artworks.models import Artwork, Hindrance, Status, may_be_exhibited, may_hang
from gallery.clock import today
from gallery.exhibitions import drafts
from gallery.exhibitions.drafts import NotHangable
from gallery.exhibitions.models import Hanging, Room
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")

DAY = timedelta(days=1)


def consents(day: date) -> list[dict[str, Any] | None]:
    """No consent, and one that covers the web or not, begins and ends around today, and is withdrawn or not."""
    turns = (day - DAY, day, day + DAY)
    made = [
        {"for_web": for_web, "starts_on": starts_on, "ends_on": ends_on, "withdrawn_at": withdrawn_at}
        for for_web, starts_on, ends_on, withdrawn_at in itertools.product(
            (True, False), turns, (None, *turns), (None, factories.now())
        )
        if ends_on is None or starts_on <= ends_on
    ]
    return [None, *made]


async def test_the_rule_in_sql_and_the_one_that_says_why_are_the_same(site: Site) -> None:
    active, stopped = site.cast.organisation, site.cast.elsewhere
    await Organisation.filter(id=stopped.id).update(is_active=False)
    artist = await Artist.create(organisation=active, credit_name="小雪")
    given = [
        each and await Consent.create(artist=artist, agreed_by="artist", code=f"code-{number}", **each)
        for number, each in enumerate(consents(today()))
    ]
    works = []
    for number, (status, is_vetoed, consent, state, organisation) in enumerate(
        itertools.product(Status, (False, True), given, (None, *ImageState), (active, stopped))
    ):
        image = (
            Image(
                id=number + 1,
                organisation=organisation,
                state=state,
                source_format="jpeg",
                source_bytes=1,
                width=1,
                height=1,
            )
            if state
            else None
        )
        works.append((image, organisation, consent, status, is_vetoed))
    await Image.bulk_create([image for image, *_rest in works if image], batch_size=400)
    await Artwork.bulk_create(
        [
            Artwork(
                organisation=organisation,
                consent=consent,
                status=status,
                is_vetoed=is_vetoed,
                image_id=image.id if image else None,
            )
            for image, organisation, consent, status, is_vetoed in works
        ],
        batch_size=400,
    )
    found = await Artwork.all().select_related("image", "consent", "organisation")
    assert len(found) == len(works) > 2000
    shown: set[Any] = set(await Artwork.filter(may_be_exhibited()).values_list("id", flat=True))
    assert shown == {work.id for work in found if work.hindrance() is None} != set()
    hangable: set[Any] = set(await Artwork.filter(may_hang()).values_list("id", flat=True))
    assert hangable == {work.id for work in found if work.may_hang}
    assert shown < hangable
    # test_on_view.py has works with further pictures
    assert {work.hindrance() for work in found} == {None, *Hindrance} - {Hindrance.PICTURE_NOT_DESCRIBED}


async def test_the_builder_marks_what_visitors_would_not_see(site: Site) -> None:
    """A vetoed work stays in the draft with a notice, and is neither in the preview nor offered."""
    work, other = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED) for _ in "ab"
    ]
    exhibition = await factories.exhibition([work, other], published=False)
    client = await site.client(site.cast.curator)
    address = f"/desk/exhibitions/{exhibition.id}"
    assert "Taken off view" not in (await client.get(address)).text
    await Artwork.filter(id=work.id).update(is_vetoed=True)
    page = (await client.get(address)).text
    assert page.count("Taken off view") == 1
    hanging = await Hanging.get(artwork_id=work.id)
    room = await Room.get(id=hanging.room_id)
    await hanging.delete()
    assert f'id="work-{work.id}"' not in (await client.get(address)).text
    with pytest.raises(NotHangable):
        await drafts.hang(room, work, site.cast.curator)
