"""Checks that inform and never decide: each module looks at one thing and yields what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.web.languages import lazy_gettext as _l

# Raise it when a check finds other things than before: the worker then looks at every submission anew.
CHECKS_VERSION = 3

CHECK_WORDS: Mapping[str, Any] = {
    "duplicates": _l("nearly the same picture"),
    "personal_data": _l("personal data"),
    "wording": _l("wording"),
    "alt_text": _l("alt text"),
    "consent": _l("consent"),
    "picture": _l("picture"),
}
