"""The built package has all that the site needs: templates, and the browser's libraries in their pinned versions."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes

ROOT = Path(__file__).parents[1]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
TABLE: dict[str, list[str]] = BUILD["hooks"]["custom"]["files"]
FETCHED = {f"{folder}/{source.rsplit('/', 1)[-1]}" for folder, sources in TABLE.items() for source in sources}
PINS = json.loads((ROOT / "gallery/static/package.json").read_text())["dependencies"]
LOCK = (ROOT / "gallery/static/package-lock.json").read_text()
# A registry that nobody can reach.
OFFLINE = {**os.environ, "npm_config_registry": "http://127.0.0.1:9/", "npm_config_cache": "/nonexistent"}


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=OFFLINE, capture_output=True, text=True, timeout=120
    )


def build(target: str, source: Path, out: Path) -> Path:
    """A wheel or an sdist of `source`, whose libraries were fetched before."""
    done = run("-m", "hatchling", "build", "-t", target, "-d", str(out), folder=source)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.iterdir()
    return built


def assert_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
        for path in FETCHED:
            assert opened.read(path) == (ROOT / path).read_bytes(), path
    assert names >= {
        f"gallery/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "templates").rglob("*.html")
    }
    assert not [name for name in names if name.endswith(("package.json", "package-lock.json", ".fetched"))]


def test_a_wheel_has_the_libraries_and_the_templates(tmp_path: Path) -> None:
    assert_whole(build("wheel", ROOT, tmp_path))


def test_a_wheel_made_from_the_sdist_is_whole_and_needs_no_registry(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", ROOT, tmp_path / "sdist")) as opened:
        opened.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert not list(source.rglob("node_modules"))
    assert_whole(build("wheel", source, tmp_path / "wheel"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the hook needs of a checkout, with nothing fetched yet."""
    (tmp_path / "gallery/static").mkdir(parents=True)
    for name in (
        "hatch_build.py",
        "pyproject.toml",
        "gallery/static/package.json",
        "gallery/static/package-lock.json",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_without_a_registry_the_build_ends_with_a_sentence(checkout: Path) -> None:
    done = run("hatch_build.py", folder=checkout)
    assert done.returncode == 1
    assert "could not be fetched from the npm registry" in done.stderr
    assert "127.0.0.1:9" in done.stderr  # npm's own reason
    assert "Traceback" not in done.stderr
    assert not (checkout / "gallery/static/vendor").exists()


def test_libraries_are_fetched_anew_when_a_pin_or_the_table_changes_or_a_file_is_gone(checkout: Path) -> None:
    for path in [*FETCHED, "gallery/static/vendor/.fetched"]:
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, checkout / path)
    assert run("hatch_build.py", folder=checkout).returncode == 0

    (checkout / "gallery/static/package-lock.json").write_text(LOCK.replace("6.", "5.", 1))
    assert run("hatch_build.py", folder=checkout).returncode == 1
    (checkout / "gallery/static/package-lock.json").write_text(LOCK)

    project = (checkout / "pyproject.toml").read_text()
    (checkout / "pyproject.toml").write_text(project.replace(".min.js", ".js", 1))
    assert run("hatch_build.py", folder=checkout).returncode == 1
    (checkout / "pyproject.toml").write_text(project)

    assert run("hatch_build.py", folder=checkout).returncode == 0
    (checkout / min(FETCHED)).unlink()
    assert run("hatch_build.py", folder=checkout).returncode == 1


def test_every_library_is_pinned_exactly_and_names_no_registry() -> None:
    for name, version in PINS.items():
        assert version[0].isdigit(), f"{name} {version}"
        assert json.loads(LOCK)["packages"][f"node_modules/{name}"]["version"] == version
    assert '"resolved"' not in LOCK
    assert LOCK.count('"integrity"') == len(json.loads(LOCK)["packages"]) - 1


def test_every_library_that_is_pinned_is_kept_with_its_licence() -> None:
    for name in PINS:
        kept = [source for sources in TABLE.values() for source in sources if source.startswith(f"{name}/")]
        assert kept, name
    for folder, sources in TABLE.items():
        licences = [
            source for source in sources if source.rsplit("/", 1)[-1].upper().startswith(("LICENSE", "OFL"))
        ]
        assert licences, folder
        for licence in licences:
            assert (ROOT / folder / licence.rsplit("/", 1)[-1]).stat().st_size > 500


def test_nothing_that_is_fetched_is_committed() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("This is no checkout.")
    tracked = subprocess.run(
        ["git", "ls-files", "*vendor/*", "*node_modules/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert tracked.stdout == ""


def test_every_library_that_the_package_imports_is_one_of_its_dependencies() -> None:
    """What only the test extra brings is missing where somebody runs `make demo`."""
    imported: set[str] = set()
    for path in (ROOT / "gallery").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    needed = [
        *project["dependencies"],
        *extras["heic"],
        *extras["sound"],
        *extras["demo"],
    ]  # as `make demo` installs them
    declared = {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in needed}
    known = packages_distributions()
    foreign = imported - set(sys.stdlib_module_names) - {"gallery"}
    missing = {
        name
        for name in foreign
        if not {each.lower().replace("_", "-") for each in known.get(name, [])} & declared
    }
    assert missing == set()
