"""Data entry of the demo through the site's forms. Each form is sent by a person who may send it.

Existing data is not changed: an interrupted run continues where it stopped, and a second run adds nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import multiprocessing
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from gallery.accounts.invitations import invite
from gallery.accounts.models import Person, Role
from gallery.app import CHORES, create_app
from gallery.artists.models import Artist, Consent, RequestedWork
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Picture, Status
from gallery.artworks.pictures import describe_picture
from gallery.artworks.sentences import sentences_in
from gallery.cases.cases import seen_of
from gallery.cases.models import Case, CaseVersion
from gallery.clock import today
from gallery.demo import content
from gallery.demo.content import (
    CURATOR,
    KEEPER,
    PASSWORD,
    DemoCase,
    DemoExhibition,
    DemoOrganisation,
    DemoPerson,
    DemoStage,
    DemoSupporter,
    DemoText,
    DemoTheme,
    DemoWork,
)
from gallery.demo.photographs import save_photograph
from gallery.demo.voices import hum
from gallery.demo.works_book import BOOK
from gallery.demo.works_country import COUNTRY
from gallery.demo.works_football import FOOTBALL
from gallery.demo.works_paper import PAPER
from gallery.demo.works_table import TABLE
from gallery.demo.works_winter import WINTER
from gallery.exhibitions.blocks import REGION, Side, hung_labels
from gallery.exhibitions.drafts import draft_of
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.images.chores import CHORES as DEVELOPING_IMAGES
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.child import die_with_parent
from gallery.images.sandbox.sound_parent import takes_sounds
from gallery.organisations.models import SUPPORT_KINDS, Organisation, Project
from gallery.reviews.acceptance import heard_key, seen_keys
from gallery.settings import Settings
from gallery.sounds.chores import CHORES as DEVELOPING_SOUNDS
from gallery.sounds.models import Sound, SoundState
from gallery.storage import Storage
from gallery.supporters.models import Supporter, SupporterState
from gallery.supporters.supporters import code_of
from gallery.themes.models import Theme
from gallery.web.texts import Texts, contains_words, field_name
from gallery.worker import ChoreContext, Worker

DEVELOPING = [*DEVELOPING_IMAGES, *DEVELOPING_SOUNDS]
ReportProgress = Callable[[str, int, int], None]  # (step, done, total)

OPENED_DAYS_AGO = 3
CALL_DAYS = 60
DECISIONS = {
    DemoStage.RETURNED: "returned",
    DemoStage.DECLINED: "declined",
}  # the works of other reviewed stages are accepted


class EntryRefused(RuntimeError):
    """The site refused a form that the demo sent."""


@dataclass(frozen=True)
class DemoContent:
    works: Sequence[DemoWork] = (*TABLE, *WINTER, *FOOTBALL, *COUNTRY, *BOOK, *PAPER)
    organisations: Sequence[DemoOrganisation] = content.ORGANISATIONS
    members: Sequence[DemoPerson] = content.MEMBERS
    exhibitions: Sequence[DemoExhibition] = content.EXHIBITIONS
    cases: Sequence[DemoCase] = content.CASES
    supporters: Sequence[DemoSupporter] = content.SUPPORTERS
    picture_width: int | None = None  # px; None: each scene at full width

    @property
    def named_supporters(self) -> list[DemoSupporter]:
        """Those whom an exhibition of the demo names."""
        slugs = {exhibition.slug for exhibition in self.exhibitions}
        return [each for each in self.supporters if each.exhibition in slugs]


@dataclass
class DemoBrowsers:
    """An HTTP client for each person of the demo, signed in at its first use."""

    app: Starlette
    base_url: str
    _browsers: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _closing: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> DemoBrowsers:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    async def browser(self, email: str = "") -> httpx.AsyncClient:
        """The client of a person, or of a visitor if `email` is empty."""
        if email not in self._browsers:
            transport = httpx.ASGITransport(self.app)
            browser = httpx.AsyncClient(transport=transport, base_url=self.base_url, timeout=60)
            self._browsers[email] = await self._closing.enter_async_context(browser)
            if email:
                await self.send(
                    "", "accounts:create_session", {"email": email, "password": PASSWORD}, into=browser
                )
        return self._browsers[email]

    async def send(
        self,
        email: str,
        route: str,
        fields: Mapping[str, Any],
        picture: Path | None = None,
        sound: Path | None = None,
        pictures: Path | None = None,
        into: httpx.AsyncClient | None = None,
        **parameters: Any,
    ) -> httpx.Response:
        """Send a form. Raises EntryRefused if the site refuses it."""
        browser = into or await self.browser(email)
        data = {name: value for name, value in fields.items() if value is not None}
        address = self.app.url_path_for(route, **parameters)
        if sound is not None:
            content = await asyncio.to_thread(sound.read_bytes)
            response = await browser.post(
                str(address), data=data, files={"sound": (sound.name, content, "audio/wav")}
            )
        elif pictures is not None:
            content = await asyncio.to_thread(pictures.read_bytes)
            response = await browser.post(
                str(address), data=data, files={"pictures": (pictures.name, content, "image/jpeg")}
            )
        elif picture is None:
            response = await browser.post(str(address), data=data)
        else:
            content = await asyncio.to_thread(picture.read_bytes)
            response = await browser.post(
                str(address), data=data, files={"picture": (picture.name, content, "image/jpeg")}
            )
        if response.status_code not in {200, 303}:
            raise EntryRefused(f"{route} answered {response.status_code}: {form_errors(response.text)}")
        return response


def form_errors(page: str) -> str:
    """The error messages on a page with a refused form."""
    found = re.findall(r'class="[^"]*\berrors?\b[^"]*"[^>]*>(.*?)</(?:ul|ol|p|div|section)>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", " ".join(found))).strip() or "no reason given"


async def enter_demo(
    settings: Settings, report_progress: ReportProgress, chosen: DemoContent | None = None
) -> None:
    """Enter the demo into the site of `settings`, whose database is open."""
    chosen = chosen or DemoContent()
    storage = Storage(settings)
    async with DemoBrowsers(create_app(settings), settings.site_url) as browsers:
        await enter_keeper_and_curator(browsers, settings)
        await enter_themes(browsers, content.themes(today()))
        await enter_organisations(browsers, chosen)
        async with image_workers(settings, storage):
            await enter_works(browsers, chosen, report_progress)
            await ask_families(browsers, chosen)
            await wait_until_developed(report_progress)
        await review_works(browsers, chosen, report_progress)
        await enter_supporters(browsers, chosen, settings)
        await enter_exhibitions(browsers, chosen)
        await enter_cases(browsers, chosen)
        await make_short_links(browsers, chosen, settings)
        await Worker(ChoreContext(settings, storage), CHORES).run_dry()  # makes pictures on view public
        await withdraw_works(browsers, chosen)


async def enter_keeper_and_curator(browsers: DemoBrowsers, settings: Settings) -> None:
    if not await Person.exists(email=KEEPER.email):
        token = await invite(
            KEEPER.email, Role.KEEPER, days=settings.invitation_days, language=KEEPER.language
        )
        await accept_invitation(browsers, KEEPER, token)
    await enter_person(browsers, KEEPER.email, CURATOR, None)


async def enter_person(
    browsers: DemoBrowsers, by: str, person: DemoPerson, organisation: Organisation | None
) -> None:
    """Invite a person and accept the invitation."""
    if await Person.exists(email=person.email):
        return
    fields = {
        "email": person.email,
        "role": person.role,
        "organisation": str(organisation.id) if organisation else "",
        "language": person.language,
        "confirm_password": PASSWORD,  # needed if the sign-in is too long ago
    }
    sent = await browsers.send(by, "organisations:invite", fields)
    page = await (await browsers.browser(by)).get(sent.headers["location"])
    found = re.search(r"/desk/invitations/([\w-]+)", page.text)
    if found is None:
        raise EntryRefused(f"The invitation of {person.email} shows no link.")
    await accept_invitation(browsers, person, found[1])


async def accept_invitation(browsers: DemoBrowsers, person: DemoPerson, token: str) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(browsers.app), base_url=browsers.base_url
    ) as browser:
        fields = {"name": person.name, "password": PASSWORD}
        await browsers.send("", "accounts:accept", fields, into=browser, token=token)


async def enter_themes(browsers: DemoBrowsers, themes: Sequence[DemoTheme]) -> None:
    for theme in themes:
        if await Theme.exists(slug=theme.slug):
            continue
        day = today()
        await browsers.send(
            CURATOR.email,
            "themes:create",
            {
                "slug": theme.slug,
                **in_both_languages("title", theme.title),
                **in_both_languages("text", theme.text),
                "accent": theme.accent,
                "accent_night": theme.accent_night,
                "occurs_on": iso_date(theme.occurs_on),
                "call_opens_on": iso_date(day - timedelta(days=CALL_DAYS)),
                "call_closes_on": iso_date(day + timedelta(days=CALL_DAYS)),
            },
        )


async def enter_organisations(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    for entry in chosen.organisations:
        if not await Organisation.exists(slug=entry.slug):
            fields = {
                "slug": entry.slug,
                **in_both_languages("name", entry.name),
                **in_both_languages("about", entry.about),
                **in_both_languages("region", entry.region),
                "registration_number": entry.registration_number,
                "website": entry.website,
            }
            await browsers.send(CURATOR.email, "organisations:create", fields)
    for person in chosen.members:
        await enter_person(browsers, CURATOR.email, person, await Organisation.get(slug=person.organisation))
    for entry in chosen.organisations:
        project = entry.project
        if not await Project.exists(contains_words("title", project.title.zh), organisation__slug=entry.slug):
            fields = {
                **in_both_languages("title", project.title),
                **in_both_languages("summary", project.summary),
                **in_both_languages("effect", project.effect),
                "cause": project.cause,
                "link": project.link,
                **{name: f"{project.link}/{SUPPORT_KINDS[name]}" for name in project.kinds},
            }
            await browsers.send(member_of(chosen, entry.slug), "projects:create", fields)


async def enter_works(browsers: DemoBrowsers, chosen: DemoContent, report_progress: ReportProgress) -> None:
    """Draw, enter and submit missing works. Pictures are drawn on all processors while works are entered."""
    kept = {artwork.form_key for artwork in await Artwork.filter(form_key__not_isnull=True).only("form_key")}
    waiting = [work for work in chosen.works if form_key(work) not in kept]
    if waiting:
        report_progress("Drawing and entering", 0, len(waiting))
        await draw_and_enter(browsers, chosen, waiting, report_progress)
    await enter_pages(browsers, chosen, report_progress)
    await enter_voices(browsers, chosen)
    for work in chosen.works:
        artwork = await Artwork.get(form_key=form_key(work))
        if artwork.status == Status.DRAFT and work.stage != DemoStage.DRAFT:
            await browsers.send(member_of(chosen, work.organisation), "artworks:submit", {}, id=artwork.id)


async def draw_and_enter(
    browsers: DemoBrowsers, chosen: DemoContent, waiting: Sequence[DemoWork], report_progress: ReportProgress
) -> None:
    loop = asyncio.get_running_loop()
    with (
        tempfile.TemporaryDirectory() as folder,
        # “spawn”, because a process with threads must not be forked.
        ProcessPoolExecutor(
            os.cpu_count(), multiprocessing.get_context("spawn"), initializer=die_with_parent
        ) as artists,
    ):
        drawings = [
            loop.run_in_executor(artists, save_photograph, work.slug, Path(folder), chosen.picture_width)
            for work in waiting
        ]
        try:
            for number, (work, drawing) in enumerate(zip(waiting, drawings, strict=True), 1):
                picture = await drawing
                await enter_work(browsers, member_of(chosen, work.organisation), work, picture)
                picture.unlink()
                report_progress("Drawing and entering", number, len(waiting))
        finally:
            for drawing in drawings:
                drawing.cancel()


async def enter_work(browsers: DemoBrowsers, email: str, work: DemoWork, picture: Path) -> None:
    organisation = await Organisation.get(slug=work.organisation)
    project = await Project.filter(organisation=organisation).order_by("id").first()
    theme_ids = await Theme.filter(slug__in=work.themes).order_by("id").values_list("id", flat=True)
    fields = {
        "form_key": form_key(work),
        "organisation": str(organisation.id),
        "language": work.language,
        "size": work.size,
        "date_made": work.date_made,
        "project": str(project.id) if project else "",
        "themes": [str(id) for id in theme_ids],
        **await artist_and_consent(work, organisation),
    }
    for name in ("title", "story", "alt_text", "medium", "assistance"):
        fields |= in_work_form(name, getattr(work, name), work)
    if work.voice is not None and takes_sounds():
        fields |= in_work_form("transcript", work.voice, work)
    await browsers.send(email, "artworks:create", fields, picture=picture)


async def enter_pages(browsers: DemoBrowsers, chosen: DemoContent, report_progress: ReportProgress) -> None:
    """Give works that are still drafts their further pictures, each with its texts."""
    for work in chosen.works:
        artwork = await Artwork.get(form_key=form_key(work))
        if artwork.status != Status.DRAFT:
            continue
        email = member_of(chosen, work.organisation)
        with tempfile.TemporaryDirectory() as folder:
            for number, page in enumerate(work.pages[artwork.more_pictures :], artwork.more_pictures + 1):
                picture = await asyncio.to_thread(
                    save_photograph, page.slug, Path(folder), chosen.picture_width
                )
                await browsers.send(email, "pictures:create", {}, pictures=picture, id=artwork.id)
                row = await Picture.filter(artwork_id=artwork.id).order_by("-position").first()
                assert row is not None
                texts = {
                    "alt_text": Texts({"zh": page.alt_text.zh, "en": page.alt_text.en}),
                    "caption": Texts({"zh": page.caption.zh, "en": page.caption.en}),
                }
                await describe_picture(artwork, row.id, texts, await Person.get(email=email))
                report_progress("Drawing pages", number, len(work.pages))


async def enter_voices(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    """Give works that are still drafts their voices, if this site takes any."""
    for work in chosen.works if takes_sounds() else ():
        artwork = await Artwork.get(form_key=form_key(work))
        if work.voice is None or artwork.sound_id is not None or artwork.status != Status.DRAFT:
            continue
        with tempfile.TemporaryDirectory() as folder:
            sound = await asyncio.to_thread(hum, Path(folder) / "hum.wav")
            email = member_of(chosen, work.organisation)
            await browsers.send(email, "voices:update", {}, sound=sound, id=artwork.id)


async def artist_and_consent(work: DemoWork, organisation: Organisation) -> dict[str, Any]:
    """The fields for artist and consent: their ids if the artist exists, otherwise the details of new ones.

    Without somebody who agreed the work has no consent yet.
    """
    name = work.artist.en if work.language == "en" else work.artist.zh
    artist = await Artist.get_or_none(organisation=organisation, credit_name=name)
    if artist is not None:
        consent = await Consent.filter(artist=artist).order_by("-id").first()
        return {"artist": str(artist.id), "consent": str(consent.id) if consent else ""}
    day = today()
    ends_on = day + timedelta(days=work.consent_days) if work.consent_days else None
    named = {
        "artist": "",
        "consent": "",
        "credit_name": name,
        "credit_name_translation": work.artist.en if work.language != "en" else work.artist.zh,
    }
    if not work.agreed_by:
        return named
    return {
        **named,
        "agreed_by": work.agreed_by,
        "scopes": ["web", "sharing", "archive", *(["voice"] if work.voice else [])],
        "starts_on": iso_date(day - timedelta(days=30)),
        "ends_on": iso_date(ends_on),
        "assent": work.assent,
    }


async def ask_families(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    """Ask for consent to drafts without one, by links that wait for their answers."""
    for work in chosen.works:
        artwork = await Artwork.get(form_key=form_key(work))
        is_asked = await RequestedWork.exists(artwork_id=artwork.id)
        if artwork.status == Status.DRAFT and artwork.consent_id is None and not is_asked:
            email = member_of(chosen, work.organisation)
            await browsers.send(
                email, "consent_requests:create", {"work": str(artwork.id), "list_name": "三年级"}
            )


@asynccontextmanager
async def image_workers(settings: Settings, storage: Storage) -> AsyncIterator[None]:
    """Run image workers inside the `async with` block: one for each processor, four at most."""
    context = ChoreContext(settings, storage)
    workers = [
        asyncio.create_task(Worker(context, DEVELOPING).run()) for _ in range(min(4, os.cpu_count() or 1))
    ]
    try:
        yield
    finally:
        for worker in workers:
            worker.cancel()
        for worker in workers:
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def wait_until_developed(report_progress: ReportProgress) -> None:
    """Wait until all renditions and voices are made."""
    total = await count_waiting()
    while left := await count_waiting():
        report_progress("Developing", total - left, total)
        await asyncio.sleep(0.3)
    if total:
        report_progress("Developing", total, total)


async def count_waiting() -> int:
    pictures = await Image.filter(state=ImageState.RECEIVED).count()
    return pictures + await Sound.filter(state=SoundState.RECEIVED).count()


async def review_works(browsers: DemoBrowsers, chosen: DemoContent, report_progress: ReportProgress) -> None:
    """A curator decides on the new works."""
    decided = [work for work in chosen.works if work.stage not in {DemoStage.DRAFT, DemoStage.SUBMITTED}]
    for number, work in enumerate(decided, 1):
        artwork = await Artwork.get(form_key=form_key(work)).prefetch_related(
            "submissions", "reviews", "image"
        )
        if artwork.status != Status.SUBMITTED or list(artwork.reviews):
            continue
        await load_further_pictures([artwork])
        fields = {
            "submission": str(max(submission.id for submission in artwork.submissions)),
            "decision": DECISIONS.get(work.stage, "accepted"),
            "reason": work.reason,
            "confirmed": [
                *([heard_key(artwork)] if artwork.sound_id else []),
                *seen_keys(artwork).values(),
            ],
            **{f"note_{name}": note for name, note in work.notes.items()},
        }
        await browsers.send(CURATOR.email, "reviews:create", fields, id=artwork.id)
        report_progress("Reviewing", number, len(decided))


async def enter_supporters(browsers: DemoBrowsers, chosen: DemoContent, settings: Settings) -> None:
    """A curator asks supporters, who agree with the link in their mail."""
    for entry in chosen.named_supporters:
        words = {
            **in_both_languages("name", entry.name),
            **in_both_languages("reason", entry.reason),
            "addresses": entry.link,
        }
        if not await Supporter.exists(email=entry.email):
            fields = {**words, "kind": entry.kind, "email": entry.email, "language": "zh"}
            await browsers.send(CURATOR.email, "supporters:create", fields)
        supporter = await Supporter.get(email=entry.email)
        if supporter.state == SupporterState.WAITING:
            code = code_of(supporter, settings)
            fields = {**words, "answer": "yes", "confirms": "y"}
            await browsers.send("", "supporting:answer", fields, language="zh", code=code)


async def make_short_links(browsers: DemoBrowsers, chosen: DemoContent, settings: Settings) -> None:
    """The supporters make short links to the exhibitions that name them."""
    for entry in chosen.named_supporters:
        code = code_of(await Supporter.get(email=entry.email), settings)
        fields = {"address": f"{settings.site_url}/zh/exhibitions/{entry.exhibition}"}
        await browsers.send("", "supporting:create_reach", fields, language="zh", code=code)


async def enter_exhibitions(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    for entry in chosen.exhibitions:
        theme = await Theme.get(slug=entry.theme)
        titles = in_both_languages("title", entry.title)
        if not await Exhibition.exists(slug=entry.slug):
            fields = {"slug": entry.slug, **titles, "theme": str(theme.id)}
            await browsers.send(CURATOR.email, "exhibitions:create", fields)
        exhibition = await Exhibition.get(slug=entry.slug)
        if await Edition.exists(exhibition=exhibition, number__not_isnull=True):
            continue
        opened_on = today() - timedelta(days=OPENED_DAYS_AGO)
        fields = {
            **titles,
            **in_both_languages("introduction", entry.introduction),
            **in_both_languages("closing", entry.closing),
            "opens_at": datetime.combine(opened_on, time(9)).strftime("%Y-%m-%dT%H:%M"),
            "closes_at": "",
            "theme": str(theme.id),
        }
        await browsers.send(CURATOR.email, "exhibitions:update", fields, id=exhibition.id)
        await hang_works(browsers, chosen, entry, exhibition)
        await choose_sentences(browsers, chosen, entry, exhibition)
        await place_blocks(browsers, chosen, entry, exhibition)
        for each in chosen.supporters:
            if each.exhibition == entry.slug:
                fields = {"supporter": str((await Supporter.get(email=each.email)).id)}
                await browsers.send(CURATOR.email, "supporters:credit", fields, id=exhibition.id)
        await browsers.send(CURATOR.email, "editions:create", {}, id=exhibition.id)


async def hang_works(
    browsers: DemoBrowsers, chosen: DemoContent, entry: DemoExhibition, exhibition: Exhibition
) -> None:
    """Create each room that has accepted works, and hang the works that it lacks."""
    known = {work.slug: form_key(work) for work in chosen.works}
    in_draft = Room.filter(edition__exhibition_id=exhibition.id, edition__number__isnull=True)
    for wanted in entry.rooms:
        found = [
            await Artwork.get_or_none(form_key=known.get(slug, ""), status=Status.ACCEPTED)
            for slug in wanted.works
        ]
        artworks = [artwork for artwork in found if artwork is not None]
        if not artworks:
            continue
        title = Texts({"zh": wanted.title.zh, "en": wanted.title.en})
        room = await in_draft.filter(title=title).first()
        if room is None:
            texts = {**in_both_languages("title", wanted.title), **in_both_languages("text", wanted.text)}
            fields = {f"new-{name}": text for name, text in texts.items()}
            await browsers.send(CURATOR.email, "rooms:create", fields, id=exhibition.id)
            room = await in_draft.get(title=title)
        hung = {hanging.artwork_id for hanging in await Hanging.filter(room=room)}
        for artwork in artworks:
            if artwork.id not in hung:
                fields = {"room": str(room.id), "artwork": str(artwork.id)}
                await browsers.send(CURATOR.email, "hangings:create", fields, id=exhibition.id)


async def choose_sentences(
    browsers: DemoBrowsers, chosen: DemoContent, entry: DemoExhibition, exhibition: Exhibition
) -> None:
    keys = [form_key(work) for work in chosen.works if work.slug in entry.spoken]
    hangings = Hanging.filter(room__edition__exhibition_id=exhibition.id, artwork__form_key__in=keys or [""])
    for hanging in await hangings.select_related("artwork"):
        fields = {
            f"hanging-{hanging.id}-{field_name('sentence', language)}": sentence.text
            for language, story in hanging.artwork.story.items()
            for sentence in [each for each in sentences_in(story) if each.is_quoted][:1]
        }
        await browsers.send(CURATOR.email, "hangings:sentence", fields, id=exhibition.id, hanging=hanging.id)


async def place_blocks(
    browsers: DemoBrowsers, chosen: DemoContent, entry: DemoExhibition, exhibition: Exhibition
) -> None:
    """Put the texts, pairs and details between the works, as far as their works hang."""
    draft = await draft_of(exhibition)
    keys = {form_key(work): work.slug for work in chosen.works}
    hung = await Artwork.filter(hangings__room__edition_id=draft.id).only("id", "form_key")
    works = await hung_labels(draft)
    labels = {keys.get(work.form_key or "", ""): works.of(work.id) for work in hung}
    for block in () if draft.blocks else entry.blocks:
        named = {name: getattr(block, name) for name in ("place", "work", "second")}
        if all(labels.get(slug) for slug in named.values() if slug):
            fields = {
                "kind": block.kind,
                "side": Side.AFTER,
                **in_both_languages("text", block.text),
                **{name: labels.get(slug, "") for name, slug in named.items()},
                **dict(zip(REGION, map(str, block.region or ()), strict=False)),
                **({"on_accent": "y"} if block.on_accent else {}),
            }
            typed = {f"new-{name}": value for name, value in fields.items()}
            await browsers.send(CURATOR.email, "blocks:create", typed, id=exhibition.id)


async def enter_cases(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    """Record each person's consent, write the case, let the curator accept it, and enter its figures."""
    for entry in chosen.cases:
        project = await Project.filter(organisation__slug=entry.organisation).order_by("id").first()
        if project is None or await Case.exists(project_id=project.id):
            continue
        email, day = member_of(chosen, entry.organisation), today()
        agreed = {"credit_name": entry.person.zh, "agreed_by": "parent", "scopes": ["case"]}
        recorded = {**agreed, "starts_on": iso_date(day - timedelta(days=120))}
        await browsers.send(email, "cases:create_consent", recorded)
        consent = await Consent.filter(artist__credit_name=entry.person.zh).order_by("-id").first()
        assert consent is not None
        names = {"credit_name": entry.person.zh, "credit_translations[en]": entry.person.en, "born": ""}
        await browsers.send(email, "artists:update", names, id=consent.artist_id)
        fields = {
            "project": str(project.id),
            "consent": str(consent.id),
            **in_both_languages("title", entry.title),
            **in_both_languages("story", entry.story),
            "currency": "CNY",
            "goal": str(entry.goal),
            "link": entry.link,
            **in_both_languages("platform", entry.platform),
            "registration_number": entry.registration_number,
            "registered_until": iso_date(day + timedelta(days=365)),
            "send": "1",
        }
        await browsers.send(email, "cases:create", fields)
        version = await CaseVersion.get(case__project_id=project.id)
        decision = {"seen": seen_of(version), "decision": "accept"}
        await browsers.send(CURATOR.email, "cases:decide", decision, id=version.case_id)
        for figure in entry.figures:
            numbers = {
                "day": iso_date(day - timedelta(days=figure.days_ago)),
                "raised": str(figure.raised),
                "helpers": str(figure.helpers),
                **in_both_languages("source", entry.source),
            }
            await browsers.send(email, "cases:create_figure", numbers, id=version.case_id)


async def withdraw_works(browsers: DemoBrowsers, chosen: DemoContent) -> None:
    """Withdraw works with the link on the consent slip."""
    for work in chosen.works:
        if work.stage != DemoStage.WITHDRAWN:
            continue
        artwork = await Artwork.get(form_key=form_key(work)).prefetch_related("consent")
        if artwork.status == Status.ACCEPTED and artwork.consent is not None:
            code = artwork.consent.code
            await browsers.send("", "withdrawals:create", {}, language=work.language, code=code)


def form_key(work: DemoWork) -> str:
    """The key of the work's form; it is the same in every run, so that no work is entered twice."""
    return hashlib.blake2b(f"demo {work.slug}".encode(), digest_size=16).hexdigest()


def member_of(chosen: DemoContent, organisation: str) -> str:
    return next(person.email for person in chosen.members if person.organisation == organisation)


def in_both_languages(name: str, text: DemoText) -> dict[str, str]:
    return {field_name(name, "zh"): text.zh, field_name(name, "en"): text.en}


def in_work_form(name: str, text: DemoText, work: DemoWork) -> dict[str, str]:
    """A text as fields of a work's form: the original text, and each translation."""
    words = {
        "zh": text.zh,
        "en": text.en,
        **({work.language: own} if (own := work.own_words.get(name)) else {}),
    }
    return {
        name if language == work.language else field_name(name, language): each
        for language, each in words.items()
    }


def iso_date(day: date | None) -> str:
    return day.isoformat() if day else ""
