"""The demo's photographs: the drawn pictures saved as a phone would, with metadata that the site must strip."""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image

from gallery.demo.scenes import draw_scene

QUALITY = 92  # JPEG quality, about that of phones
ROTATED_SLUG = "dumpling-wrappers"  # the one photograph taken with the phone turned sideways
GPS_SLUGS = {ROTATED_SLUG, "tangyuan"}  # photographs with GPS coordinates


def save_photograph(slug: str, folder: Path, width: int | None = None) -> Path:
    """Draw a scene, `width` px wide, and save it in `folder` as a JPEG with EXIF data; returns its path."""
    picture = draw_scene(slug, width)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Example"
    exif[ExifTags.Base.DateTime] = "2022:12:01 16:20:00"
    if slug == ROTATED_SLUG:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[ExifTags.Base.Orientation] = 6  # EXIF: rotate by 90° clockwise to display
    if slug in GPS_SLUGS:
        place = exif.get_ifd(ExifTags.IFD.GPSInfo)
        place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (39.0, 54.0, 27.0)
        place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", (116.0, 23.0, 29.0)
    path = folder / f"{slug}.jpg"
    picture.save(path, quality=QUALITY, exif=exif)
    return path
