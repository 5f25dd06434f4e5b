"""Themes as forms send them."""

from __future__ import annotations

WINTER = {
    "slug": "winter-solstice-2026",
    "title[zh]": "冬至",
    "title[en]": "Winter solstice",
    "text[zh]": "团圆的日子。",
    "text[en]": "",
    "occurs_on": "2026-12-22",
    "call_opens_on": "2026-11-01",
    "call_closes_on": "2026-12-15",
    "accent": "#A8322A",
    "accent_night": "#e4755f",
}
