"""The printed slip for the artist or guardian, with the link to see what is shown and to withdraw."""

from __future__ import annotations

from dataclasses import dataclass

import segno

from gallery.artists.consents import SCOPE_WORDS, grouped_code
from gallery.artists.models import Consent
from gallery.settings import Settings
from gallery.web.languages import gettext as _
from gallery.web.languages import site_languages, use_language
from gallery.web.rendering import shown_date


@dataclass(frozen=True)
class SlipText:
    """The texts of a slip in one language."""

    language: str
    site_name: str
    heading: str
    credit: str
    agreed: str
    scope: str
    dates: str
    how: str
    by_hand: str


def slip_link(consent: Consent, settings: Settings) -> str:
    """The URL in the QR code of a slip."""
    return f"{settings.site_url}/c/{consent.code}"


def slip_texts(consent: Consent, settings: Settings) -> list[SlipText]:
    """The slip's texts in every language: the reader may know only one. The artist must be fetched."""
    return [_text(consent, settings, language) for language in site_languages()]


def _text(consent: Consent, settings: Settings, language: str) -> SlipText:
    with use_language(language):
        starts = shown_date(consent.starts_on)
        return SlipText(
            language=language,
            site_name=settings.site_name(language),
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


def readable_code(consent: Consent) -> str:
    return grouped_code(consent.code)
