"""Checks of accessibility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from playwright.async_api import Page

from gallery.artists.consent_terms import keep_wording, wording_of
from gallery.artists.consents import code_hash, request_code, set_artist_page
from gallery.artists.models import Consent, ConsentRequest
from gallery.artworks import import_chores, imports
from gallery.artworks.consent_requests import ask
from gallery.artworks.import_models import bundle_key
from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.contact.models import Message
from gallery.exhibitions.blocks import EMPTY_FIELDS
from gallery.exhibitions.draft_lists import add_entry
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.public.previews import make_link
from gallery.reviews.models import Report
from gallery.stats.models import CountKind, WorkCount
from gallery.supporters.models import Supporter, SupporterKind, SupporterLink, SupporterState
from gallery.web.texts import Texts
from gallery.worker import ChoreContext
from tests import factories
from tests.api.programs import token_for
from tests.artworks.sheets import csv_bytes
from tests.factories import in_en, in_zh
from tests.live import LiveSite

# The standard's rules, and those that axe's authors add.
LOOKED_AT = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}

NARROW = 320  # CSS px: 1280 px at 400 %


@dataclass
class Furnished:
    """A site in which every page has something to show."""

    live: LiveSite
    address: str
    work: Artwork
    waiting: Artwork
    draft: Artwork
    exhibition_id: int
    slug: str
    credit_key: str  # of the draft
    report: Report
    message: Message
    theme_slug: str
    project_slug: str
    page_id: str
    consent_code: str
    sheet_id: int
    request_id: int
    request_code: str
    supporter: Supporter
    supporter_code: str
    given_id: int  # a consent by a link
    case_id: int
    case_slug: str

    def public(self, language: str) -> list[str]:
        return [
            f"/{language}/{path}"
            for path in (
                "",
                "exhibitions",
                f"exhibitions/{self.slug}",
                f"exhibitions/{self.slug}?room=2",
                f"works/{self.work.public_id}",
                f"works/{self.work.public_id}/report",
                f"works/{self.work.public_id}/appreciation",
                "reported",
                "contact",
                "contact/received",
                "themes",
                f"themes/{self.theme_slug}",
                "organisations",
                "support",
                f"organisations/{self.live.cast.organisation.slug}",
                f"projects/{self.project_slug}",
                f"cases/{self.case_slug}",
                f"artists/{self.page_id}",
                "calendar",
                "about",
                "accessibility",
                "api",
                "search",
                "search?q=%E6%B1%A4%E5%9C%86",
                "search?q=nothing-is-called-so",
                "join",
                "join/received",
                f"consent/{self.consent_code}",
                f"consent/{self.request_code}",
                f"supporters/{self.supporter.public_id}",
                f"supporter/{self.supporter_code}",
                "nowhere",
            )
        ]

    def partners(self) -> list[str]:
        return [
            "/desk/works",
            "/desk/works/new",
            "/desk/works/many",
            "/desk/sheets",
            f"/desk/sheets/{self.sheet_id}",
            f"/desk/works/{self.draft.id}",
            f"/desk/works/{self.draft.id}/framing",
            f"/desk/works/{self.draft.id}/voice",
            f"/desk/works/{self.draft.id}/pictures",
            f"/desk/works/{self.work.id}/proposal",
            f"/desk/works/{self.draft.id}/edit",
            f"/desk/works/{self.work.id}",
            "/desk/consents",
            f"/desk/consents/{self.work.consent_id}",
            f"/desk/consents/{self.work.consent_id}/slip",
            f"/desk/consents/slips?consent={self.work.consent_id}",
            "/desk/consents/form",
            "/desk/consents/requests",
            f"/desk/consents/requests/{self.request_id}",
            "/desk/consents/requests/letters",
            f"/desk/consents/{self.given_id}",
            f"/desk/consents/{self.given_id}/signature",
            f"/desk/consents/{self.work.consent_id}/renewal",
            "/desk/artists",
            f"/desk/artists/{self.work.artist_id}",
            f"/desk/artists/{self.work.artist_id}/private",
            f"/desk/projects/{self.work.project_id}/cover",
            "/desk/projects",
            "/desk/projects/new",
            f"/desk/projects/{self.work.project_id}/edit",
            "/desk/cases",
            "/desk/cases/new",
            "/desk/cases/consent",
            f"/desk/cases/{self.case_id}",
            f"/desk/cases/{self.case_id}/edit",
            "/desk/figures",
            "/desk/figures?first=2026-02-30&last=",
            f"/desk/organisations/{self.live.cast.organisation.id}/edit",
            f"/desk/organisations/{self.live.cast.organisation.id}/tokens",
            f"/desk/organisations/{self.live.cast.organisation.id}/export",
            "/desk/account",
            "/desk/account/address",
            "/desk/account/second-factor",
            "/desk/account/second-factor/app",
        ]

    def curators(self) -> list[str]:
        return [
            "/desk/queue",
            f"/desk/queue/{self.waiting.id}",
            "/desk/queue?status=accepted",
            "/desk/cases",
            f"/desk/cases/{self.case_id}/review",
            "/desk/coverage",
            "/desk/later",
            "/desk/rounds",
            "/desk/calendar",
            "/desk/log",
            f"/desk/organisations/{self.live.cast.organisation.id}/logo",
            "/desk/reasons",
            "/desk/reports",
            f"/desk/reports/{self.report.id}",
            "/desk/exhibitions",
            "/desk/exhibitions/new",
            f"/desk/exhibitions/{self.exhibition_id}",
            *(
                f"/desk/exhibitions/{self.exhibition_id}/{page}"
                for page in (
                    "preview",
                    "editions",
                    "comparison?before=1&after=draft",
                    "editions/1/restoration",
                    "credits",
                    f"credits/{self.credit_key}/logo",
                    "talks",
                    "blocks",
                    "labels",
                    "copies/new",
                )
            ),
            "/desk/supporters",
            "/desk/supporters/new",
            f"/desk/supporters/{self.supporter.id}",
            "/desk/themes",
            "/desk/themes/new",
            "/desk/organisations",
            "/desk/organisations/new",
            "/desk/applications",
            "/desk/figures",
            f"/desk/figures?organisation={self.live.cast.organisation.id}",
        ]

    def keepers(self) -> list[str]:
        return [
            "/desk/messages",
            f"/desk/messages/{self.message.id}",
            "/desk/site",
            "/desk/people",
            "/desk/worker",
            "/desk/outbox",
        ]


CREDIT = {"kind": "donor", "name": {"zh": "微光基金"}, "link": "https://example.org/glow"}

TALK = {
    "title": {"zh": "汤圆夜话"},
    "text": {"zh": "**不需要报名**。"},
    "starts_at": "2036-12-20T11:00:00+00:00",
    "ends_at": "2036-12-20T12:30:00+00:00",
    "place": {"zh": "上海图书馆"},
    "link": "https://live.example.org/1",
}


async def furnish(live: LiveSite) -> Furnished:
    organisation = live.cast.organisation
    theme = await factories.theme(
        slug="winter",
        title=Texts({"zh": "冬至", "en": "Winter solstice"}),
        accent="#a8322a",
        accent_night="#e4755f",
    )
    project = await factories.project(organisation, goal=50_000, raised=1_200, raised_source="网站")
    project.raised_on = factories.days_from_now(-3)
    await project.save()
    works = [
        await factories.artwork(
            live.storage,
            organisation,
            status=Status.ACCEPTED,
            themes=[theme],
            project=project,
            assistance="独立完成",
            **({"title_translation": "A title of very many words " * 4} if number == 2 else {}),
        )
        for number in range(4)
    ]
    exhibition = await factories.exhibition(
        works[:3], theme=theme, introduction=in_en("Reunion. *Round* things.")
    )
    edition = await exhibition.editions.filter(is_current=True).get()
    room = await Room.create(
        edition=edition, position=2, title=Texts({"zh": "二号厅", "en": "Room two"}), text=in_zh("小厅。")
    )
    await Hanging.create(room=room, artwork=works[3], position=1)
    await make_link(exhibition, "王老师", live.cast.curator)
    keys: dict[str, str] = {}
    for name, entry in (("credits", CREDIT), ("talks", TALK)):
        keys[name] = await add_entry(exhibition, name, entry, live.cast.curator)
        await Edition.filter(id=edition.id).update(**{name: [{"key": "0a1b2c3d", **entry}]})
    between = [
        {
            **EMPTY_FIELDS,
            "text": {},
            "side": "after",
            "place": works[1].id,
            "on_accent": kind == "quotation",
            "kind": kind,
            **block,
        }
        for kind, block in (
            ("text", {"text": {"zh": "# 两口锅\n\n- 饺子\n- 汤圆"}}),
            ("quotation", {"work": works[1].id}),
            ("work", {"work": works[1].id}),
            ("pair", {"work": works[1].id, "second": works[2].id, "text": {"zh": "两双手"}}),
            ("detail", {"work": works[2].id, "width": 40, "height": 30, "text": {"zh": "碗边的缺口"}}),
            ("film", {"link": "https://vimeo.com/1", "text": {"zh": "画室的一天"}}),
        )
    ]
    for number, block in enumerate(between):
        await add_entry(exhibition, "blocks", block, live.cast.curator)
        between[number] = {"key": f"{number:08x}", **block}
    await Edition.filter(id=edition.id).update(blocks=between)
    await factories.exhibition(works[:1], opens_at=now() + timedelta(days=9))
    await factories.exhibition(
        works[1:2], opens_at=now() - timedelta(days=90), closes_at=now() - timedelta(days=60)
    )
    for work in works:
        await WorkCount.create(artwork=work, day=today(), kind=CountKind.SEEN, number=12_345)
    artist = await works[0].artist
    await set_artist_page(artist, True)
    await artist.refresh_from_db()
    consent = await works[0].consent
    waiting = await factories.artwork(live.storage, organisation, status=Status.SUBMITTED)
    draft = await factories.artwork(live.storage, organisation, created_by=live.cast.partner)
    for told in (works[0], waiting, draft):
        await factories.voice(live.storage, told)
        await factories.further_pictures(live.storage, told, 2)
    await token_for(live.cast.partner)
    asked_about = await factories.artwork(live.storage, organisation)
    await factories.voice(live.storage, asked_about)
    await Artwork.filter(id=asked_about.id).update(consent_id=None)
    (request,) = (await ask([asked_about.id], [organisation], live.cast.partner, live.settings)).requests
    given = await factories.consent(organisation)
    case = await factories.case(organisation, project=project, consent=consent)
    await Consent.filter(id=case.consent_id or 0).update(for_case=True)
    for days_ago, raised in ((40, 120_000), (9, 310_000)):
        await factories.figure(case, days_ago, raised, raised // 40)
    wording = await keep_wording(wording_of(["web"]))
    answered: dict[str, Any] = {"seed": "s", "code_hash": "h", "asked_at": now(), "expires_at": now()}
    answered |= {"answered_at": now(), "consent": given, "signer_name": "王秀兰", "wording": wording}
    await ConsentRequest.create(artist_id=given.artist_id, **answered)
    supporter_code = request_code("seed", live.settings.secret_key, "supporter")
    supporter = await Supporter.create(
        kind=SupporterKind.AMBASSADOR,
        state=SupporterState.AGREED,
        name=Texts({"zh": "林一", "en": "Lin Yi"}),
        reason=in_zh("因为喜欢。"),
        links=["https://linyi.example/"],
        email="lin@example.org",
        language="zh",
        seed="seed",
        code_hash=code_hash(supporter_code),
        asked_at=now(),
        expires_at=now(),
    )
    for target in ({"exhibition": exhibition}, {"artwork": works[0]}, {"project": project}):
        code = f"code{next(iter(target))[:6]}"
        await SupporterLink.create(supporter=supporter, code=code, **target)
    return Furnished(
        live=live,
        address=await live.serve(worker=False),
        work=works[0],
        waiting=waiting,
        draft=draft,
        exhibition_id=exhibition.id,
        slug=exhibition.slug,
        credit_key=keys["credits"],
        report=await Report.create(artwork=works[0], reported_for="other", told="一个疑问。", language="zh"),
        message=await Message.create(
            subject="barrier", told="A barrier.", email="m@example.org", language="en"
        ),
        theme_slug=theme.slug,
        project_slug=project.slug,
        page_id=str(artist.page_id),
        consent_code=str(consent.code) if consent else "",
        sheet_id=await checked_sheet(live),
        request_id=request.id,
        request_code=request_code(request.seed, live.settings.secret_key),
        supporter=supporter,
        supporter_code=supporter_code,
        given_id=given.id,
        case_id=case.id,
        case_slug=case.slug,
    )


async def checked_sheet(live: LiveSite) -> int:
    """An import that was checked, with a valid row and one with an error."""
    content = csv_bytes(["标题", "故事", "年份"], ["好的", "一碗汤圆。", "2022"], ["坏的", "=1+1", "3000"])
    await factories.put(live.storage.private, bundle_key("sheet"), content)
    sheet = await imports.create_import(
        live.cast.organisation, live.cast.partner, "sheet", "作品.csv", None, "zh"
    )
    await import_chores.import_next(ChoreContext(live.settings, live.storage))
    return sheet.id


async def complaints(page: Page, axe: str, schemes: Sequence[str] = ("light", "dark")) -> list[str]:
    """What axe reports about a page, in dark mode about contrast, targets that are too small, and horizontal scrolling.

    Colours do not depend on the language, so that one language is enough for the dark mode.
    """
    said: list[str] = []
    await page.evaluate(axe)
    for scheme in schemes:
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        only = LOOKED_AT if scheme == "light" else {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
        found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", only)
        for violation in found["violations"]:
            for node in violation["nodes"]:
                said.append(
                    f"{scheme}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
                )
    await page.set_viewport_size({"width": NARROW, "height": 640})
    width = await page.evaluate("document.documentElement.scrollWidth")
    if width > NARROW:
        wide = await page.evaluate(
            "most => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > most + 1)"
            ".slice(0, 3).map(e => e.outerHTML.slice(0, 90))",
            NARROW,
        )
        said.append(f"scrolls sideways at {NARROW} px: {width} px, {wide}")
    return said


RULES = {
    "root": True,
    "extends": ["html-validate:standard"],
    "rules": {
        "no-trailing-whitespace": "off",  # matters of taste
        "attr-quotes": "off",
        "valid-autocomplete": "off",  # a hidden field has "off" so that Firefox does not restore an old value
        "long-title": "off",  # of search engines
    },
}

FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect();
  const own = getComputedStyle(at), after = getComputedStyle(at, '::after');
  const outlined = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {
    name: at.textContent.trim() || at.getAttribute('aria-label') || at.name || at.tagName,
    outline: outlined(own) || outlined(after),
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
    height: Math.max(box.height, after.position === 'absolute' ? 48 : 0),
    inline: own.display === 'inline',
  };
}"""
