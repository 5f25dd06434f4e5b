"""Functions that make pictures for tests: valid ones from real encoders, and broken ones of all kinds."""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL
import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

from tests.kept import kept_file

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, YELLOW = (200, 30, 40), (30, 150, 60), (40, 60, 180), (230, 200, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)  # top left, top right, bottom left, bottom right
VERSIONS = (PIL.__version__, pillow_heif.__version__)
SECRET = b"31.2304N-121.4737E"  # the location of a home

# How a camera stores an upright picture in each of the eight orientations: the inverse of a viewer's turn.
STORED_FOR = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """An RGB picture of four coloured fields, which shows turning and colours."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    across, down = width // 2, height // 2
    for place, colour in enumerate(CORNERS):
        left, top = place % 2 * across, place // 2 * down
        draw.rectangle((left, top, left + across, top + down), fill=colour)
    draw.ellipse((across - 60, down - 60, across + 60, down + 60), fill="white", outline="black", width=5)
    return image


def fields_of(image: Image.Image) -> list[tuple[int, ...]]:
    """The colours in the middle of the four fields."""
    width, height = image.size
    rgb = image.convert("RGB")
    return [
        rgb.getpixel((width * x // 8, height * y // 8))  # type: ignore[misc]
        for y in (1, 7)
        for x in (1, 7)
    ]


def near(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    """`image` as a file. Files with plain options are kept between runs: encoding takes longer than most tests."""
    if image.info or not all(isinstance(value, str | int) for value in options.values()):
        return _encoded(image, format, options)
    recipe = (image.mode, image.size, image.getpalette(), format, sorted(options.items()), VERSIONS)
    name = hashlib.sha256(repr(recipe).encode() + image.tobytes()).hexdigest()
    return kept_file(f"{name[:40]}.{format.lower()}", lambda: _encoded(image, format, options))


def _encoded(image: Image.Image, format: str, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def stored(folder: Path, data: bytes, name: str = "upload") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def with_alpha() -> Image.Image:
    """The scene, its right half fully transparent over black."""
    image = scene().convert("RGBA")
    image.paste((0, 0, 0, 0), (320, 0, 640, 480))
    return image


def sixteen_bit_gradient(width: int = 1024, height: int = 64) -> Image.Image:
    row = struct.pack(f"={width}H", *(x * 65535 // (width - 1) for x in range(width)))
    return Image.frombytes("I;16", (width, height), row * height)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG from its compressed rows, which may be invalid."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def sixteen_bit_rgb_png(width: int = 1024, height: int = 64) -> bytes:
    row = b"".join(struct.pack(">3H", *(x * 65535 // (width - 1),) * 3) for x in range(width))
    return png(width, height, 16, 2, zlib.compress((b"\0" + row) * height))


def tiff(
    size: tuple[int, int], photometric: int, samples: int, bits: int, pixels: bytes, *more: tuple[int, int]
) -> bytes:
    """A baseline TIFF of one strip, with the additional short tags `more`: the encoders here write no colour
    with 16 bits.
    """
    width, height = size
    start = 8 + 2 * samples
    tags = {256: width, 257: height, 259: 1, 262: photometric, 273: start, 277: samples, 278: height}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in {**tags, 279: len(pixels)}.items()]
    entries += [struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in more]
    inside = struct.pack("<HH", bits, bits if samples == 2 else 0)
    entries.append(struct.pack("<HHI", 258, 3, samples) + (struct.pack("<I", 8) if samples > 2 else inside))
    entries.sort()
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    head = b"II*\0" + struct.pack("<I", start + len(pixels)) + struct.pack("<H", bits) * samples
    return head + pixels + directory


def sixteen_bit_tiff(samples: int, width: int = 1024, height: int = 64) -> bytes:
    """A grey gradient as RGB, or as RGB with an opaque fourth channel."""
    row = b"".join(
        struct.pack("<3H", *(x * 65535 // (width - 1),) * 3) + b"\xff\xff" * (samples - 3)
        for x in range(width)
    )
    return tiff((width, height), 2, samples, 16, row * height, *[(338, 2)] * (samples - 3))


def sixteen_bit_inks(inks: tuple[int, ...]) -> bytes:
    """A TIFF of one colour in CMYK of 16 bits; `inks` in 8."""
    return tiff(
        (640, 480), 5, 4, 16, struct.pack("<4H", *(ink * 257 for ink in inks)) * (640 * 480), (332, 1)
    )


def ten_bit_heic(width: int = 1024, height: int = 64) -> bytes:
    """The grey gradient as HDR phones write it."""
    row = b"".join(struct.pack("=3H", *(x * 65535 // (width - 1),) * 3) for x in range(width))
    file = io.BytesIO()
    pillow_heif.encode("RGB;16", (width, height), row * height, file, quality=-1, chroma=444)
    return file.getvalue()


def ycck_jpeg(inks: tuple[int, int, int, int]) -> bytes:
    """A JPEG whose inks are stored as luminance and colour, as Photoshop writes them."""
    cyan, magenta, yellow, black = inks
    y = 0.299 * cyan + 0.587 * magenta + 0.114 * yellow
    blue, red = 128 + (yellow - y) / 1.772, 128 + (cyan - y) / 1.402
    # Pillow stores inks inverted, and marks them as plain: so the mark is set by hand.
    channels = (*(255 - min(255, max(0, round(c))) for c in (y, blue, red)), black)
    data = encoded(Image.new("CMYK", (640, 480), channels), "JPEG", quality=98, subsampling=0)
    mark = data.index(b"Adobe") + 11
    assert data[mark] == 0
    return data[:mark] + b"\2" + data[mark + 1 :]


def declared_png(width: int, height: int) -> bytes:
    """A PNG that declares a size and has almost no data."""
    return png(width, height, 8, 2, zlib.compress(bytes(1000)))


def one_colour_png(side: int) -> bytes:
    """A true black-and-white PNG of one colour: huge when decoded, some hundred kilobytes as a file."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    return png(side, side, 1, 0, rows)


def many_scan_jpeg(scans: int, width: int = 640, height: int = 480) -> bytes:
    """A progressive JPEG whose last scan is repeated many times."""
    data = encoded(scene(width, height), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def long_animation_webp(frames: int, side: int) -> bytes:
    """A small WebP of many frames on a large canvas."""
    shape = min(side, 4000)
    picture = encoded(Image.new("RGB", (shape, shape), RED), "WEBP", lossless=True)[12:]
    extent = (side - 1).to_bytes(3, "little")
    frame = bytes(6) + (shape - 1).to_bytes(3, "little") * 2 + (40).to_bytes(3, "little") + b"\0" + picture
    body = riff_chunk(b"VP8X", b"\x02\0\0\0" + extent * 2) + riff_chunk(b"ANIM", bytes(6))
    body += riff_chunk(b"ANMF", frame) * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def riff_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def animation(format: str) -> bytes:
    """Two frames: the first is the scene, the second blue."""
    second = Image.new("RGB", (640, 480), BLUE)
    return encoded(scene(), format, save_all=True, append_images=[second], duration=100)


def icc(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """An ICC profile, version 2, of the given tags."""
    table, bodies = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", start + len(bodies), len(body))
        bodies += body
    white = xyz(0.9642, 1.0, 0.8249)[8:]
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(">I4sI4s4s4s", start + len(bodies), b"test", 0x02100000, kind, space, connection)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + white
    return head.ljust(128, b"\0") + table + bodies


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in (x, y, z)))


def described(name: str) -> dict[bytes, bytes]:
    text = name.encode() + b"\0"
    return {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0" + b"none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
    }


def gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


# Colorants of a wide-gamut RGB space with the primaries of Adobe RGB (1998), adapted to D50.
WIDE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


def wide_gamut_profile() -> bytes:
    colorants = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (xyz(*c) for c in WIDE), strict=True))
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma_curve(2.2))
    return icc(b"RGB ", described("wide gamut") | colorants | curves)


def wide_gamut_in_srgb(colour: tuple[int, int, int]) -> tuple[int, ...]:
    """A colour of that space converted to sRGB, by the definitions of both."""
    return in_srgb([(c / 255) ** 2.2 for c in colour], WIDE)


def display_p3_in_srgb(colour: tuple[int, int, int]) -> tuple[int, ...]:
    shares = [c / 255 for c in colour]
    return in_srgb([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares], DISPLAY_P3)


def in_srgb(linear: list[float], colorants: tuple[tuple[float, ...], ...]) -> tuple[int, ...]:
    x, y, z = (sum(linear[n] * colorants[n][axis] for n in range(3)) for axis in range(3))
    back = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    clipped = [min(1.0, max(0.0, c)) for c in back]
    return tuple(
        round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)) for c in clipped
    )


# The same for Display P3, which phone cameras use.
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


def display_p3_profile() -> bytes:
    colorants = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), (xyz(*c) for c in DISPLAY_P3), strict=True))
    # sRGB's curve in version 4's form: a power with a linear beginning.
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    curve = b"para\0\0\0\0\0\3\0\0" + struct.pack(">5i", *(round(n * 65536) for n in numbers))
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return icc(b"RGB ", described("Display P3") | colorants | curves)


def dark_grey_profile() -> bytes:
    return icc(b"GRAY", described("grey") | {b"kTRC": gamma_curve(4.0)})


def odd_ink_profile() -> bytes:
    """A CMYK profile of a press that prints green instead of cyan, on yellow paper."""
    line = bytes(range(256))
    grid = b""
    for node in range(16):
        cyan, _magenta, _yellow, black = node >> 3 & 1, node >> 2 & 1, node >> 1 & 1, node & 1
        lightness = 20 if black else 140 if cyan else 255
        grid += bytes((lightness, 60 if cyan and not black else 128, 190 if cyan and not black else 128))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + line * 4 + grid + line * 3
    tags = {b"A2B0": table, b"A2B1": table, b"wtpt": xyz(0.80, 0.82, 0.45)}
    return icc(b"CMYK", described("odd inks") | tags, b"Lab ")


def grey_black_profile() -> bytes:
    """An RGB profile of a device whose black is a dark grey: lightness 40 of 255."""
    line = bytes(range(256))
    grid = b"".join(bytes((40 + 215 * node.bit_count() // 3, 128, 128)) for node in range(8))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((3, 3, 2, 0)) + identity + line * 3 + grid + line * 3
    return icc(b"RGB ", described("grey black") | {b"A2B0": table, b"A2B1": table}, b"Lab ")


def tell_tale_exif() -> Image.Exif:
    """EXIF with a place, a device, a time and an artist."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x010F] = SECRET.decode()
    exif[0x013B] = SECRET.decode()
    exif[0x0132] = "2024:12:21 08:00:00"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0), 29: SECRET.decode()}
    )
    return exif


def tell_tale_xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>'
        + SECRET
        + b"</exif:GPSLatitude></x:xmpmeta>"
    )


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def telling_files() -> dict[str, bytes]:
    """Pictures with a location in every possible metadata field."""
    image, exif, xmp = scene(), tell_tale_exif(), tell_tale_xmp()
    jpeg = encoded(image, "JPEG")
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_text("Long", SECRET.decode() * 40, zip=True)
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    iptc = b"Photoshop 3.0\08BIM\x04\x04\0\0" + struct.pack(">I", 5 + len(SECRET))
    iptc += b"\x1c\x02\x5a" + struct.pack(">H", len(SECRET)) + SECRET
    second = encoded(Image.new("RGB", (160, 120)), "JPEG", exif=exif)
    both = io.BytesIO()
    image.save(both, "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480), BLUE)], exif=exif)
    gif = encoded(image.quantize(16), "GIF", comment=SECRET)
    in_gif = b"!\xff\x0bXMP DataXMP" + xmp + b"\1" + bytes(reversed(range(256))) + bytes(2)
    thumbnail = encoded(Image.new("RGB", (64, 48), BLUE), "JPEG", comment=SECRET)
    tags = {
        700: xmp,
        33723: iptc[12:],
        34377: iptc,
        37724: SECRET,
        270: SECRET.decode(),
        315: SECRET.decode(),
    }
    return {
        "exif.jpg": encoded(image, "JPEG", exif=exif, xmp=xmp, comment=SECRET),
        "iptc.jpg": with_segments(jpeg, jpeg_segment(0xED, iptc), jpeg_segment(0xFE, SECRET)),
        "after-the-end.jpg": jpeg + second + SECRET,
        "second-picture.mpo": both.getvalue(),
        "text.png": encoded(image, "PNG", pnginfo=text, exif=exif),
        "after-the-end.png": encoded(image, "PNG") + SECRET,
        "exif.webp": encoded(image, "WEBP", exif=exif, xmp=xmp),
        "exif.avif": encoded(image, "AVIF", exif=exif, xmp=xmp, speed=9),
        "exif.heic": encoded(image, "HEIF", exif=exif.tobytes(), xmp=xmp),
        "exif.tif": encoded(image, "TIFF", exif=exif),
        "comment.gif": gif,
        "xmp.gif": gif[:-1] + in_gif + b";",
        "thumbnail.jpg": with_segments(jpeg, jpeg_segment(0xE1, exif_with_thumbnail(thumbnail))),
        "jfif-thumbnail.jpg": jpeg[:20] + jpeg_segment(0xE0, b"JFXX\0\x10" + thumbnail) + jpeg[20:],
        "extended-xmp.jpg": with_segments(
            jpeg, jpeg_segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + xmp)
        ),
        "every-tag.tif": encoded(image, "TIFF", tiffinfo=tags),
        "second-page.tif": encoded(image, "TIFF", save_all=True, append_images=[other_page()]),
        "profile.png": encoded(image, "PNG", icc_profile=icc(b"RGB ", described(SECRET.decode()))),
        "profile.jpg": encoded(image, "JPEG", icc_profile=icc(b"RGB ", described(SECRET.decode()))),
        "after-the-end.webp": encoded(image, "WEBP") + SECRET,
        "two.heic": two_in_one_heic(exif),
    }


def exif_with_thumbnail(thumbnail: bytes) -> bytes:
    """EXIF with nothing but a thumbnail: its second directory points to a JPEG."""
    first = struct.pack("<H", 0) + struct.pack("<I", 14)
    entries = ((0x0103, 3, 6), (0x0201, 4, 14 + 2 + 36 + 4), (0x0202, 4, len(thumbnail)))
    second = struct.pack("<H", 3) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + first + second + bytes(4) + thumbnail


def other_page() -> Image.Image:
    page = Image.new("RGB", (640, 480), BLUE)
    page.encoderinfo = {"tiffinfo": {270: SECRET.decode()}}  # type: ignore[attr-defined]
    return page


def two_in_one_heic(exif: Image.Exif) -> bytes:
    """Two pictures in one file; the second has a location."""
    both = pillow_heif.from_pillow(scene())
    second = Image.new("RGB", (640, 480), BLUE)
    second.info["exif"] = exif.tobytes()
    both.add_from_pillow(second)
    file = io.BytesIO()
    both.save(file, quality=90)
    return file.getvalue()


def parts_of(rendition: bytes) -> set[str]:
    """What a JPEG, WebP or AVIF is made of, to its last byte: segments, chunks or boxes, by name.

    Raises ValueError for data after the end. Written from the formats' definitions, so that it is independent
    of the library that wrote the file.
    """
    if rendition.startswith(b"\xff\xd8"):
        return jpeg_parts(rendition)
    if rendition.startswith(b"RIFF"):
        if struct.unpack_from("<I", rendition, 4)[0] + 8 != len(rendition):
            raise ValueError("the file is not as long as it says")
        found, at = set(), 12
        while at < len(rendition):
            found.add(rendition[at : at + 4].decode())
            length = struct.unpack_from("<I", rendition, at + 4)[0]
            at += 8 + length + length % 2
        if at != len(rendition):
            raise ValueError("the last chunk ends elsewhere")
        return found
    return box_parts(rendition, 0, len(rendition))


def jpeg_parts(data: bytes) -> set[str]:
    found, at = {"SOI"}, 2
    while True:
        marker, at = data[at + 1], at + 2
        if data[at - 2] != 0xFF:
            raise ValueError("no marker where one must be")
        if marker == 0xD9:
            break
        length = struct.unpack_from(">H", data, at)[0]
        name = f"{marker:02X}"
        if marker == 0xE0 and data[at + 2 : at + 7] == b"JFIF\0" and length == 16:
            name = "JFIF without thumbnail"
        found.add(name)
        at += length
        if marker == 0xDA:  # the picture's own bytes, up to the next marker
            while data[at] != 0xFF or data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
                at += 1
    if at != len(data):
        raise ValueError("something follows the end")
    return found


def box_parts(data: bytes, at: int, end: int) -> set[str]:
    found = set()
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        name = kind.decode()
        inner = {"meta": 12, "iprp": 8, "ipco": 8, "iinf": 14}.get(name)
        if name == "infe":
            name += " " + data[at + 16 : at + 20].decode()
        if name == "colr":
            name += " " + data[at + 8 : at + 12].decode()
        found.add(name)
        if inner:
            found |= box_parts(data, at + inner, at + length)
        if length < 8 or at + length > end:
            raise ValueError("a box ends elsewhere")
        at += length
    return found


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("scene.jpg", encoded(scene(), "JPEG"))
    return file.getvalue()


# One valid file of each format, with the type that is detected.
WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("jpeg", lambda: encoded(scene(), "JPEG", quality=92)),
    "jpeg, progressive": ("jpeg", lambda: encoded(scene(), "JPEG", progressive=True)),
    "jpeg, grey": ("jpeg", lambda: encoded(scene().convert("L"), "JPEG")),
    "mpo": (
        "jpeg",
        lambda: encoded(scene(), "MPO", save_all=True, append_images=[Image.new("RGB", (640, 480), BLUE)]),
    ),
    "png": ("png", lambda: encoded(scene(), "PNG")),
    "png, palette": ("png", lambda: encoded(scene().quantize(32), "PNG")),
    "png, alpha": ("png", lambda: encoded(scene().convert("RGBA"), "PNG")),
    "png, grey with alpha": ("png", lambda: encoded(scene().convert("LA"), "PNG")),
    "png, black and white": ("png", lambda: encoded(scene().convert("1"), "PNG")),
    "webp": ("webp", lambda: encoded(scene(), "WEBP", quality=90)),
    "webp, lossless with alpha": ("webp", lambda: encoded(scene().convert("RGBA"), "WEBP", lossless=True)),
    "avif": ("avif", lambda: encoded(scene(), "AVIF", speed=9, quality=90)),
    "heic": ("heic", lambda: encoded(scene(), "HEIF", quality=90)),
    "heic, tiled": ("heic", lambda: encoded(scene(1280, 960), "HEIF", quality=90, tile_size=512)),
    "tiff": ("tiff", lambda: encoded(scene(), "TIFF")),
    "tiff, lzw": ("tiff", lambda: encoded(scene(), "TIFF", compression="tiff_lzw")),
    "tiff, jpeg": ("tiff", lambda: encoded(scene(), "TIFF", compression="jpeg")),
    "tiff, lab": ("tiff", lambda: encoded(scene().convert("RGB").convert("LAB"), "TIFF")),
    "tiff, packbits": ("tiff", lambda: encoded(scene(), "TIFF", compression="packbits")),
    "tiff, big": ("tiff", lambda: encoded(scene(), "TIFF", big_tiff=True)),
    "tiff, deflate": ("tiff", lambda: encoded(scene(), "TIFF", compression="tiff_adobe_deflate")),
    "tiff, palette": ("tiff", lambda: encoded(scene().quantize(32), "TIFF")),
    "gif": ("gif", lambda: encoded(scene().quantize(32), "GIF")),
    "gif, interlaced": ("gif", lambda: encoded(scene().quantize(32), "GIF", interlace=1)),
}


# Colour spaces given as numbers: ITU-T H.273 in boxes and chunks, gAMA and cHRM in PNG


def png_stating(image: Image.Image, *chunks: tuple[bytes, bytes]) -> bytes:
    data = encoded(image, "PNG")
    return data[:33] + b"".join(png_chunk(kind, body) for kind, body in chunks) + data[33:]


def cicp_chunk(primaries: int, transfer: int, rest: bytes = b"\0\1") -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer)) + rest


def gamma_chunk(gamma: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


def chromaticities_chunk(*values: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


def boxes_stating(image: Image.Image, format: str, primaries: int, transfer: int, **options: Any) -> bytes:
    """An AVIF or HEIC with these values in `nclx`."""
    if format == "HEIF":
        options |= {"color_primaries": 1, "transfer_characteristic": 13, "save_nclx_profile": True}
    data = encoded(image, format, **options)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


# TIFFs of several directories, and raw files


def tiff_of(*pages: tuple[Image.Image, dict[int, int]], big: bool = False, order: str = "<") -> bytes:
    """A chain of uncompressed RGB pages. Tags are short numbers; tag 330 makes that many following pages
    subdirectories.
    """
    word, entry_length = ("Q", 20) if big else ("I", 12)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    head += struct.pack(order + "HH", 8, 0) if big else b""
    body = bytearray(head + bytes(struct.calcsize(word)))
    links: list[int] = [len(head)]  # where the offset of the next directory is to be written
    for image, more in pages:
        rgb = image.convert("RGB")
        pixels_at = len(body)
        body += rgb.tobytes()
        bits_at = len(body)
        body += struct.pack(order + "3H", 8, 8, 8)
        tags = {256: rgb.width, 257: rgb.height, 259: 1, 262: 2, 273: pixels_at, 277: 3, 278: rgb.height}
        tags |= {279: len(rgb.tobytes()), 258: bits_at} | dict(more)
        start = len(body)
        body[links[0] : links[0] + struct.calcsize(word)] = struct.pack(order + word, start)
        links.pop(0)
        body += struct.pack(order + ("Q" if big else "H"), len(tags))
        inner: list[int] = []
        for tag, value in sorted(tags.items()):
            at = len(body)
            if tag == 258 and big:
                body += struct.pack(order + "HHQ3HH", 258, 3, 3, 8, 8, 8, 0)
            elif tag == 258:
                body += struct.pack(order + "HHII", 258, 3, 3, value)
            else:
                kind = 4 if tag in (256, 257, 273, 279, 330) else 3
                entry = struct.pack(order + "HH" + word + ("I" if kind == 4 else "H"), tag, kind, 1, value)
                body += entry.ljust(entry_length, b"\0")
            if tag == 330:
                inner.append(at + entry_length - struct.calcsize(word))
        links = [*inner, len(body), *links] if inner else [len(body), *links]
        body += bytes(struct.calcsize(word))
    return bytes(body)


def twelve_bit_tiff(width: int = 1024, height: int = 64) -> bytes:
    """The grey gradient in twelve bits, two samples in three bytes."""
    row = bytearray()
    for x in range(0, width, 2):
        one, other = (value * 4095 // (width - 1) for value in (x, x + 1))
        row += bytes((one >> 4, (one & 15) << 4 | other >> 8, other & 255))
    return tiff((width, height), 1, 1, 12, bytes(row) * height)
