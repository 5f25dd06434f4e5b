"""The style sheets know no left and right, so that a page can be read from right to left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLE_SHEETS = Path(__file__).parents[2] / "gallery" / "static" / "css"
PHYSICAL = re.compile(
    r"(?<![-\w])(?:(?:scroll-)?(?:margin|padding)|border|border-top|border-bottom)-(?:left|right)[-\w]*\s*:"
    r"|(?<![-\w])(?:left|right)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)"
    r"|translateX|to (?:left|right)\b|transform-origin\s*:[^;]*(?:left|right)"
)
FOUR_SIDES = re.compile(r"(?<![-\w])(?:margin|padding|inset|border-width)\s*:\s*([^;{}]+);")
VALUE = re.compile(r"(?:[^\s()]|\([^()]*(?:\([^()]*\)[^()]*)*\))+")
# The sides of a picture or a screen, which do not depend on the page's language.
EXCEPTIONS = {
    "desk/framing.css": "the four sides of a picture that is cropped",
    "env(safe-area-inset-right)": "the edges of a telephone",
    "50% auto auto 50%": "the middle of a handle for the sides of a picture",
}


def physical_properties(css: str) -> list[str]:
    """The declarations of a style sheet that name a side."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    found = [match[0] for match in PHYSICAL.finditer(css)]
    for match in FOUR_SIDES.finditer(css):
        values = VALUE.findall(match[1])
        if len(values) == 4 and values[1] != values[3]:
            found.append(match[0])
    return found


@pytest.mark.parametrize("path", sorted(STYLE_SHEETS.rglob("*.css")), ids=lambda path: path.name)
def test_style_sheets_have_logical_properties(path: Path) -> None:
    name = path.relative_to(STYLE_SHEETS).as_posix()
    found = physical_properties(path.read_text())
    if name in EXCEPTIONS:
        assert found, f"{name} is no exception any more"
    else:
        assert [each for each in found if not any(known in each for known in EXCEPTIONS)] == []


@pytest.mark.parametrize(
    "css",
    [
        "a { margin-left: 1rem; }",
        "a { border-left-color: red; }",
        "a { border-top-right-radius: 1px; }",
        "a{left:0}",
        "a { text-align: right; }",
        "a { float: left; }",
        "a { padding: 0 1rem 0 0; }",
        "a { inset: 0 auto calc(1px + (2px * 3)) 0; }",
    ],
)
def test_a_physical_property_is_found(css: str) -> None:
    assert physical_properties(css)


@pytest.mark.parametrize(
    "css",
    [
        "a { margin-inline-start: 1rem; }",
        "a { padding: 0 1rem 2rem 1rem; }",
        "a { color: var(--right); --left: 0; }",
        "a { inset: 0; }",
        "/* left: 0 */",
    ],
)
def test_a_logical_property_is_none(css: str) -> None:
    assert physical_properties(css) == []
