"""The slip for the artist or guardian, with a link for seeing which works are shown and for withdrawing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import segno

from gallery.artists.consents import SCOPE_WORDS, grouped_code
from gallery.artists.models import Consent
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
    credit: str
    agreed: str
    scope: str
    dates: str
    how: str
    by_hand: str


@dataclass(frozen=True)
class Slip:
    """A slip with everything that is printed on it."""

    consent: Consent
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

    The texts are in every language, because the reader may know only one. With `is_short` they are in the
    organisation's languages.
    """
    works = Artwork.filter(consent_id__in=[each.id for each in consents], image__state=ImageState.READY)
    images = {work.consent_id: work.image for work in await works.order_by("-id").select_related("image")}
    slips = []
    for consent in consents:
        link = slip_link(consent, settings)
        languages = organisation_languages(consent.artist.organisation) if is_short else site_languages()
        texts = [_text(consent, settings, language) for language in languages]
        code = grouped_code(consent.code)
        slips.append(Slip(consent, texts, link, code, qr_picture(link), images.get(consent.id)))
    return slips


def organisation_languages(organisation: Organisation) -> list[str]:
    """The site's languages in which the organisation's name is given; all of the site's languages if there are none."""
    return [each for each in site_languages() if organisation.name.get(each)] or list(site_languages())


def slip_link(consent: Consent, settings: Settings) -> str:
    """The URL in the QR code of a slip."""
    return f"{settings.site_url}/c/{consent.code}"


def _text(consent: Consent, settings: Settings, language: str) -> SlipText:
    with use_language(language):
        starts = shown_date(consent.starts_on)
        return SlipText(
            language=language,
            site_name=settings.site_name(language),
            organisation=localized(consent.artist.organisation, "name").text,
            heading=_("Your consent"),
            credit=_("For works by %(name)s") % {"name": _credit(consent)},
            agreed=_("Agreed by: %(who)s") % {"who": consent.agreed_by.label},
            scope=_("For: %(scope)s")
            % {"scope": _("; ").join(str(SCOPE_WORDS[name]) for name in consent.scope)},
            dates=_("From %(start)s to %(end)s") % {"start": starts, "end": shown_date(consent.ends_on)}
            if consent.ends_on
            else _("From %(start)s until you withdraw it") % {"start": starts},
            how=_(
                "Scan this code to see what is shown. There you can withdraw your consent at any time: "
                "one tap, no reason asked. The works then leave the website at once."
            ),
            by_hand=_("Or open this address:"),
        )


def _credit(consent: Consent) -> str:
    return consent.artist.credit_translations.readable().text or consent.artist.credit_name


def qr_picture(link: str) -> str:
    """A QR code of `link` as a data: URI of an SVG. Error correction level M survives a fold or a stain."""
    return segno.make(link, error="m", micro=False).svg_data_uri(border=4, dark="#000", light="#fff")
