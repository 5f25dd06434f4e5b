"""The `<picture>` element and the desk's thumbnails, each of which is made in one place."""

from __future__ import annotations

import re

from gallery.images.picture_element import picture_element
from gallery.web.languages import LocalizedText, template_folder


def test_no_template_makes_a_picture_of_its_own() -> None:
    own = {
        str(path.relative_to(template_folder()))
        for path in template_folder().rglob("*.html")
        if re.search(r"<picture|<source|images:preview'|/desk/images/", path.read_text())
    }
    assert own == {
        "artworks/framing.html"
    }  # it shows the original before it was framed, which has no renditions


def test_a_picture_offers_the_renditions_that_fit_and_says_what_it_shows() -> None:
    alt = LocalizedText('"一只" <猫>', "zh")
    element = picture_element("/media/token", (2000, 1500), alt, "auto, 50vw", max_width=700)
    assert re.findall(r"/media/token/(\d+)\.avif \d+w", element) == ["320", "640"]
    assert 'sizes="auto, 50vw"' in element
    assert 'width="2000" height="1500" alt="&#34;一只&#34; &lt;猫&gt;"' in element
    assert 'loading="lazy" fetchpriority="low"' in element
    first = picture_element("/media/token", (2000, 1500), alt, "auto, 50vw", first=True)
    assert 'sizes="50vw"' in first  # `auto` is for pictures that wait for the layout
    assert 'fetchpriority="high"' in first
    assert "loading" not in first
