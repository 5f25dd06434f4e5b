"""Makers of pictures for tests: real ones from real encoders, and broken ones of every sort."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, YELLOW = (200, 30, 40), (30, 150, 60), (40, 60, 180), (230, 200, 40)
CORNERS = (RED, GREEN, BLUE, YELLOW)  # top left, top right, bottom left, bottom right
SECRET = b"31.2304N-121.4737E"  # where somebody lives

# How a camera held in each of the eight ways stores an upright picture: the inverse of what a viewer does.
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
    """An RGB picture of four coloured fields, so that turning and colours can be told."""
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
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def stored(folder: Path, data: bytes, name: str = "upload") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def with_alpha() -> Image.Image:
    """The scene, its right half wholly transparent over black."""
    image = scene().convert("RGBA")
    image.paste((0, 0, 0, 0), (320, 0, 640, 480))
    return image


def sixteen_bit_gradient(width: int = 1024, height: int = 64) -> Image.Image:
    row = struct.pack(f"={width}H", *(x * 65535 // (width - 1) for x in range(width)))
    return Image.frombytes("I;16", (width, height), row * height)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG from its compressed rows, true or not."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def sixteen_bit_rgb_png(width: int = 1024, height: int = 64) -> bytes:
    row = b"".join(struct.pack(">3H", *(x * 65535 // (width - 1),) * 3) for x in range(width))
    return png(width, height, 16, 2, zlib.compress((b"\0" + row) * height))


def declared_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and has next to nothing to show for it."""
    return png(width, height, 8, 2, zlib.compress(bytes(1000)))


def one_colour_png(side: int) -> bytes:
    """A true black-and-white PNG of one colour: huge when decoded, some hundred kilobytes as a file."""
    packer = zlib.compressobj(1)
    row = bytes(1 + (side + 7) // 8)
    rows = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    return png(side, side, 1, 0, rows)


def many_scan_jpeg(scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated over and over."""
    data = encoded(scene(), "JPEG", progressive=True)
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
    """What a colour of that space is in sRGB, by the definitions of both."""
    linear = [(c / 255) ** 2.2 for c in colour]
    x, y, z = (sum(linear[n] * WIDE[n][axis] for n in range(3)) for axis in range(3))
    back = (
        3.1338561 * x - 1.6168667 * y - 0.4906146 * z,
        -0.9787684 * x + 1.9161415 * y + 0.0334540 * z,
        0.0719453 * x - 0.2289914 * y + 1.4052427 * z,
    )
    clipped = [min(1.0, max(0.0, c)) for c in back]
    return tuple(
        round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055)) for c in clipped
    )


def dark_grey_profile() -> bytes:
    return icc(b"GRAY", described("grey") | {b"kTRC": gamma_curve(4.0)})


def odd_ink_profile() -> bytes:
    """A CMYK profile of a press that prints green wherever cyan is asked for."""
    line = bytes(range(256))
    grid = b""
    for node in range(16):
        cyan, _magenta, _yellow, black = node >> 3 & 1, node >> 2 & 1, node >> 1 & 1, node & 1
        lightness = 20 if black else 140 if cyan else 255
        grid += bytes((lightness, 60 if cyan and not black else 128, 190 if cyan and not black else 128))
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + line * 4 + grid + line * 3
    return icc(b"CMYK", described("odd inks") | {b"A2B0": table, b"A2B1": table}, b"Lab ")


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
    """Pictures that carry a place in every spot where one can hide."""
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
    }


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("scene.jpg", encoded(scene(), "JPEG"))
    return file.getvalue()


# One whole file of each kind as uploads come, with the type we tell it by.
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
    "gif": ("gif", lambda: encoded(scene().quantize(32), "GIF")),
}
