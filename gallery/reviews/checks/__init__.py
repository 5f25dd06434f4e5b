"""Checks of submissions, one in each module.

They inform curators and never decide. The function `check` of each module yields findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.web.languages import lazy_gettext as _l

# Raise this number when a check changes its findings: the worker then checks every submission again.
CHECKS_VERSION = 4

CHECK_WORDS: Mapping[str, Any] = {
    "duplicates": _l("nearly the same picture"),
    "personal_data": _l("personal data"),
    "wording": _l("wording"),
    "alt_text": _l("alt text"),
    "consent": _l("consent"),
    "picture": _l("picture"),
}
