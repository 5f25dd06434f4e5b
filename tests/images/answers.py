"""The child's answer about a developed picture; the tests and the fuzzer change it."""

from typing import Any

from gallery.images.renditions import FORMATS, file_name

TRUE_ANSWER: dict[str, Any] = {
    "width": 640,
    "height": 480,
    "animated": False,
    "placeholder": "data:image/webp;base64,UklGRiQAAABXRUJQ",
    "mean_colour": "#c86428",
    "perceptual_hash": "0123456789abcdef",
    "softness": 420,
    "files": [file_name(width, format.name) for format in FORMATS for width in (320, 640)],
}
