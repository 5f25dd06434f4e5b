"""Does the alt text help somebody who cannot see the picture?

False alarms: if a title describes the work ("一只蓝碗"), the alt text may well repeat it. If a diagnosis is
written in the picture, the alt text may quote it. A curator dismisses both hints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gallery.reviews.checks.findings import CheckFinding
from gallery.web.texts import field_name, script_of, split_field_name

FILE_NAME = re.compile(
    r"\.(?:jpe?g|png|heic|heif|webp|avif|tiff?|gif|bmp)\b"
    r"|^(?:IMG|DSC|DSCN|PXL|WX|MVIMG|mmexport|Screenshot|微信图片|屏幕截图|截图|扫描件?)[-_ ]?\d{3,}",
    re.IGNORECASE,
)
PICTURE_OF = re.compile(
    r"^(?:这是|这|此|图为|本图)?(?:一?[张幅]|该)?(?:图片|照片|图像|相片|图)(?:[，,：:是为中里]|显示|展示)"
    r"|^(?:this is |here is )?(?:an? |the )?(?:picture|image|photo|photograph|graphic) (?:of|shows|showing)\b",
    re.IGNORECASE,
)
DIAGNOSIS = re.compile(
    r"孤独症|自闭症|唐氏|脑瘫|智力障碍|智障|抑郁症|精神障碍|白血病|癌症|残疾|残障|患者|患儿"
    r"|\b(?:autis(?:m|tic)|down(?:'s|’s)? syndrome|cerebral palsy|disabled|disabilit(?:y|ies)|leukaemia|leukemia"
    r"|patients?|suffers? from|diagnos\w+)\b",
    re.IGNORECASE,
)
# Characters; a shorter text hardly says what happens in a picture. Chinese and Yi need fewer than an alphabet.
MIN_LENGTH, MIN_LENGTH_OF_IDEOGRAMS = 12, 5


def check(texts: Mapping[str, str], language: str) -> Iterator[CheckFinding]:
    """`texts`: field → text, with the translations.

    `language`: the work's own language. Empty alt text already blocks acceptance, so it is no hint.
    """
    for field, words in texts.items():
        name, text_language = split_field_name(field)
        if name != "alt_text" and not name.startswith("alt_text_"):  # of the first picture, of a further one
            continue
        title = field_name("title", text_language) if text_language else "title"
        text = words.strip()
        if not text:
            continue
        if match := FILE_NAME.search(text):
            yield CheckFinding("alt_text", field, "file_name", match.group())
            continue
        if match := PICTURE_OF.search(text):
            yield CheckFinding("alt_text", field, "picture_of", match.group().rstrip("，,：:"))
        if normalised(text) == normalised(texts.get(title, "")):
            yield CheckFinding("alt_text", field, "title_again", text)
        elif len(text) < min_length(text_language or language):
            yield CheckFinding("alt_text", field, "short", text)
        if match := DIAGNOSIS.search(text):
            yield CheckFinding("alt_text", field, "diagnosis", match.group())


def min_length(language: str) -> int:
    is_ideographic = script_of(language) in {"Hans", "Hant", "Yiii", "Kore", "Jpan"}
    return MIN_LENGTH_OF_IDEOGRAMS if is_ideographic else MIN_LENGTH


def normalised(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
