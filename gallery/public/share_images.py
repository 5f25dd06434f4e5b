"""The texts of share images (cards and posters) of works, exhibitions, themes, organisations and projects, and their URLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gallery.artworks.sentences import StorySentence
from gallery.cases.shown import ShownCase
from gallery.images.share_image import CARD, POSTER, Fonts, ShareImage, ShareImageFormat
from gallery.organisations.models import Organisation, Project
from gallery.public.view_models import (
    COLOUR_PATTERN,
    Counts,
    ShownExhibition,
    ShownTheme,
    ShownWork,
    other_localized,
)
from gallery.settings import Settings
from gallery.themes.models import Theme
from gallery.web import languages
from gallery.web.languages import LocalizedText, current_language, is_chinese, localized, ngettext
from gallery.web.languages import gettext as _
from gallery.web.rendering import shown_date, shown_number

NO_TEXT = LocalizedText("", "")
FULL_ROW, LONGEST_ROW, MOST_IN_ROW = 2.7, 4.2, 5  # lengths in heights of the row, and pictures
ACCENT = "#a8322a"  # for a card or poster without a theme

# The fonts that come with the package.
SERIF = languages.PACKAGE / "vendor" / "noto-serif-sc" / "NotoSerifSC_600SemiBold.ttf"
SANS = languages.PACKAGE / "vendor" / "noto-sans-sc" / "NotoSansSC_400Regular.ttf"


def fonts_of(settings: Settings) -> Fonts:
    return Fonts(settings.font_serif or str(SERIF), settings.font_sans or str(SANS))


class ShareImages:
    """The card of a page and, if it has one, the poster."""

    def __init__(
        self,
        kind: str,
        name: str,
        by_form: Mapping[str, ShareImage],
        alt: LocalizedText,
        works: Sequence[ShownWork],
    ) -> None:
        """`kind` and `name` are the ones in the page's URL; `alt` is the card's alt text; `works` may be on it."""
        self.kind, self.name, self.by_form, self.alt = kind, name, by_form, alt
        tokens = {token for image in by_form.values() for token in image.tokens}
        shown = [work for work in works if work.picture.token in tokens]
        self.is_for_machines = all(work.is_for_machines for work in shown)  # whether AI crawlers may use it

    @property
    def card(self) -> str:
        """The card's path. It changes with the card's content, so that social networks fetch a new card."""
        return self.path(CARD)

    @property
    def poster(self) -> str:
        """The poster's path; empty without a poster."""
        return self.path(POSTER) if POSTER.name in self.by_form else ""

    def path(self, form: ShareImageFormat) -> str:
        drawing = self.by_form[form.name]
        return f"/sharing/{drawing.language}/{self.kind}/{self.name}/{drawing.name}"

    @property
    def size(self) -> tuple[int, int]:
        return CARD.size


def of_work(
    work: ShownWork, theme: ShownTheme | None, settings: Settings, sentence: StorySentence | None = None
) -> ShareImages:
    """Card and poster of a work, with a sentence of its story. Without consent to sharing, there is no
    picture, no sentence and no poster.
    """
    by = [each for each in (work.medium.text, work.date) if each]
    texts: dict[str, Any] = {
        **titled(work.title),
        "credit": work.credit.text,
        "facts": tuple(filter(None, (" · ".join(by), work.organisation.text))),
        "over": theme.title.text if theme else "",
        "accent": accent_of(theme),
    }
    if not work.is_for_sharing:
        return share_images("works", work.public_id, texts, work.title, [work], settings)
    texts["tokens"] = (work.picture.token,)
    if sentence:
        texts |= saying_of(sentence)
    invitation = _("Scan the code to see this work and read its story.")
    return share_images("works", work.public_id, texts, work.alt, [work], settings, invitation)


def of_exhibition(
    shown: ShownExhibition,
    works: Sequence[ShownWork],
    counts: Counts,
    settings: Settings,
    sentence: StorySentence | None = None,
) -> ShareImages:
    """Card and poster of an exhibition. `works` are its first works, `counts` count all of them.

    `sentence`: of the story of the work on it; only a quotation is drawn.
    """
    facts = [counts_line(counts)] if counts.works else []
    texts: dict[str, Any] = {
        **titled(shown.title, shown.other_title),
        "facts": tuple(facts),
        "over": " · ".join(
            filter(None, (shown.theme.title.text if shown.theme else "", opening_days(shown)))
        ),
        "accent": accent_of(shown.theme),
        **shared_picture(works),
        **(saying_of(sentence) if sentence and sentence.is_quoted else {}),
    }
    invitation = _("Scan the code to walk through the exhibition.")
    return share_images("exhibitions", shown.slug, texts, shown.title, works, settings, invitation)


def of_theme(theme: Theme, works: Sequence[ShownWork], settings: Settings) -> ShareImages:
    """The card of a theme, with a picture from its `works`."""
    shown = ShownTheme(theme.slug, localized(theme, "title"), theme.accent, theme.accent_night)
    texts: dict[str, Any] = {
        **titled(shown.title, other_localized(theme, "title")),
        "over": shown_date(theme.occurs_on),
        "accent": accent_of(shown),
        **shared_picture(works),
    }
    return share_images("themes", theme.slug, texts, shown.title, works, settings)


def of_organisation(
    organisation: Organisation, works: Sequence[ShownWork], settings: Settings
) -> ShareImages:
    """The card of an organisation, with a picture from its `works`."""
    name = localized(organisation, "name")
    texts = {**titled(name, other_localized(organisation, "name")), **shared_picture(works)}
    return share_images("organisations", organisation.slug, texts, name, works, settings)


def of_project(project: Project, works: Sequence[ShownWork], settings: Settings) -> ShareImages:
    """The card of a project, with a picture from its `works`."""
    title = localized(project, "title")
    texts: dict[str, Any] = {
        **titled(title, other_localized(project, "title")),
        "facts": (localized(project.organisation, "name").text,),
        **shared_picture(works),
    }
    return share_images("projects", project.slug, texts, title, works, settings)


def of_case(shown: ShownCase, works: Sequence[ShownWork], settings: Settings) -> ShareImages:
    """The card of a case, with a picture from its `works`. It has no sum, because the sum changes and the card stays."""
    facts = (localized(shown.case.project.organisation, "name").text,)
    texts: dict[str, Any] = {
        **titled(shown.title, other_localized(shown.version, "title")),
        "facts": facts,
        **shared_picture(works),
    }
    return share_images("cases", shown.case.slug, texts, shown.title, works, settings)


def of_artist(page_id: str, works: Sequence[ShownWork], settings: Settings) -> ShareImages:
    """The card of an artist's page, with some of the artist's `works`."""
    credit, organisation = works[0].credit, works[0].organisation
    texts = {**titled(credit), "facts": (organisation.text,), "tokens": tokens_of(works_in_row(works))}
    return share_images("artists", page_id, texts, credit, works, settings)


def of_page(page: str, title: LocalizedText, works: Sequence[ShownWork], settings: Settings) -> ShareImages:
    """The card of a page that is about no single thing, with some of these `works` and their artists' names."""
    hung = works_in_row(works)
    names = dict.fromkeys(work.credit.text for work in hung)
    texts: dict[str, Any] = {**titled(title), "facts": (" · ".join(names),), "tokens": tokens_of(hung)}
    shown = [f"{quoted_title(work.title)} {work.credit.text}" for work in hung]
    alt = LocalizedText(" · ".join([title.text, *shown]), title.language)
    return share_images("pages", page, texts, alt, works, settings)


def works_in_row(works: Sequence[ShownWork]) -> list[ShownWork]:
    """Works that hang well in one row: at first one of each organisation, neither very wide nor very tall.

    Without such a work, the first that may be shared.
    """
    shared = [work for work in works if work.is_for_sharing]
    firsts = {work.organisation_id: work for work in reversed(shared)}.values()
    fitting = [work for work in [*reversed(firsts), *shared] if 0.5 <= work.picture.ratio <= 2.2]
    hung: dict[int, ShownWork] = {}
    length = 0.0  # of the row, in heights of its pictures
    for work in fitting:
        ratio = work.picture.ratio
        if (
            work.id not in hung
            and length < FULL_ROW
            and length + ratio <= LONGEST_ROW
            and len(hung) < MOST_IN_ROW
        ):
            hung[work.id] = work
            length += ratio
    return list(hung.values()) or shared[:1]


def tokens_of(works: Sequence[ShownWork]) -> tuple[str, ...]:
    return tuple(work.picture.token for work in works)


def titled(title: LocalizedText, under: LocalizedText = NO_TEXT) -> dict[str, str]:
    """A title and, in smaller letters, the title in another language, each with its language."""
    return {
        "title": title.text,
        "title_language": title.language,
        "under": under.text,
        "under_language": under.language,
    }


def share_images(
    kind: str,
    name: str,
    texts: Mapping[str, Any],
    alt: LocalizedText,
    works: Sequence[ShownWork],
    settings: Settings,
    invitation: str = "",
) -> ShareImages:
    """The card with these `texts`. With an `invitation` to scan the QR code, also the poster."""
    language = current_language()
    common = {"accent": ACCENT, **texts, "language": language, "site": settings.site_name(language)}
    by_form = {CARD.name: ShareImage(form=CARD.name, **common)}
    if invitation:
        address = f"{settings.site_url}/{language}/{kind}/{name}"
        by_form[POSTER.name] = ShareImage(form=POSTER.name, address=address, invitation=invitation, **common)
    return ShareImages(kind, name, by_form, alt, works)


def shared_picture(works: Sequence[ShownWork]) -> dict[str, Any]:
    """The token and caption of the first picture that may be shared; empty if there is none."""
    shared = first_shared(works)
    if shared is None:
        return {}
    return {
        "tokens": (shared.picture.token,),
        "caption": f"{quoted_title(shared.title)} {shared.credit.text}",
    }


def first_shared(works: Sequence[ShownWork]) -> ShownWork | None:
    """The first work that may be shared: the one on a card."""
    return next((work for work in works if work.is_for_sharing), None)


def saying_of(sentence: StorySentence) -> dict[str, str]:
    return {"saying": sentence.text.text, "saying_language": sentence.text.language}


def quoted_title(title: LocalizedText) -> str:
    """A work's title within a sentence: in 《》, or in quotation marks."""
    return f"《{title.text}》" if is_chinese(title.language) else f"“{title.text}”"


def accent_of(theme: ShownTheme | None) -> str:
    return theme.accent if theme and COLOUR_PATTERN.fullmatch(theme.accent) else ACCENT


def opening_days(shown: ShownExhibition) -> str:
    """The days on which an exhibition is open, as written on its page."""
    first, last = shown_date(shown.opens_at), shown_date(shown.closes_at)
    if shown.closes_at:
        return _("%(first)s to %(last)s") % {"first": first, "last": last}
    return _("From %(day)s") % {"day": first}


def counts_line(counts: Counts) -> str:
    works = ngettext("%(number)s work", "%(number)s works", counts.works) % {
        "number": shown_number(counts.works)
    }
    organisations = ngettext("%(number)s organisation", "%(number)s organisations", counts.organisations) % {
        "number": shown_number(counts.organisations)
    }
    return f"{works} · {organisations}"
