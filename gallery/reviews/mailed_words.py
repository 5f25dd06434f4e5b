"""Selects the curator's words that a mail about a decision may contain: those without private data.

Mails are stored in the outbox, and in mailboxes for years. So names, contact data, addresses, schools and
illnesses are shown only at the desk. A name is not recognised if the site does not know it and no form of
address is next to it.
"""

from __future__ import annotations

import re
from typing import Any

from gallery.accounts.members import members_of
from gallery.artists.models import Artist, PrivateDetails
from gallery.artworks.models import Artwork
from gallery.reviews.checks import personal_data
from gallery.reviews.checks.alt_text import DIAGNOSIS
from gallery.reviews.forms import snapshot_label
from gallery.reviews.models import Review
from gallery.web.languages import site_languages, use_language

# The hundred most frequent surnames, from a report of the Ministry of Public Security, and two surnames of
# two characters.
SURNAME = (
    "(?:欧阳|上官|[王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚"
    "沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常])"
)
ADDRESSED = re.compile(
    SURNAME + r"[\u4e00-\u9fff]{0,2}?(?:老师|同学|先生|女士|小朋友|医生|校长|主任|阿姨|奶奶|爷爷)"
    r"|\b(?:Mrs?|Ms|Miss|Mx|Dr|Prof)\b\.? ?[A-Z]\w+"
)


async def mailed_words(review: Review, artwork: Artwork) -> dict[str, Any]:
    """The facts of the mail: `reason`, `notes` as pairs of label and note, and `is_held` if some words are left out."""
    names = await _known_names(artwork)
    reason = "" if is_private(review.reason, names) else review.reason
    shown = {field: note for field, note in review.notes.items() if not is_private(note, names)}
    return {
        "reason": reason,
        "notes": [[_labels(field), note] for field, note in shown.items()],
        "is_held": reason != review.reason or len(shown) < len(review.notes),
    }


def is_private(text: str, names: set[str]) -> bool:
    """Whether a text may contain personal data: by the checks' rules, a form of address, or one of `names`."""
    folded = text.casefold()
    return (
        next(personal_data.matches(text), None) is not None
        or DIAGNOSIS.search(text) is not None
        or ADDRESSED.search(text) is not None
        or any(re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", folded) for name in names)
    )


async def _known_names(artwork: Artwork) -> set[str]:
    """Names of the artist, the family and the organisation's members, in lower case, with their parts.

    The private details only decide what is left out; nobody reads them here.
    """
    texts = [person.name for person in await members_of(artwork.organisation_id)]
    artist = await Artist.get_or_none(id=artwork.artist_id or 0)
    details = await PrivateDetails.get_or_none(artist_id=artwork.artist_id or 0)
    if artist is not None:
        texts += [artist.credit_name, *artist.credit_translations.values()]
    if details is not None:
        texts += [details.legal_name, details.guardian, details.contact]
    words = {word for text in texts for word in re.split(r"[\W_]+", text.casefold()) if len(word) > 1}
    given = {word[1:] for word in words if re.fullmatch("[\u4e00-\u9fff]{3}", word)}
    return words | given


def _labels(field: str) -> dict[str, str]:
    labels = {}
    for language in site_languages():
        with use_language(language):
            labels[language] = snapshot_label(field) or field
    return labels
