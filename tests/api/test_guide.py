"""The page for programmers: public, in both languages, and its commands work as described."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gallery.api.operations import BASE, OPERATIONS
from gallery.api.problems import PROBLEM_TYPES
from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.api.programs import token_for
from tests.artworks.tus import original_of
from tests.conftest import Site
from tests.live import LiveSite
from tests.markup import attributes, select


async def test_it_is_public_in_both_languages_and_kept(site: Site) -> None:
    client = await site.client()
    front = await client.get("/api", headers={"accept-language": "en"})
    assert (front.status_code, front.headers["location"]) == (303, "/en/api")
    assert (await client.get("/api")).headers["location"] == "/zh/api"
    for language, word in (("en", "For programs"), ("zh", "程序接入")):
        page = await client.get(f"/{language}/api")
        assert page.status_code == 200
        assert f"<h1>{word}</h1>" in page.text
        assert page.headers["cache-control"] == "public, no-cache"
        assert "set-cookie" not in page.headers
        # Each problem type links to its explanation, and each operation is listed.
        assert {kind.name for kind in PROBLEM_TYPES.values()} <= set(attributes(page.text, "[id]", "id"))
        assert all(f"<code>{BASE}{operation.path}</code>" in page.text for operation in OPERATIONS)


def commands(page: str) -> list[str]:
    return [block.get_text() for block in select(page, "code.shell")]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_its_commands_do_what_it_says(live: LiveSite, language: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.fail("the commands of the page need curl")
    theme = await factories.theme()
    assert theme.id == 1  # the number that the page takes for its example
    address = await live.serve(worker=False)
    token = await token_for(live.cast.partner)
    picture = factories.photograph()
    (tmp_path / "picture.jpg").write_bytes(picture)
    for number, name in enumerate(("second.jpg", "large.jpg"), 1):
        (tmp_path / name).write_bytes(factories.photograph(1300 + number))
    page = subprocess.run(
        ["curl", "-sS", "--fail", f"{address}/{language}/api"], capture_output=True, text=True, check=True
    ).stdout
    script = "\n".join(["set -eu", *(f"{each}\necho; echo =====" for each in commands(page))])
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "GALLERY_TOKEN": token, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    own, sent, changed, submitted, again, followed, resumed = (
        part.strip() for part in done.stdout.split("=====")[:-1]
    )
    assert json.loads(own)["slug"] == "xiaogeng"
    work, second, large = (
        await Artwork.all().order_by("id").prefetch_related("artist", "consent", "project", "themes")
    )
    assert sent == f"{BASE}/works/{work.id}"
    assert f'"id": {theme.id}' in changed
    assert work.own("title") == {"en": "Dumpling wrappers", "zh": "饺子皮"}[language]
    assert (work.language, work.made_from, work.themes[0].id) == (language, 20221201, theme.id)
    assert work.artist.credit_name == {"en": "Paipai", "zh": "派派"}[language]
    assert work.consent.scope == ["web", "sharing"]
    assert (json.loads(submitted)["status"], work.status) == ("submitted", Status.SUBMITTED)
    # The second work has the same artist, consent and project.
    assert json.loads(again)["id"] == second.id
    for name in ("artist_id", "consent_id", "project_id"):
        assert getattr(second, name) == getattr(work, name) is not None
    path, end = json.JSONDecoder().raw_decode(followed)
    assert [step["status"] for step in path["steps"]] == ["submitted"]
    assert [each["id"] for each in json.loads(followed[end:])["works"]] == [work.id]
    assert f"gallery-work: {BASE}/works/{large.id}" in resumed
    assert await original_of(live, work) == picture
    assert await original_of(live, large) == (tmp_path / "large.jpg").read_bytes()
