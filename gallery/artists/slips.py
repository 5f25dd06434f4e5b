"""Slips for artists and guardians: with the link to see what is shown and to withdraw, or to a request for consent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import segno

from gallery.artists.consents import SCOPE_WORDS, grouped_code, request_code
from gallery.artists.models import Artist, Consent, ConsentRequest, RequestedWork
from gallery.artworks.models import Artwork
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.web.languages import gettext as _
from gallery.web.languages import localized, site_languages, use_language
from gallery.web.rendering import shown_date


@dataclass(frozen=True)
class SlipText:
    """The texts of a slip in one language."""

    language: str
    site_name: str
    organisation: str
    heading: str
    lines: Sequence[str]
    by_hand: str


@dataclass(frozen=True)
class Slip:
    """A slip with everything that is printed on it."""

    texts: Sequence[SlipText]
    link: str
    code: str  # in groups, for people to read
    qr: str  # data: URI
    image: Image | None  # the picture of one of its works


SLIPS_PRINTED = 96  # the most slips on one page of the browser: twelve sheets of eight


async def load_slips(
    consents: Sequence[Consent], settings: Settings, *, is_short: bool = False
) -> list[Slip]:
    """Load the slips of consents; artists and organisations must be fetched.

    The texts are in every language, because the reader may know only one. With `is_short` they are shorter, and in the
    organisation's languages.
    """
    works = Artwork.filter(consent_id__in=[each.id for each in consents], image__state=ImageState.READY)
    images = {work.consent_id: work.image for work in await works.order_by("-id").select_related("image")}
    slips = []
    for consent in consents:
        words = partial(_consent_words, consent, is_short=is_short)
        slips.append(
            _slip(consent.artist, consent.code, settings, images.get(consent.id), words, is_short=is_short)
        )
    return slips


async def load_request_slips(
    requests: Sequence[ConsentRequest], settings: Settings, *, is_short: bool = False
) -> list[Slip]:
    """The slips of requests for consent, as `load_slips`."""
    asked = RequestedWork.filter(
        request_id__in=[each.id for each in requests], artwork__image__state=ImageState.READY
    )
    rows = await asked.order_by("-artwork_id").select_related("artwork__image")
    artists = {each.id: each.artist_id for each in requests}
    images = {
        row.request_id: row.artwork.image
        for row in rows
        if row.artwork.artist_id == artists[row.request_id]  # it may have been corrected since
    }
    slips = []
    for request in requests:
        code = request_code(request.seed, settings.secret_key)
        words = partial(_request_words, request)
        slips.append(_slip(request.artist, code, settings, images.get(request.id), words, is_short=is_short))
    return slips


def _slip(
    artist: Artist,
    code: str,
    settings: Settings,
    image: Image | None,
    words: Callable[[], tuple[str, Sequence[str]]],
    *,
    is_short: bool,
) -> Slip:
    """A slip. `words` returns its heading and lines in the current language."""
    texts = []
    for language in organisation_languages(artist.organisation) if is_short else site_languages():
        with use_language(language):
            heading, lines = words()
            texts.append(
                SlipText(
                    language=language,
                    site_name=settings.site_name(language),
                    organisation=localized(artist.organisation, "name").text,
                    heading=heading,
                    lines=lines,
                    by_hand=_("Or open this address:"),
                )
            )
    link = slip_link(code, settings)
    return Slip(texts, link, grouped_code(code), qr_picture(link), image)


def _consent_words(consent: Consent, *, is_short: bool) -> tuple[str, Sequence[str]]:
    starts = shown_date(consent.starts_on)
    agreed = _("Agreed by: %(who)s") % {"who": consent.agreed_by.label}
    scope = _("For: %(scope)s") % {"scope": _("; ").join(str(SCOPE_WORDS[name]) for name in consent.scope)}
    return _("Your consent"), [
        _credit(consent.artist),
        *([] if is_short else [agreed, scope]),
        _("From %(start)s to %(end)s") % {"start": starts, "end": shown_date(consent.ends_on)}
        if consent.ends_on
        else _("From %(start)s until you withdraw it") % {"start": starts},
        _(
            "Scan this code to see what is shown. There you can withdraw your consent at any time: "
            "one tap, no reason asked. The works then leave the website at once."
        ),
    ]


def _request_words(request: ConsentRequest) -> tuple[str, Sequence[str]]:
    return _("May these works be shown?"), [
        _credit(request.artist),
        _("Please answer by %(day)s.") % {"day": shown_date(request.expires_at)},
        _(
            "Scan this code to see the works and what is asked, and to say yes or no. You need no account, and you need "
            "not agree. If you do, the same code shows you what is on view and withdraws your consent."
        ),
    ]


def _credit(artist: Artist) -> str:
    name = artist.credit_translations.readable().text or artist.credit_name
    return _("For works by %(name)s") % {"name": name}


def organisation_languages(organisation: Organisation) -> list[str]:
    """The site's languages in which the organisation's name is given; all of the site's languages if there are none."""
    return [each for each in site_languages() if organisation.name.get(each)] or list(site_languages())


def slip_link(code: str, settings: Settings) -> str:
    """The URL in the QR code of a slip."""
    return f"{settings.site_url}/c/{code}"


def qr_picture(link: str) -> str:
    """A QR code of `link` as a data: URI of an SVG. Error correction level M survives a fold or a stain."""
    return segno.make(link, error="m", micro=False).svg_data_uri(border=4, dark="#000", light="#fff")
