"""Archives: an exhibition as a folder of plain pages, and how it is kept up to date."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from gallery.archives import writer
from gallery.archives.writer import INDEX_FILE, NothingToArchive, update_archives, write_archive_folder
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import frozen_at, now, today
from gallery.db.content_version import bump
from gallery.exhibitions.blocks import EMPTY_FIELDS
from gallery.exhibitions.models import Edition, Exhibition, Room
from gallery.images.models import Image
from gallery.storage import StoreUnavailable
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attribute, attributes, text_in, texts_in

ADDRESSES = re.compile(r'(?:href|src|srcset)="([^"]+)"|\burl\(([^)"]+)\)')


async def work(site: Site, *, for_archive: bool = True, **values: object) -> Artwork:
    consent = await factories.consent(site.cast.organisation, for_archive=for_archive)
    return await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, consent=consent, **values
    )


async def written(site: Site, exhibition: Exhibition) -> Path:
    return (await write_archive_folder(exhibition.slug, site.settings, site.storage)).folder


def all_there(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (INDEX_FILE, writer.LOCK_NAME)
    }


def holds(folder: Path, artwork: Artwork) -> bool:
    """Whether anything of a work is in the folder: its files, or its texts in any other file."""
    assert artwork.image
    traces = [
        artwork.own("title"),
        artwork.own("story"),
        artwork.own("alt_text"),
        artwork.public_id,
        artwork.image.token,
    ]
    return any(
        trace in path or trace.encode() in body
        for trace in traces
        for path, body in all_there(folder).items()
    )


async def test_an_archive_is_whole_and_leads_from_file_to_file(site: Site) -> None:
    works = [await work(site) for _ in range(3)]
    exhibition = await factories.exhibition(works)
    folder = await written(site, exhibition)
    files = all_there(folder)
    pages = {path for path in files if path.endswith(".html")}
    assert pages == {
        "index.html",
        *(f"{language}/index.html" for language in ("zh", "en")),
        *(f"{language}/works/{each.public_id}.html" for language in ("zh", "en") for each in works),
    }
    reached = {"index.html"}
    for page in pages:
        html = files[page].decode()
        assert "<script" not in html
        for value in map("".join, ADDRESSES.findall(html)):
            for address in (one.split()[0] for one in unescape(value).split(", ")):
                if address.startswith(("#", "data:", "http")):
                    continue
                target = (
                    (folder / page).parent.joinpath(unquote(address)).resolve().relative_to(folder.resolve())
                )
                assert target.as_posix() in files, (page, address)
                reached.add(target.as_posix())
    assert reached == set(files), "nothing lies there that no page leads to"
    assert works[0].own("story") in files[f"zh/works/{works[0].public_id}.html"].decode()
    english = files[f"en/works/{works[0].public_id}.html"].decode()
    assert works[0].story["en"] in english
    assert '<html lang="en" dir="ltr">' in english
    assert "noai" in english


async def test_the_detail_and_the_ending_need_no_site(site: Site) -> None:
    works = [await work(site) for _ in range(2)]
    await Image.filter(id=works[1].image_id).update(width=2000, height=1500)
    for each in works:
        await each.fetch_related("project")
    exhibition = await factories.exhibition(works, closing=in_zh("往一起靠一靠。"))
    page = (await written(site, exhibition)).joinpath("zh/index.html").read_text()
    assert attribute(page, ".detail .cut img", "src").startswith("../media/")
    assert "往一起靠一靠。" in text_in(page, "#ending .closing")
    assert texts_in(page, "#ending .cards h3") == [each.project.title["zh"] for each in works]
    assert attributes(page, "#ending .cards a", "href") == [each.project.link for each in works]


@pytest.mark.parametrize("layout", ["wall", "stories", "timeline"])
async def test_every_layout_is_written(site: Site, layout: str) -> None:
    works = [await work(site) for _ in range(2)]
    exhibition = await factories.exhibition(works)
    await Room.all().update(layout=layout)
    block = {
        **EMPTY_FIELDS,
        "key": "0a1b2c3d",
        "kind": "text",
        "side": "after",
        "place": works[1].id,
        "on_accent": False,
    }
    await Edition.filter(number=1).update(blocks=[{**block, "text": {"zh": "写在最后"}}])
    page = all_there(await written(site, exhibition))["zh/index.html"].decode()
    assert all(each.own("title") in page for each in works)
    assert (works[0].own("story") in texts_in(page, ".telling .prose")) == (layout == "stories")
    assert texts_in(page, ".between") == ["写在最后"]
    assert page.partition("on-wall")[2].count("<picture") == 1  # the first work hangs in the opening


async def test_only_what_may_be_archived_is_in_it(site: Site) -> None:
    kept, others = await work(site), [await work(site, for_archive=False) for _ in range(2)]
    vetoed = await work(site, is_vetoed=True)
    draft = await work(site)
    await Artwork.filter(id=draft.id).update(status=Status.DRAFT)
    exhibition = await factories.exhibition([others[0], kept, vetoed, draft, others[1]])
    summary = await write_archive_folder(exhibition.slug, site.settings, site.storage)
    assert (summary.works, summary.left_out) == (1, 2)
    assert holds(summary.folder, kept)
    assert not any(holds(summary.folder, each) for each in (*others, vetoed, draft))


async def test_a_withdrawn_work_leaves_the_archive_with_all_its_files(site: Site) -> None:
    works = [await work(site) for _ in range(3)]
    folder = await written(site, await factories.exhibition(works))
    assert all(holds(folder, each) for each in works)
    consent = await works[1].consent
    assert isinstance(consent, Consent)
    await withdraw(consent, site.storage)
    assert await update_archives(site.settings, site.storage) == 1
    assert not holds(folder, works[1])
    assert works[1].public_id not in (folder / INDEX_FILE).read_text()
    assert holds(folder, works[0])
    assert holds(folder, works[2])
    assert f"works/{works[2].public_id}.html" in (folder / f"zh/works/{works[0].public_id}.html").read_text()


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_leaves_when_its_consent_runs_out_or_no_longer_covers_archives(site: Site) -> None:
    works = [await work(site) for _ in range(3)]
    folder = await written(site, await factories.exhibition(works))
    await Consent.filter(id=works[0].consent_id).update(
        starts_on=today() - timedelta(days=9), ends_on=today() - timedelta(days=1)
    )
    await Consent.filter(id=works[1].consent_id).update(for_archive=False)
    await bump()
    await site.work()
    assert [holds(folder, each) for each in works] == [False, False, True]


async def test_other_changes_wait_and_come(site: Site) -> None:
    works = [await work(site)]
    folder = await written(site, await factories.exhibition(works))
    assert await update_archives(site.settings, site.storage) == 0
    await Artwork.filter(id=works[0].id).update(title=in_zh("另一个名字"))
    await bump()
    assert await update_archives(site.settings, site.storage) == 0
    listed = json.loads((folder / INDEX_FILE).read_text())
    listed["written_at"] = (now() - writer.MIN_INTERVAL).isoformat()
    (folder / INDEX_FILE).write_text(json.dumps(listed))
    assert await update_archives(site.settings, site.storage) == 1
    assert "另一个名字" in (folder / "zh/index.html").read_text()
    assert await update_archives(site.settings, site.storage) == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_archive_outlives_the_season_but_not_the_taking_down(site: Site) -> None:
    works = [await work(site)]
    exhibition = await factories.exhibition(works)
    folder = await written(site, exhibition)
    await Edition.filter(exhibition=exhibition).update(
        closes_at=now() - timedelta(hours=1), leaves_when_closed=True
    )
    await bump()
    assert (await (await site.client()).get(f"/zh/exhibitions/{exhibition.slug}")).status_code == 404
    await written(site, exhibition)
    assert holds(folder, works[0])
    await Edition.filter(exhibition=exhibition).update(is_current=False)
    await bump()
    assert await update_archives(site.settings, site.storage) == 1
    assert all_there(folder) == {}


async def test_what_was_half_written_is_taken_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    works = [await work(site) for _ in range(2)]
    exhibition = await factories.exhibition(works)
    folder = site.settings.home / writer.FOLDER / exhibition.slug
    copied: list[Path] = []

    def copy_and_be_killed(source: Path, path: Path) -> None:
        (path.parent).mkdir(parents=True, exist_ok=True)
        path.with_name(f".{path.name}.0123456789abcdef").write_bytes(source.read_bytes())
        copied.append(path)
        if len(copied) > 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(writer, "_copy_file", copy_and_be_killed)
        await written(site, exhibition)
    assert len([path for path in all_there(folder) if path.endswith(".0123456789abcdef")]) == 3
    assert holds(folder, works[0])
    consent = await works[0].consent
    assert isinstance(consent, Consent)
    await withdraw(consent, site.storage)
    assert await update_archives(site.settings, site.storage) == 1
    assert not holds(folder, works[0])
    assert holds(folder, works[1])
    assert not [path for path in all_there(folder) if path.endswith(".0123456789abcdef")]


async def test_a_withdrawal_reaches_every_archive_while_the_store_is_away(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving, staying = [await work(site) for _ in range(2)], [await work(site) for _ in range(2)]
    folders = [
        await written(site, await factories.exhibition(list(pair)))
        for pair in zip(leaving, staying, strict=True)
    ]
    for each in leaving:
        consent = await each.consent
        assert isinstance(consent, Consent)
        await withdraw(consent, site.storage)
    for each in staying:  # a picture of each must be fetched again
        assert each.image
        shutil.rmtree(next(folder / "media" for folder in folders if holds(folder, each)) / each.image.token)

    def away(_key: str) -> object:
        raise StoreUnavailable("The store is away.")

    with monkeypatch.context() as patched:
        patched.setattr(site.storage.private, "local_copy", away)
        await update_archives(site.settings, site.storage)
    for folder, gone, there in zip(folders, leaving, staying, strict=True):
        assert not holds(folder, gone)
        assert there.own("title") in (folder / "zh/index.html").read_text()


async def test_one_archive_that_cannot_be_kept_stops_no_other(site: Site) -> None:
    works = [await work(site) for _ in range(2)]
    folders = [await written(site, await factories.exhibition([each])) for each in works]
    (folders[0] / INDEX_FILE).write_text("no list")
    (folders[0] / "zh/index.html").unlink()
    (folders[0] / "zh/index.html").mkdir()  # at the path of the page
    (folders[0] / "zh/index.html/left").touch()
    consent = await works[1].consent
    assert isinstance(consent, Consent)
    await withdraw(consent, site.storage)
    assert await update_archives(site.settings, site.storage) == 2
    assert not holds(folders[1], works[1])
    assert "<html" in (folders[0] / "zh/index.html").read_text()
    (folders[0] / writer.LOCK_NAME).unlink()
    (folders[0] / writer.LOCK_NAME).mkdir()  # not a file that can be locked
    await bump()
    (folders[1] / INDEX_FILE).unlink()
    (folders[1] / INDEX_FILE).write_text("{}")
    assert await update_archives(site.settings, site.storage) == 1
    shutil.rmtree(folders[0])
    folders[0] = await written(site, await factories.exhibition([works[0]], slug="a-first"))
    (folders[0] / INDEX_FILE).write_text('{"written_at": "yesterday"}')
    await bump()
    (folders[1] / INDEX_FILE).write_text("{}")
    assert await update_archives(site.settings, site.storage) == 1


async def test_an_archive_opens_again_by_the_clock(site: Site) -> None:
    shown = await work(site)
    exhibition = await factories.exhibition([shown])
    folder = await written(site, exhibition)
    opens_at = now() + timedelta(minutes=15)
    await Edition.filter(exhibition=exhibition, is_current=True).update(opens_at=opens_at)
    await bump()
    await update_archives(site.settings, site.storage)
    assert not holds(folder, shown)
    with frozen_at(opens_at):  # nothing else moves
        await update_archives(site.settings, site.storage)
        assert holds(folder, shown)


@pytest.mark.engines("sqlite", "postgresql")
async def test_there_is_nothing_to_archive_before_it_opens(site: Site) -> None:
    exhibition = await factories.exhibition([await work(site)])
    await Edition.filter(exhibition=exhibition).update(opens_at=now() + timedelta(days=1))
    for slug in (exhibition.slug, "no-such", "../.."):
        with pytest.raises(NothingToArchive):
            await write_archive_folder(slug, site.settings, site.storage)
    assert not (site.settings.home / writer.FOLDER).exists()
