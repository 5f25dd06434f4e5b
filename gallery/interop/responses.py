"""XML and JSON responses. Like a page, a response depends only on its URL and the content version."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from starlette.responses import Response

CACHE_HEADERS = {"cache-control": "public, no-cache"}
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def xml_response(root: Element, media_type: str, headers: Mapping[str, str] = CACHE_HEADERS) -> Response:
    """An XML response without the characters that XML does not allow."""
    text = NOT_IN_XML.sub("", ElementTree.tostring(root, encoding="unicode"))
    body = '<?xml version="1.0" encoding="UTF-8"?>\n' + text
    return Response(body, media_type=f"{media_type}; charset=utf-8", headers=dict(headers))


def json_response(data: object, media_type: str, headers: Mapping[str, str] = CACHE_HEADERS) -> Response:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return Response(body.encode(), media_type=media_type, headers=dict(headers))


def add_element(parent: Element, name: str, text: object = None, **attributes: Any) -> Element:
    """Append a new child to `parent`."""
    child = SubElement(parent, name, {key: str(value) for key, value in attributes.items()})
    if text is not None:
        child.text = str(text)
    return child
