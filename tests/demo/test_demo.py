"""The demo: its content is complete and presentable, and entering it twice creates no duplicates."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import ExifTags
from PIL import Image as Picture
from tortoise.models import Model

from gallery.accounts.models import Person
from gallery.app import create_app
from gallery.artists.models import Artist, Consent, Withdrawal
from gallery.artworks.models import Artwork, Status
from gallery.artworks.models import Picture as WorkPicture
from gallery.cases.models import Case, CaseFigure, versions_on_view
from gallery.cli.demo_site import welcome_text
from gallery.clock import today
from gallery.db.connection import Database
from gallery.demo import content
from gallery.demo.content import DemoStage, winter_solstice
from gallery.demo.data_entry import DemoBrowsers, DemoContent, EntryRefused, enter_demo
from gallery.demo.photographs import save_photograph
from gallery.demo.scenes import SCENES
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.models import Image
from gallery.organisations.models import Organisation, Project
from gallery.settings import Settings
from gallery.themes.accents import DAY_BACKGROUNDS, NIGHT_BACKGROUNDS, is_readable
from gallery.themes.models import Theme

WHOLE = DemoContent()
KEPT = (
    "dumpling-wrappers", "tangyuan", "red-door", "fish-of-plenty", "winter-crows",
    "sunflowers", "bicycle-of-vegetables", "sheep-on-the-grassland", "kite-day", "moon-walk",
)  # fmt: skip
REDUCED = replace(WHOLE, works=[work for work in WHOLE.works if work.slug in KEPT], picture_width=700)
TABLES: list[type[Model]] = [
    Person, Organisation, Project, Theme, Artist, Consent, Artwork, Image, Exhibition, Edition, Room, Hanging, Withdrawal,
    Case, CaseFigure,
]  # fmt: skip


def ignore(what: str, done: int, total: int) -> None:
    assert 0 <= done <= total


async def counts() -> dict[str, int]:
    return {table.__name__: await table.all().count() for table in TABLES}


# Its texts


def test_every_scene_is_one_work_or_a_page_of_one() -> None:
    pages = [page.slug for work in WHOLE.works for page in work.pages]
    assert sorted([*(work.slug for work in WHOLE.works), *pages]) == sorted(SCENES)


def test_works_come_to_every_state() -> None:
    stages = Counter(work.stage for work in WHOLE.works)
    assert stages[DemoStage.DRAFT] == 2
    assert stages[DemoStage.SUBMITTED] == 2
    assert stages[DemoStage.RETURNED] == stages[DemoStage.DECLINED] == stages[DemoStage.WITHDRAWN] == 1


def test_artists_write_in_several_languages() -> None:
    own = {work.language: work for work in WHOLE.works if work.stage == DemoStage.ACCEPTED}
    assert set(own) >= {"zh", "en", "bo", "ug"}
    for language in ("bo", "ug"):
        assert set(own[language].own_words) >= {"title", "story", "alt_text"}
        assert own[language].title.zh


def test_what_is_shown_is_told_in_both_languages() -> None:
    for work in WHOLE.works:
        if work.stage == DemoStage.DRAFT:
            continue
        voice = [work.voice] if work.voice else []
        for text in (
            work.title,
            work.story,
            work.alt_text,
            work.medium,
            work.assistance,
            work.artist,
            *voice,
        ):
            assert re.search(r"[\u4e00-\u9fff]", text.zh) or text.zh.isascii(), work.slug
            assert text.en, work.slug
            assert not re.search(r"[\u4e00-\u9fff]", text.en), work.slug


def test_chinese_is_respectful_and_set_in_its_own_punctuation() -> None:
    for work in WHOLE.works:
        for text in (work.title.zh, work.story.zh, work.alt_text.zh, work.assistance.zh):
            assert "自闭症" not in text
            assert not re.search(r"[\u4e00-\u9fff][,;:!?]", text), work.slug


def test_what_hangs_is_accepted_and_hangs_once() -> None:
    hung = [slug for exhibition in WHOLE.exhibitions for room in exhibition.rooms for slug in room.works]
    stages = {work.slug: work.stage for work in WHOLE.works}
    assert len(hung) == len(set(hung))
    assert {stages[slug] for slug in hung} == {DemoStage.ACCEPTED, DemoStage.WITHDRAWN}
    assert [len(exhibition.rooms) for exhibition in WHOLE.exhibitions] == [3, 2]


def test_accents_can_be_read() -> None:
    for theme in content.themes(today()):
        assert is_readable(theme.accent, DAY_BACKGROUNDS)
        assert is_readable(theme.accent_night, NIGHT_BACKGROUNDS)


@pytest.mark.parametrize(
    ("year", "day"), [(2024, 21), (2025, 21), (2026, 22), (2027, 22), (2028, 21), (2030, 22)]
)
def test_the_solstice_falls_where_the_almanac_says(year: int, day: int) -> None:
    assert winter_solstice(year).day == day


def test_a_photograph_carries_what_must_be_stripped(tmp_path: Path) -> None:
    scene = SCENES["dumpling-wrappers"]
    with Picture.open(save_photograph(scene.slug, tmp_path, 400)) as picture:
        exif = picture.getexif()
        assert exif[ExifTags.Base.Orientation] == 6
        assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
        assert (picture.width > picture.height) == (scene.width < scene.height)


# Entering it


@pytest.mark.usefixtures("not_quick")  # processes draw the pictures
@pytest.mark.engines("sqlite", "postgresql")
async def test_entering_twice_doubles_nothing(settings: Settings) -> None:
    async with Database(settings):
        await enter_demo(settings, ignore, REDUCED)
        first = await counts()
        assert first["Artwork"] == len(KEPT)
        assert first["Exhibition"] == 2
        assert first["Withdrawal"] == 1
        assert first["CaseFigure"] == len(content.CASES[0].figures)
        assert await versions_on_view().count() == len(content.CASES)
        await enter_demo(settings, ignore, REDUCED)
        assert await counts() == first
        by_status = Counter(await Artwork.all().values_list("status", flat=True))
        assert by_status == {
            Status.ACCEPTED: 5, Status.WITHDRAWN: 1, Status.SUBMITTED: 1, Status.RETURNED: 1, Status.DECLINED: 1,
            Status.DRAFT: 1,
        }  # fmt: skip
        shown = await Artwork.all().on_view().prefetch_related("image")
        assert {work.own("title") for work in shown} == {"饺子皮", "冬至吃汤圆啦", "门开着", "月亮去散步"}
        book = next(work for work in shown if work.more_pictures)
        pages = await WorkPicture.filter(artwork_id=book.id)
        assert (book.more_pictures, len(pages)) == (7, 7)
        assert all({"zh", "en"} == set(page.alt_text) == set(page.caption) for page in pages)
        await pages_open(settings)
        await nothing_personal_is_kept_in_pictures(settings, shown)


async def pages_open(settings: Settings) -> None:
    """The addresses that the demo prints can be opened."""
    welcome = await welcome_text(settings)
    addresses = re.findall(rf"{re.escape(settings.site_url)}(/\S+)", welcome)
    assert len(addresses) >= 7
    async with DemoBrowsers(create_app(settings), settings.site_url) as desk:
        visitor = await desk.browser()
        for address in addresses:
            response = await visitor.get(address, follow_redirects=True)
            assert response.status_code == 200, address
        member = await desk.browser("xiaogeng@example.org")
        assert "去集上" in (await member.get("/desk/works")).text


async def nothing_personal_is_kept_in_pictures(settings: Settings, shown: list[Artwork]) -> None:
    for work in shown:
        assert work.image is not None
        for name in work.image.file_names():
            with Picture.open(settings.media / "public" / work.image.token / name) as picture:
                assert not picture.getexif()


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_a_form_does_not_take_is_said(settings: Settings) -> None:
    async with Database(settings):
        await enter_demo(settings, ignore, replace(REDUCED, works=[], exhibitions=[]))
        async with DemoBrowsers(create_app(settings), settings.site_url) as desk:
            with pytest.raises(EntryRefused, match="themes:create answered 422"):
                await desk.send("curator@example.org", "themes:create", {"slug": "No Slug"})
