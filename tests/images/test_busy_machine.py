"""A picture is never blamed because the machine has no time, however it is uploaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gallery.artists.models import SignedForm
from gallery.artworks.import_models import ImportedPicture
from gallery.artworks.models import Artwork
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.images.chores import develop_next
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import ProfileImage
from gallery.images.sandbox import parent
from gallery.settings import Settings
from gallery.worker import ChoreContext
from tests import factories
from tests.api.programs import PIECES, V1, program
from tests.artworks.forms import files
from tests.artworks.sheets import sent_import, two_works
from tests.conftest import Site
from tests.exhibitions.credit_logos import (
    Thanked,
)

pytestmark = pytest.mark.engines("sqlite", "postgresql")

PICTURE = factories.photograph()
LOOKING = "We are still checking this picture: our server is busy. You need not do anything."
PREPARING = "We are still preparing this picture: our server is busy. You need not do anything."
TITLE = {"language": "zh", "title": "汤圆"}
SLEEPING = "import time; time.sleep(600)"
BURNING = """
import sys
sys.path.insert(0, sys.argv[1])
from gallery.images.sandbox import child
child.apply_limits(600 << 20, 1)
while True: pass
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, image_seconds=1)


@pytest.fixture
async def calm(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A machine where child processes get no processor time until the returned function is called."""
    await factories.developed_files()
    child = parent.CHILD_PROGRAM
    monkeypatch.setattr(parent, "CHILD_PROGRAM", SLEEPING)
    return lambda: monkeypatch.setattr(parent, "CHILD_PROGRAM", child)


async def taken_in_and_shown_later(site: Site, calm: Callable[[], None]) -> None:
    """The picture waits without a size and without an error; once there is time, it is prepared."""
    image = await Image.get()
    assert (image.state, image.refusal) == (ImageState.RECEIVED, "")
    assert (image.width, image.height, image.has_preview, image.source_format) == (0, 0, False, "jpeg")
    calm()
    await site.work()
    await image.refresh_from_db()
    assert (image.state, image.width, image.height) == (ImageState.READY, 1300, 1000)


async def test_the_form_of_a_work(site: Site, calm: Callable[[], None]) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/works", data=TITLE, files={"picture": ("a.jpg", PICTURE)})
    assert answer.status_code == 303
    for address in (answer.headers["location"], answer.headers["location"] + "/edit", "/desk/works"):
        page = await client.get(address)
        assert page.status_code == 200
        assert LOOKING in page.text
        assert "1,200 pixels" not in page.text
    await taken_in_and_shown_later(site, calm)
    assert LOOKING not in (await client.get(answer.headers["location"])).text


async def test_a_form_with_a_mistake_keeps_the_picture(site: Site, calm: Callable[[], None]) -> None:
    client = await site.client(site.cast.partner)
    picture = {"picture": ("a.jpg", PICTURE)}
    answer = await client.post("/desk/works", data={"title": "汤圆"}, files=picture)
    assert answer.status_code == 422
    assert LOOKING in answer.text
    token = (await Image.get()).token
    answer = await client.post("/desk/works", data={**TITLE, "image": token}, files={"other": b""})
    assert answer.status_code == 303
    await taken_in_and_shown_later(site, calm)
    assert (await Artwork.get()).image_id == (await Image.get()).id


async def test_many_pictures_in_one_form(site: Site, calm: Callable[[], None]) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/works/many", files=files(PICTURE))).status_code == 303
    assert LOOKING in (await client.get("/desk/works/many")).text
    await taken_in_and_shown_later(site, calm)


async def test_an_upload_of_a_program(site: Site, calm: Callable[[], None]) -> None:
    client = await program(site)
    headers = {**PIECES, "upload-length": str(len(PICTURE))}
    answer = await client.post(f"{V1}/uploads", headers=headers, content=PICTURE)
    assert answer.status_code == 201
    payload = (await client.get(answer.headers["gallery-work"])).json()["picture"]
    assert payload == {"state": "received", "width": None, "height": None, "refusal": None}
    await taken_in_and_shown_later(site, calm)


async def test_a_sheet_with_pictures(site: Site, calm: Callable[[], None]) -> None:
    site.settings = replace(site.settings, image_worker_seconds=1)
    await sent_import(site, two_works())
    assert set(await ImportedPicture.all().values_list("refusal", flat=True)) == {""}
    assert {image.state for image in await Image.all()} == {ImageState.RECEIVED}
    site.settings = replace(site.settings, image_worker_seconds=600)
    calm()
    await Image.all().update(attempt_after=None)
    await site.work()
    assert {(image.state, image.width) for image in await Image.all()} == {("ready", 1300), ("ready", 1200)}


async def test_a_logo(site: Site, calm: Callable[[], None]) -> None:
    client = await site.client(site.cast.curator)
    address = f"/desk/organisations/{site.cast.organisation.id}/logo"
    answer = await client.post(
        address, data={"alt[zh]": "标志", "alt[en]": ""}, files={"picture": ("a.jpg", PICTURE)}
    )
    assert answer.status_code == 303
    page = (await client.get(address)).text
    assert page.count(LOOKING) == 2  # in the response, and next to the picture
    await taken_in_and_shown_later(site, calm)
    assert (await ProfileImage.get()).image_id == (await Image.get()).id


async def test_the_logo_beside_a_credit_is_asked_for_again(
    thanked: Thanked,
    calm: Callable[[], None],
) -> None:
    """A logo is shown at once, so it cannot be accepted before it was inspected."""
    answer = await thanked.send(PICTURE)
    assert answer.status_code == 503
    assert "our server is busy" in answer.text


async def test_a_photograph_of_a_signed_form(site: Site, calm: Callable[[], None]) -> None:
    consent = await factories.consent(site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        f"/desk/consents/{consent.id}/forms", files={"form": ("a.jpg", PICTURE)}, data={}
    )
    assert answer.status_code == 303, answer.text
    assert (await SignedForm.get()).kind == "jpeg"


async def test_a_picture_that_is_turned(site: Site, calm: Callable[[], None]) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post(f"/desk/works/{work.id}/framing", data={"turn": "90", "left": "10"})
    assert answer.status_code == 303
    image = await Image.get()
    assert (image.state, image.turn, image.has_preview) == (ImageState.RECEIVED, 90, False)
    assert image.ratio == pytest.approx(0.9 * 1000 / 1300, abs=0.01)
    calm()
    await site.work()
    await image.refresh_from_db()
    assert (image.state, image.width, image.height) == (ImageState.READY, 900, 1300)


async def test_a_late_picture_at_the_desks(site: Site, calm: Callable[[], None]) -> None:
    """The partner reads that they need do nothing; the keeper sees which picture waits, and retries it."""
    image = await factories.received(site.storage, site.cast.organisation)
    work = await factories.artwork(
        site.storage, site.cast.organisation, image=image, title_translation="Slow"
    )
    assert await develop_next(ChoreContext(replace(site.settings, image_worker_seconds=1), site.storage))
    partner, keeper = await site.client(site.cast.partner), await site.client(site.cast.keeper)
    assert PREPARING in (await partner.get(f"/desk/works/{work.id}")).text
    page = (await keeper.get("/desk/worker")).text
    assert "1 attempt" in page
    assert "Slow" in page
    assert (await partner.post(f"/desk/worker/pictures/{image.id}")).status_code == 404
    assert (await keeper.post(f"/desk/worker/pictures/{image.id}")).status_code == 303
    await image.refresh_from_db()
    assert (image.state, image.failures, image.attempt_after) == (ImageState.RECEIVED, 0, None)
    assert await Entry.exists(verb=Verb.WORK_PICTURE_RETRIED, thing_id=work.id)
    calm()
    await site.work()
    assert (await Image.get(id=image.id)).state == ImageState.READY


async def test_a_late_picture_of_no_work_has_no_button(site: Site) -> None:
    image = await factories.received(site.storage, site.cast.organisation)
    await Image.filter(id=image.id).update(failures=1, attempt_after=now())
    keeper = await site.client(site.cast.keeper)
    page = (await keeper.get("/desk/worker")).text
    assert "not part of a work yet" in page
    assert f"/desk/worker/pictures/{image.id}" not in page
    assert (await keeper.post(f"/desk/worker/pictures/{image.id}")).status_code == 404


async def test_what_takes_the_processors_time_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is at fault, whatever else the machine does; its declared format does not exist."""
    monkeypatch.setattr(parent, "CHILD_PROGRAM", BURNING)
    image = await factories.received(site.storage, site.cast.organisation)
    work = await factories.artwork(site.storage, site.cast.organisation, image=image)
    assert await develop_next(ChoreContext(site.settings, site.storage))
    await image.refresh_from_db()
    assert (image.state, image.refusal, image.failures) == (ImageState.REFUSED, "too_slow", 0)
    page = (await (await site.client(site.cast.partner)).get(f"/desk/works/{work.id}")).text
    assert "too costly to open" in page
    assert "JPEG" not in page
