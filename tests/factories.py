"""Factories for rows: plain functions that fill in the fields that a test does not mention."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import itertools
import tempfile
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image as Picture
from PIL import ImageDraw

from gallery.artists.models import AgreedBy, Artist, Consent
from gallery.artworks.dates import read_date
from gallery.artworks.further_pictures import count_further_pictures, load_further_pictures
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.models import Picture as WorkPicture
from gallery.artworks.snapshots import snapshot_of
from gallery.artworks.works import TRANSLATED_FIELDS
from gallery.cases.models import Case, CaseFigure, CaseVersion, VersionState
from gallery.clock import now, today
from gallery.exhibitions.first_showings import date_first_showings
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import DevelopedImage, Limits, develop
from gallery.images.sandbox.sound_parent import DevelopedSound, develop_sound
from gallery.images.storage_keys import original_key, rendition_key
from gallery.organisations.models import Organisation, Project
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import ORIGINAL_NAME, sound_key
from gallery.storage import Storage, Store
from gallery.themes.models import Theme
from gallery.web.languages import translation_language
from gallery.web.texts import Texts
from tests.images.sounds import tone

if TYPE_CHECKING:
    from tests.conftest import Site

_numbers = itertools.count(1)
PATIENT = Limits(wall_seconds=180)  # for the sandbox on a busy machine


@functools.cache
def photograph(width: int = 1300, height: int = 1000, format: str = "JPEG") -> bytes:
    """A picture as a real encoder writes it."""
    picture = Picture.new("RGB", (width, height), "#e8d9b0")
    pen = ImageDraw.Draw(picture)
    for step in range(12):
        left = step * width // 12
        pen.ellipse(
            (left, height // 3, left + width // 6, height // 3 + width // 6), fill=(200 - step * 12, 60, 40)
        )
    buffer = io.BytesIO()
    picture.save(buffer, format)
    return buffer.getvalue()


_developed: tuple[Path, DevelopedImage] | None = None


async def developed_files() -> tuple[Path, DevelopedImage]:
    """A folder of real renditions, made once by the real decoder."""
    global _developed
    if _developed is None:
        folder = Path(tempfile.mkdtemp(prefix="gallery-tests-"))
        (folder / "original").write_bytes(photograph())
        (folder / "out").mkdir()
        _developed = folder, await develop(folder / "original", folder / "out")
    return _developed


async def image(storage: Storage, organisation: Organisation, **values: Any) -> Image:
    """A ready image with its files, as the worker leaves them."""
    folder, developed = await developed_files()
    made = await Image.create(
        **{
            "organisation": organisation,
            "state": ImageState.READY,
            "source_format": "jpeg",
            **as_stored(folder, developed),
            "width": developed.width,
            "height": developed.height,
            "placeholder": developed.placeholder,
            "mean_colour": developed.mean_colour,
            "perceptual_hash": developed.perceptual_hash,
            "ready_at": now(),
            **values,
        }
    )
    await asyncio.gather(
        put(storage.private, original_key(made.token), (folder / "original").read_bytes()),
        *(
            put(storage.private, rendition_key(made.token, name), (folder / "out" / name).read_bytes())
            for name in developed.files
        ),
    )
    return made


def as_stored(folder: Path, developed: DevelopedImage) -> dict[str, Any]:
    """The fields of an image's row that describe its files."""
    original = (folder / "original").read_bytes()
    return {
        "source_bytes": len(original),
        "source_sha256": hashlib.sha256(original).hexdigest(),
        "rendition_bytes": {name: (folder / "out" / name).stat().st_size for name in developed.files},
    }


async def put(store: Store, key: str, content: bytes = b"a picture") -> None:
    """Put a file into a store."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.write_bytes(content)
        await store.put_file(key, source)


async def received(storage: Storage, organisation: Organisation, content: bytes | None = None) -> Image:
    """An image that waits for the worker, with its original, as an upload leaves it."""
    content = photograph() if content is None else content
    made = await Image.create(
        organisation=organisation,
        source_format="jpeg",
        source_bytes=len(content),
        width=1300,
        height=1000,
    )
    await put(storage.private, original_key(made.token), content)
    return made


async def further_pictures(storage: Storage, work: Artwork, count: int = 1) -> list[Image]:
    """Add `count` pictures with alt texts to a work and to its submission; returns their images."""
    made = []
    for position in range(2, count + 2):
        made.append(await image(storage, await Organisation.get(id=work.organisation_id)))
        alt = Texts({work.language: f"第{position}页上有一只猫和{position}条鱼", "bo": "ཞི་མི"})
        caption = Texts({work.language: f"第{position}页"})
        row = {"image": made[-1], "position": position, "alt_text": alt, "caption": caption}
        await WorkPicture.create(artwork_id=work.id, **row)
    await count_further_pictures(work.id)
    work.more_pictures = count
    await load_further_pictures([work])
    await work.fetch_related("artist", "consent", "project", "themes")
    await Submission.filter(artwork_id=work.id).update(sent=snapshot_of(work))
    return made


_voice: tuple[Path, DevelopedSound] | None = None


async def voice(storage: Storage, work: Artwork, **values: Any) -> Sound:
    """A ready voice of a work with its files, as the worker leaves them. The work's consent then names the voice."""
    global _voice
    if _voice is None:
        folder = Path(tempfile.mkdtemp(prefix="gallery-tests-"))
        _voice = folder, await develop_sound(tone(folder / "original", 3), folder, PATIENT)
    folder, developed = _voice
    original = (folder / "original").read_bytes()
    made = await Sound.create(
        **{
            "organisation_id": work.organisation_id,
            "state": SoundState.READY,
            "source_bytes": len(original),
            "source_sha256": hashlib.sha256(original).hexdigest(),
            "milliseconds": developed.milliseconds,
            "peaks": list(developed.peaks),
            "file_bytes": {name: (folder / name).stat().st_size for name in developed.files},
            **values,
        }
    )
    for name in (ORIGINAL_NAME, *developed.files):
        await put(storage.private, sound_key(made.token, name), (folder / name).read_bytes())
    work.sound_id = made.id
    spoken = {
        "zh": "下雪了，一家人围着锅，奶奶说：来吃汤圆吧。",
        "en": "It snowed, and grandmother said: come and eat.",
    }
    work.transcript = work.transcript or Texts(spoken)
    await work.save(update_fields=["sound_id", "transcript"])
    await Consent.filter(id=work.consent_id or 0).update(for_voice=True)
    return made


async def project(organisation: Organisation, **values: Any) -> Project:
    number = next(_numbers)
    return await Project.create(
        **{
            "organisation": organisation,
            "slug": f"project-{number}",
            "title": Texts({"zh": f"项目{number}", "en": f"Project {number}"}),
            "summary": Texts({"zh": "教孩子画画。", "en": "Teaches children to paint."}),
            "link": "https://example.org/support",
            **values,
        }
    )


async def theme(**values: Any) -> Theme:
    number = next(_numbers)
    return await Theme.create(
        **{
            "slug": f"theme-{number}",
            "title": Texts({"zh": f"主题{number}", "en": f"Theme {number}"}),
            **values,
        }
    )


async def consent(organisation: Organisation, artist: Artist | None = None, **values: Any) -> Consent:
    artist = artist or await Artist.create(organisation=organisation, credit_name=f"小画家{next(_numbers)}")
    return await Consent.create(
        **{
            "artist": artist,
            "code": f"{next(_numbers):020d}",
            "agreed_by": AgreedBy.PARENT,
            "for_web": True,
            "starts_on": today() - timedelta(days=10),
            "assent": "我愿意。",
            **values,
        }
    )


def in_zh(words: str) -> Texts:
    """A text in Chinese alone."""
    return Texts({"zh": words})


def in_en(words: str) -> Texts:
    """A text in English alone."""
    return Texts({"en": words})


def with_texts(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a work's row, with its texts as Texts.

    `title` may be words in the work's own language, and `title_translation` those in the site's other language.
    """
    language = values.get("language", "zh")
    for name in TRANSLATED_FIELDS:
        translation = values.pop(f"{name}_translation", "")
        if isinstance(words := values.get(name, ""), str):
            values[name] = Texts({language: words, translation_language(language): translation})
    return values


async def artwork(storage: Storage, organisation: Organisation, **values: Any) -> Artwork:
    """A work that is ready to be submitted, or in the given `status`."""
    number = next(_numbers)
    given = values.pop("consent", None) or await consent(organisation)
    themes = values.pop("themes", None) or [await theme()]
    made = await Artwork.create(
        **with_texts(
            {
                "organisation": organisation,
                "artist_id": given.artist_id,
                "consent": given,
                "project": values.pop("project", None) or await project(organisation),
                "image": values.pop("image", None) or await image(storage, organisation),
                "language": "zh",
                "title": f"汤圆{number}",
                "title_translation": f"Tangyuan {number}",
                "story": f"第{number}碗汤圆，一家人围着吃。",
                "story_translation": f"Bowl number {number}, with the family around it.",
                "alt_text": f"一只蓝碗里有{number}个汤圆",
                "alt_text_translation": f"A blue bowl with {number} tangyuan",
                "medium": "水彩",
                "medium_translation": "Watercolour",
                **dated(values.pop("date_made", "2022")),
                **values,
            }
        )
    )
    await made.themes.add(*themes)
    if made.status != Status.DRAFT:
        await made.fetch_related("artist", "consent", "project", "themes")
        await Submission.create(
            artwork=made,
            number=1,
            at=now(),
            sent=snapshot_of(made),
            is_waiting=made.status == Status.SUBMITTED,
        )
    return made


def dated(text: str) -> dict[str, Any]:
    """The columns of a work's date; empty for an empty text."""
    if not text:
        return {"date_made": "", "made_from": None, "made_until": None, "year": None}
    made = read_date(text)
    first, last = made.day_numbers
    return {"date_made": text, "made_from": first, "made_until": last, "year": made.first.year}


async def exhibition(works: list[Artwork], *, published: bool = True, **values: Any) -> Exhibition:
    """An exhibition with one room of `works`, a draft and, if published, a frozen edition that has opened."""
    number = next(_numbers)
    made = await Exhibition.create(
        slug=values.pop("slug", f"exhibition-{number}"), theme=values.pop("theme", None)
    )
    editions: list[dict[str, Any]] = [{"number": None}]
    if published:
        editions.append({"number": 1, "is_current": True, "published_at": now()})
    for edition_values in editions:
        edition = await Edition.create(
            **{
                "exhibition": made,
                "title": Texts({"zh": f"展览{number}", "en": f"Exhibition {number}"}),
                "introduction": Texts({"zh": "团圆。", "en": "Reunion."}),
                "opens_at": now() - timedelta(days=1),
                **edition_values,
                **values,
            }
        )
        title = Texts({"zh": "一号厅", "en": "Room one"})
        room = await Room.create(edition=edition, position=1, title=title)
        for position, work in enumerate(works, 1):
            await Hanging.create(room=room, artwork=work, position=position)
        await date_first_showings([edition.id])
    return made


async def bare_works(consent: Consent, numbers: Iterable[int], **values: Any) -> list[Artwork]:
    """A work for each number, accepted and with titles only; returns all works of the consent."""
    artist = await Artist.get(id=consent.artist_id)
    await Artwork.bulk_create(
        Artwork(
            **with_texts(
                {
                    "organisation_id": artist.organisation_id,
                    "artist_id": artist.id,
                    "consent_id": consent.id,
                    "title": f"No {number}",
                    "title_translation": f"No {number}",
                    "status": Status.ACCEPTED,
                    **values,
                }
            )
        )
        for number in numbers
    )
    return await Artwork.filter(consent_id=consent.id).order_by("id")


async def accepted(site: Site, **values: Any) -> Artwork:
    """An accepted work of the partner's organisation, or of the given `organisation`."""
    organisation = values.pop("organisation", site.cast.organisation)
    return await artwork(site.storage, organisation, **{"status": Status.ACCEPTED, **values})


def days_from_now(days: int) -> date:
    return today() + timedelta(days=days)


async def case(
    organisation: Organisation, *, consent: Consent | None = None, accepted: bool = True, **values: Any
) -> Case:
    """A case that asks for 300,000 yuan, accepted and on view, or a draft. `values`: columns of its version."""
    number = next(_numbers)
    of_project = values.pop("project", None) or await project(organisation)
    made = await Case.create(slug=f"c-case{number}", project=of_project, consent=consent)
    await CaseVersion.create(
        **{
            "case": made,
            "number": 1,
            "state": VersionState.ACCEPTED if accepted else VersionState.DRAFT,
            "is_shown": accepted,
            "title": Texts({"zh": f"手术费{number}", "en": f"An operation {number}"}),
            "story": Texts({"zh": "需要一次手术。", "en": "An operation is needed."}),
            "goal": 300_000,
            "link": f"https://give.example.org/{number}",
            "platform": Texts({"zh": "公益平台", "en": "Giving platform"}),
            "registration_number": "53110000500020439QA23015",
            "registered_until": today() + timedelta(days=300),
            "saved_at": now(),
            "sent_at": now() if accepted else None,
            "decided_at": now() if accepted else None,
            **values,
        }
    )
    return made


async def figure(case: Case, days_ago: int, raised: int | None, helpers: int | None = None) -> CaseFigure:
    return await CaseFigure.create(
        case=case,
        day=today() - timedelta(days=days_ago),
        raised=raised,
        helpers=helpers,
        source=Texts({"zh": "平台统计", "en": "The platform's count"}),
        at=now(),
    )
