"""Pictures for the tests of tiles."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageChops, ImageStat

from tests.images.files import SECRET, STORED_FOR, encoded, scene

SIZE = (1301, 701)  # odd, so that halves are not whole


def mean_difference(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures are from each other, as a mean over all pixels and channels."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


@cache
def files_by_kind() -> dict[str, bytes]:
    picture = scene(*SIZE)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, SECRET.decode()
    turned = picture.transpose(STORED_FOR[6])  # type: ignore[arg-type]
    return {
        "jpeg": encoded(picture, "JPEG", quality=92),
        "progressive": encoded(picture, "JPEG", quality=92, progressive=True, subsampling="4:4:4"),
        "turned jpeg": encoded(turned, "JPEG", quality=92, exif=exif),
        "grey jpeg": encoded(picture.convert("L"), "JPEG", quality=92),
        "cmyk jpeg": encoded(picture.convert("CMYK"), "JPEG", quality=92),
        "png": encoded(picture, "PNG"),
        "turned png": encoded(turned, "PNG", exif=exif),
        "palette": encoded(picture.quantize(64), "PNG"),
        "webp": encoded(picture, "WEBP", quality=95),
        "turned webp": encoded(turned, "WEBP", quality=95, exif=exif),
        "lossless webp with alpha": encoded(picture.convert("RGBA"), "WEBP", lossless=True, exact=True),
        "avif": encoded(picture, "AVIF", quality=90, speed=9),
        "heic": encoded(picture, "HEIF", quality=90),
        "tiff": encoded(picture, "TIFF"),
    }


def expected(kind: str) -> Image.Image:
    return scene(*SIZE).convert("L").convert("RGB") if kind == "grey jpeg" else scene(*SIZE)
