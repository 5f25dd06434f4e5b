"""Personal data in texts that everybody can read.

False alarms: a school that wants to be named, the organisation's own telephone number, an e-mail address
meant for visitors. Ambiguous numbers are skipped: an identity number must have a correct check digit (GB
11643-1999), a possible birth date and a province code; the area code of a landline must be separated; a
school or village needs a proper name before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from gallery.reviews.checks.findings import CheckFinding, is_quoted

MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
LANDLINE = re.compile(
    r"(?<!\d)(?:0(?:10|2\d|[3-9]\d{2})[-–— ]|[(（]0(?:10|2\d|[3-9]\d{2})[)）] ?)[2-9]\d{6,7}(?!\d)"
)
IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dA-Za-z])")
E_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", re.ASCII)
CHAT = re.compile(
    r"(?:微信|WeChat|weixin|wx|vx|QQ)(?:号|号码|群| ?id| ?number)?\s*(?:[:：是为]|is)?\s*"
    r"(?P<id>[A-Za-z][-\w]{5,19}|[1-9]\d{4,10})(?![\w])",
    re.IGNORECASE | re.ASCII,
)
ADDRESS = re.compile(
    r"[\u4e00-\u9fff]{2,12}?(?:路|街|巷|胡同|大道|里弄|弄)\s*[\d一二三四五六七八九十百]+\s*(?:号|弄)(?:\s*\d+\s*(?:号楼|栋|幢|单元|室))*"
    r"|[\u4e00-\u9fff]{1,8}(?:村|小区|花园|新村|苑)\s*\d+\s*(?:号|组|栋|幢|号楼)"
    r"|\b\d{1,5}\s+(?:[A-Z][a-z]+\s){1,3}(?:Street|Road|Avenue|Lane|Drive)\b"
)
SCHOOL = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{2,14}?)(?P<kind>小学|中学|幼儿园|学校|福利院)"
    r"|\b(?:[A-Z][a-z]+ ){1,3}(?:Primary|Middle|High|Elementary|Special|Secondary)? ?(?:School|Kindergarten)\b"
)
VILLAGE = re.compile(
    r"(?P<name>[\u4e00-\u9fff]{2,12}?)(?P<kind>自然村|村|镇|乡|屯|寨)(?![\u4e00-\u9fff]?(?:村|里|子|落|民|土|下|愁|亲|间|庄))"
    r"|\b(?:[A-Z][a-z]+ ){1,2}(?:Village|Township)\b"
)
# Words that come before a name in a sentence; the name begins after the last of them.
WORD_BEFORE_NAME = re.compile(
    r"来自|就读于|毕业于|住在|生活在|出生在|位于|他们|她们|我们|一[个所座间]|这[个所座间]|那[个所座间]|[在的是从去到于和与及对为给被把向往离有让他她我你它读念上进回叫]"
)
# Words before “school” or “village” that are not proper names.
GENERIC_NAME = re.compile(
    r"^(?:乡村|山村|农村|山区|偏远|当地|本地|全国|希望|特殊|特殊教育|特教|培智|普通|寄宿|民办|公办|公立|私立|打工子弟|九年一贯制|完全|中心|附近|"
    r"自己|同一|许多|很多|几[个所]|多[个所]|各|每|某|全|整个|古|小|老|新|大|山|渔|水|边远|深山|大山|高原|儿童|社会|第[一二三四五六七八九十]|实验|附属|家|聋哑|盲人|聋人|美术|艺术|职业|技工|暑期|周末)*$"
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999, 3.1
CHECK_DIGITS = "10X98765432"
PROVINCES = {
    *(
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
    ),
    *("44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"),
}


def check(texts: Mapping[str, str]) -> Iterator[CheckFinding]:
    """`texts`: field → text, including the translations.

    The excerpt is the personal data itself, so that a curator can find it in the text.
    """
    for field, text in texts.items():
        taken: list[tuple[int, int]] = []
        for rule, start, end in sorted(matches(text), key=lambda each: RULES.index(each[0])):
            if any(start < last and first < end for first, last in taken):
                continue
            taken.append((start, end))
            yield CheckFinding("personal_data", field, rule, text[start:end], is_quoted(text, start, end))


# The most reliable rule first, because a part of an identity number can look like a telephone number.
RULES = ("identity", "e_mail", "chat", "mobile", "landline", "address", "school", "village")
# The rules for contact data. Schools and villages are not included, because they are often named on purpose.
CONTACT_RULES = frozenset(RULES) - {"school", "village"}


def matches(text: str) -> Iterator[tuple[str, int, int]]:
    for rule, pattern in (
        ("mobile", MOBILE),
        ("landline", LANDLINE),
        ("e_mail", E_MAIL),
        ("address", ADDRESS),
    ):
        yield from ((rule, *match.span()) for match in pattern.finditer(text))
    for match in IDENTITY.finditer(text):
        if is_identity_number(match.group()):
            yield ("identity", *match.span())
    yield from (("chat", *match.span()) for match in CHAT.finditer(text))
    for rule, pattern in (("school", SCHOOL), ("village", VILLAGE)):
        for match in pattern.finditer(text):
            start = match.start() if match["name"] is None else name_start(match["name"]) + match.start()
            if match["name"] is None or is_proper_name(match["name"]):
                yield rule, start, match.end()


def is_identity_number(number: str) -> bool:
    """Check the province, birth date and check digit of 18 characters."""
    if len(number) != 18 or not number[:17].isdecimal() or number[:2] not in PROVINCES:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    if not 1900 <= born.year <= 2100:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    return CHECK_DIGITS[total % 11] == number[17].upper()


def name_start(before: str) -> int:
    """The index at which the name begins in the characters before "小学" or "村"."""
    begins = 0
    for match in WORD_BEFORE_NAME.finditer(before):
        begins = match.end()
    return begins


def is_proper_name(before: str) -> bool:
    name = before[name_start(before) :]
    return len(name) >= 2 and not GENERIC_NAME.match(name)
