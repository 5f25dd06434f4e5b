"""The serif of titles: each page comes with the characters of its headings, cut out of the fonts.

`PageFonts.add_to` reads the finished page, and adds the `@font-face` rules for its headings (h1 to h3) and for elements
with the class `serif` or `serif-small` (second titles, credit names). A font's address says which characters it holds,
and is signed: so any process can make the font when a browser asks for it, nothing is stored, and nobody else can invent
addresses.
"""

from __future__ import annotations

import array
import asyncio
import base64
import hashlib
import hmac
import html
import io
import re
import sys
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path

import uharfbuzz as hb
from fontTools.ttLib import TTFont
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.images.script_fonts import SCRIPT_FONTS, SHAPING, VENDOR, fonts_of_character

MOST_BYTES = 40_000  # of all fonts of a page
CACHED_BYTES = 8 << 20  # of made fonts, for each process
MAC_LENGTH = 16  # characters
LEFT_OUT = ("gasp", "STAT", "vhea", "vmtx", "VORG", "meta", "DSIG")  # tables that browsers do without
MONGOLIAN = "noto-sans-mongolian"  # is set from top to bottom, so it needs vhea and vmtx
NAMES = (0, 1, 2, 14)  # copyright, family, style, address of the licence

# English pages share one font: what nearly every title is written with, so that a browser fetches it once.
LATIN = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("\u00a0–—‘’“”…·")
ALWAYS = frozenset(" …")  # the space decides the height of a line; titles that are cut end in "…"
QUOTES = frozenset("“”‘’「」『』")  # the browser puts them round <q>
HAN = "\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"


@dataclass(frozen=True)
class FontFile:
    """A font that came with the package. `characters`: those that it is used for beside a page's main font."""

    path: Path
    characters: str = ""

    @property
    def name(self) -> str:
        return self.path.parent.name

    @cached_property
    def face(self) -> hb.Face:
        return hb.Face(hb.Blob.from_file_path(str(self.path)))

    @cached_property
    def characters_it_has(self) -> frozenset[str]:
        return frozenset(map(chr, self.face.unicodes))

    @cached_property
    def version(self) -> bytes:
        """The table `head`, whose checksum is that of the whole file."""
        return bytes(self.face.reference_table("head").data or b"")

    @cached_property
    def _outlines(self) -> array.array[int]:
        """Where the outline of each glyph begins, in bytes of the table `glyf`."""
        offsets = array.array("I" if self.version[51] else "H", self.face.reference_table("loca").data or b"")
        if sys.byteorder == "little":  # fonts are big-endian
            offsets.byteswap()
        return offsets

    @cached_property
    def _glyphs(self) -> hb.Font:
        return hb.Font(self.face)

    def estimate(self, characters: Iterable[str]) -> int:
        """About how many bytes the font of these characters will have, as measured.

        Outlines lose 45 % as WOFF2. Other scripts than Chinese have layout rules, too.
        """
        total, unit = 0, 1 if self.version[51] else 2
        for character in characters:
            glyph = self._glyphs.get_nominal_glyph(ord(character)) or 0
            total += (self._outlines[glyph + 1] - self._outlines[glyph]) * unit
        return 500 + total * 55 // 100 if self.characters == HAN else 3000 + total * 9 // 10

    @property
    def unicode_range(self) -> str:
        pairs = re.findall("(.)-(.)|(.)", self.characters, re.DOTALL)
        return ",".join(
            f"U+{ord(one):x}" if one else f"U+{ord(first):x}-{ord(last):x}" for first, last, one in pairs
        )

    def cut(self, characters: Iterable[str]) -> bytes:
        """The font with these characters, and what its layout rules make of them, as WOFF2."""
        wanted = hb.SubsetInput()
        wanted.flags = hb.SubsetFlags.NO_HINTING
        for character in characters:
            wanted.unicode_set.add(ord(character))
        wanted.name_id_set.clear()
        wanted.name_id_set.update(NAMES)
        for table in LEFT_OUT if self.name != MONGOLIAN else ():
            wanted.drop_table_tag_set.add(tag(table))
        small = TTFont(io.BytesIO(bytes(hb.subset(self.face, wanted).blob.data or b"")))
        small.flavor = "woff2"
        packed = io.BytesIO()
        small.save(packed, reorderTables=None)
        return packed.getvalue()


def tag(name: str) -> int:
    return int.from_bytes(name.ljust(4).encode(), "big")


def vendor_font(path: str, characters: str = "") -> FontFile:
    return FontFile(VENDOR / path, characters)


SERIF = vendor_font("source-serif-4/SourceSerif4_500Medium.ttf")
SIMPLIFIED = vendor_font("noto-serif-sc/NotoSerifSC_600SemiBold.ttf", HAN)
TRADITIONAL = vendor_font("noto-serif-tc/NotoSerifTC_600SemiBold.ttf", HAN)


@cache
def script_font_files() -> dict[str, FontFile]:
    """The fonts of other scripts, by path. A file may serve several."""
    classes: dict[str, str] = {}
    for font in SCRIPT_FONTS:
        classes[font.serif] = classes.get(font.serif, "") + font.characters
    return {path: FontFile(Path(path), characters) for path, characters in classes.items()}


@cache
def font_files() -> dict[str, FontFile]:
    """All fonts of titles, by name."""
    files = (SERIF, SIMPLIFIED, TRADITIONAL, *script_font_files().values())
    return {file.name: file for file in files}


# The families of 0-tokens.css, by the languages for which it names them.
FAMILIES: Mapping[str, FontFile] = {"Titles": SERIF, "Titles SC": SIMPLIFIED, "Titles TC": TRADITIONAL}


def family_of(language: str) -> str:
    language = language.lower()
    if language != "zh" and not language.startswith("zh-"):
        return "Titles"
    return "Titles TC" if language.startswith("zh-hant") else "Titles SC"


@lru_cache(maxsize=1 << 15)
def font_of(character: str, family: str) -> FontFile | None:
    """The font that sets a character in a family; None for one that no font has."""
    main = FAMILIES[family]
    is_there = character in main.characters_it_has
    if is_there and main is SERIF:
        return main
    for font in fonts_of_character(character):
        file = script_font_files()[font.serif]
        if character in file.characters_it_has and not (font.fills_gaps and is_there):
            return file
    if is_there:
        return main
    return next((other for other in (SIMPLIFIED, SERIF) if character in other.characters_it_has), None)


# ---- Reading a page

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>")
WITHOUT_END = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "source",
    "track",
    "wbr",
}
LANGUAGE = re.compile(r'\slang="([^"]*)"')
CLASSES = re.compile(r'\sclass="([^"]*)"')
LEVELS = {"h1": 1, "h2": 2, ".serif": 2, "h3": 3, ".serif-small": 4}  # by selector
Headings = dict[tuple[int, str], set[str]]  # level and family -> characters


def headings_of(page: str) -> Headings:
    """The characters that a page sets in the serif of titles, by level and family."""
    found: Headings = {}
    elements: list[tuple[str, str, int]] = []  # the open elements: name, language, level of the heading or 0
    language, level, end = "", 0, 0
    for match in TAG.finditer(page):
        if level:
            text = html.unescape(page[end : match.start()])
            found.setdefault((level, family_of(language)), set()).update(
                text, unicodedata.normalize("NFC", text)
            )
        end = match.end()
        closing, name, attributes = match.groups()
        if closing:
            while elements:
                opened, language, level = elements.pop()
                if opened == name:
                    break
        elif name not in WITHOUT_END and not attributes.endswith("/"):
            elements.append((name, language, level))
            if (named := LANGUAGE.search(attributes)) is not None:
                language = named[1]
            if not level:
                level = LEVELS.get(name, 0) or _level_of_classes(attributes)
            elif name == "q":
                found.setdefault((level, family_of(language)), set()).update(QUOTES)
    return found


def _level_of_classes(attributes: str) -> int:
    classes = CLASSES.search(attributes)
    return max((LEVELS.get(f".{each}", 0) for each in classes[1].split()), default=0) if classes else 0


Faces = dict[str, dict[FontFile, set[str]]]  # by family


def faces_of(headings: Headings) -> tuple[Faces, int]:
    """The fonts that a page needs, and the level from which headings have to do without.

    If the fonts were too heavy, all headings of the lowest level keep the device's font: one title in two fonts
    would be worse.
    """
    for lowest in (4, 3, 2, 1):
        faces = _faces_to(headings, lowest)
        total = sum(
            file.estimate(characters) for files in faces.values() for file, characters in files.items()
        )
        if total <= MOST_BYTES:
            break
    return faces, lowest + 1


def _faces_to(headings: Headings, lowest: int) -> Faces:
    faces: Faces = {}
    for (level, family), characters in headings.items():
        if level > lowest:
            continue
        files = faces.setdefault(family, {})
        for character in characters:
            if not SHAPING.match(character) and (file := font_of(character, family)) is not None:
                files.setdefault(file, set()).add(character)
        shaping = {character for character in characters if SHAPING.match(character)}
        for file in files:
            files[file] |= shaping & file.characters_it_has
    for family, files in faces.items():
        if (main := FAMILIES[family]) in files:
            files[main] |= (LATIN if main is SERIF else ALWAYS) & main.characters_it_has
    return {family: files for family, files in faces.items() if files}


def style_of(faces: Faces, without: int, address: Callable[[FontFile, Collection[str]], str]) -> str:
    rules = []
    for family, files in faces.items():
        main = FAMILIES[family]
        for file in sorted(files, key=lambda file: (file is not main, file.name)):  # later rules come first
            only = f";unicode-range:{file.unicode_range}" if file is not main else ""
            rules.append(
                f'@font-face{{font-family:"{family}";src:url({address(file, files[file])})format("woff2");'
                f"font-weight:1 1000;font-display:swap{only}}}"
            )
    bare = ",".join(selector for selector, level in LEVELS.items() if rules and level >= without)
    return "".join(rules) + (f"{bare}{{--title-serif:var(--serif)}}" if bare else "")


# ---- Addresses


def packed(characters: Iterable[str]) -> str:
    """A set of characters as letters of an address: the steps between code points, seven bits in a byte."""
    numbers = bytearray()
    last = 0
    for number in sorted(map(ord, set(characters))):
        step, last = number - last, number
        while step > 127:
            numbers.append(step & 127 | 128)
            step >>= 7
        numbers.append(step)
    return base64.urlsafe_b64encode(numbers).rstrip(b"=").decode()


def unpacked(text: str) -> set[str]:
    """The characters of `packed`. Raises ValueError."""
    characters: set[str] = set()
    number = step = shift = 0
    for byte in base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True):
        step |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            number += step
            characters.add(chr(number))
            step = shift = 0
    return characters


@dataclass
class PageFonts:
    """The fonts of a site's pages: adds them to pages, and makes them."""

    secret_key: str
    _made: OrderedDict[tuple[str, str], bytes] = field(default_factory=OrderedDict)
    _weight: int = 0
    _making: dict[tuple[str, str], asyncio.Future[bytes]] = field(default_factory=dict)
    # One thread: making fonts takes at most one core, and HarfBuzz's faces are not used by two.
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(max_workers=1, thread_name_prefix="fonts")
    )

    def add_to(self, page: str, style_sheets: list[str]) -> str:
        """The page with its fonts in its <style> element, whose text is the last of `style_sheets`.

        The heaviest font is fetched before the style sheet has come: then it is mostly there when the page is first
        drawn.
        """
        faces, without = faces_of(headings_of(page))
        page = with_style(page, style_of(faces, without, self.address), style_sheets)
        fonts = [font for files in faces.values() for font in files.items()]
        if not fonts:
            return page
        first = self.address(*max(fonts, key=lambda font: font[0].estimate(font[1])))
        preload = f'<link rel="preload" href="{first}" as="font" type="font/woff2" crossorigin>\n'
        return page.replace('<link rel="stylesheet"', preload + '<link rel="stylesheet"', 1)

    def address(self, file: FontFile, characters: Collection[str]) -> str:
        text = packed(characters)
        return f"/fonts/{file.name}/{self._mac(file, text)}{text}.woff2"

    def characters_in(self, file: FontFile, name: str) -> set[str]:
        """The characters of an address's last part without its ending. Raises ValueError if it is not signed."""
        mac, text = name[:MAC_LENGTH], name[MAC_LENGTH:]
        if not hmac.compare_digest(mac.encode(), self._mac(file, text).encode()):
            raise ValueError("the address is not signed")
        return unpacked(text)

    def _mac(self, file: FontFile, text: str) -> str:
        message = b"\0".join((b"page fonts", file.name.encode(), file.version, text.encode()))
        digest = hmac.digest(self.secret_key.encode(), message, hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode()[:MAC_LENGTH]

    async def font(self, file: FontFile, name: str) -> bytes:
        """The font at an address, made once for all who ask meanwhile. Raises ValueError if it is not signed."""
        key = (file.name, name)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        characters = self.characters_in(file, name)
        if key not in self._making:
            self._making[key] = asyncio.get_running_loop().run_in_executor(self._thread, file.cut, characters)
            self._making[key].add_done_callback(lambda made: self._keep(key, made))
        return await asyncio.shield(self._making[key])

    def _keep(self, key: tuple[str, str], made: asyncio.Future[bytes]) -> None:
        del self._making[key]
        if made.cancelled() or made.exception():
            return
        self._made[key] = made.result()
        self._weight += len(made.result())
        while self._weight > CACHED_BYTES:
            self._weight -= len(self._made.popitem(last=False)[1])


def with_style(page: str, style: str, style_sheets: list[str]) -> str:
    """The page with more rules in its <style> element, or with one."""
    if not style:
        return page
    if style_sheets:
        page = page.replace(
            f"<style>{style_sheets[-1]}</style>", f"<style>{style_sheets[-1]}{style}</style>", 1
        )
        style_sheets[-1] += style
        return page
    style_sheets.append(style)
    return page.replace("</head>", f"<style>{style}</style>\n</head>", 1)


async def show(request: Request) -> Response:
    """A font of a page. What it holds is in its address, so it never changes."""
    fonts: PageFonts = request.app.state.page_fonts
    file = font_files().get(request.path_params["font"])
    if file is None:
        raise HTTPException(404)
    try:
        body = await fonts.font(file, request.path_params["name"])
    except ValueError:
        raise HTTPException(404) from None
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(body, media_type="font/woff2", headers=headers)


routes = [Route("/fonts/{font:name}/{name}.woff2", show, name="public:font", methods=["GET"])]
