"""The private parts of libraries that the gallery uses: each is named here, still exists, and is used in one place.

pyproject.toml bounds these libraries with `~=`. If a release removes one, this test says what depended on it.
"""

from __future__ import annotations

import ast
import importlib
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gallery"

# Library -> the modules (or the package) that may use its private parts.
PLACES = {
    "tortoise-orm": "gallery/db/",
    "uvicorn": "gallery/web/http_protocol.py",
    "starlette": "gallery/storage/s3.py",
    "langcodes": "gallery/web/languages.py",
    "pillow": "gallery/images/sandbox/pillow_internals.py",
    "pillow-heif": "gallery/images/sandbox/heif.py",
    "pypinyin": "gallery/web/pinyin.py",
}

# Each part by the library, the class or module that has it, and why it is needed.
PARTS = [
    (
        "tortoise-orm",
        "tortoise.queryset:ValuesQuery._choose_db_if_not_chosen",
        "compiled queries are built once",
    ),
    ("tortoise-orm", "tortoise.queryset:ValuesQuery._make_query", "compiled queries are built once"),
    (
        "tortoise-orm",
        "tortoise.migrations.executor:MigrationExecutor._schema_editor",
        "migrations in seconds",
    ),
    ("tortoise-orm", "tortoise.migrations.executor:MigrationExecutor._full_plan", "migrations in seconds"),
    (
        "tortoise-orm",
        "tortoise.migrations.schema_generator.state_apps:StateApps._build_initial_querysets",
        "models that are not queried are rendered in half the time",
    ),
    (
        "tortoise-orm",
        "tortoise.migrations.autodetector:MigrationAutodetector._full_plan",
        "models are compared",
    ),
    ("tortoise-orm", "tortoise.migrations.autodetector:MigrationAutodetector._project_state", "the same"),
    (
        "tortoise-orm",
        "tortoise.fields.relational:ReverseRelation._set_result_for_query",
        "works as they were sent",
    ),
    ("tortoise-orm", "tortoise.models:Model._meta", "tables and foreign keys of the models"),
    ("tortoise-orm", "tortoise.models:_get_comments", "models are defined without reading their source"),
    (
        "tortoise-orm",
        "tortoise.backends.asyncpg.client:AsyncpgDBClient._translate_exceptions",
        "one error for a server that is away",
    ),
    ("tortoise-orm", "tortoise.backends.asyncpg.client:AsyncpgDBClient._in_transaction", "the same"),
    ("uvicorn", "uvicorn.protocols.http.httptools_impl:STATUS_LINE", "cached responses are written directly"),
    ("uvicorn", "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol.on_response_complete", "the same"),
    (
        "uvicorn",
        "uvicorn.protocols.http.httptools_impl:HttpToolsProtocol.send_400_response",
        "limits of a head",
    ),
    ("starlette", "starlette.responses:FileResponse._open_file", "files are read from a bucket"),
    ("langcodes", "langcodes:Language._PARSE_CACHE", "the caches of tags are bounded"),
    ("langcodes", "langcodes:Language._INSTANCES", "the same"),
    ("langcodes", "langcodes.language_distance:_DISTANCE_CACHE", "the same"),
    ("pillow", "PIL:_webp.__file__", "libwebp shrinks while it decodes"),
    ("pypinyin", "pypinyin.pinyin_dict:_json_path", "readings are read from the file that the module reads"),
    ("pypinyin", "pypinyin.phrases_dict:_json_path", "the same"),
]

PRIVATE = re.compile(r"_[a-z]\w*")
LIBRARIES = ("tortoise", "pypika_tortoise", "uvicorn", "starlette", "PIL", "pillow_heif", "langcodes")
OWN_SYSTEM_CALLS = {"os._exit"}


@pytest.mark.parametrize(("library", "part", "reason"), PARTS, ids=[part for _, part, _ in PARTS])
def test_each_part_is_there(library: str, part: str, reason: str) -> None:
    module, _, path = part.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        if not hasattr(found, name) and hasattr(found, "__path__"):
            importlib.import_module(f"{module}.{name}")
        assert hasattr(found, name), f"{library} has no {part} any more: {reason}"
        found = getattr(found, name)


def test_the_parts_of_instances_are_there() -> None:
    """Attributes that only objects have: query columns, SQLite's locks, a connection's state, decoders."""
    from tortoise.backends.sqlite.client import SqliteClient
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    sqlite = SqliteClient("nowhere.sqlite3", connection_name="default")
    assert hasattr(sqlite, "_connection")
    assert hasattr(sqlite, "_lock")
    assert hasattr(sqlite._in_transaction(), "_trxlock")
    code = Path(importlib.import_module(HttpToolsProtocol.__module__).__file__ or "").read_text()
    for name in ("cycle", "url", "headers", "parser", "server_state", "transport", "loop"):
        assert f"self.{name}" in code, name
    from gallery.images.sandbox import heif, pillow_internals

    heif.register(1)
    picture = Image.new("RGB", (64, 64), "red")
    for format in ("AVIF", "WEBP", "HEIF"):
        file = io.BytesIO()
        picture.save(file, format)
        image = Image.open(file)
        if format == "AVIF":
            assert len(pillow_internals.avif_pixels(image)) == 3 * 64 * 64
        elif format == "WEBP":
            assert len(pillow_internals.webp_frame(image)[0]) >= 3 * 64 * 64
        else:
            assert heif.heif_pixels(image).size == (64, 64)


def test_only_their_places_use_private_parts() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {use}"
        for path in PACKAGE.rglob("*.py")
        if not {"migrations", "vendor"} & set(path.parts)
        and not any(str(path.relative_to(ROOT)).startswith(place) for place in PLACES.values())
        for use in private_uses(ast.parse(path.read_text()))
    }
    assert found == set()


def private_uses(tree: ast.Module) -> Iterator[str]:
    """Private attributes that the module does not define itself, and private names imported from these libraries."""
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own |= {target.id for target in targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr) and node.attr not in own:
            if ast.unparse(node) not in OWN_SYSTEM_CALLS:
                yield f"{ast.unparse(node)} in line {node.lineno}"
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
            for alias in node.names:
                if alias.name.startswith("_") or "._" in (node.module or ""):
                    yield f"{node.module}.{alias.name} in line {node.lineno}"


def test_their_versions_are_bounded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = [*project["dependencies"], *project["optional-dependencies"]["heic"]]
    bounded = {each.partition("~=")[0] for each in required if "~=" in each}
    assert bounded == set(PLACES)
