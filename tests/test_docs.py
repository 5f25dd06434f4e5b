"""The documents state the same facts as the code: settings, commands, folders, addresses, limits and links."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.routing import Route

from gallery.accounts import limits, links, passwords, sessions
from gallery.accounts.models import Person
from gallery.api import access, idempotency, tokens
from gallery.app import feature_routes
from gallery.artists import code_pages, consents
from gallery.cli import main
from gallery.db.connection import Database
from gallery.images import chores, iiif_requests, on_demand, partial_uploads, uploads
from gallery.images.renditions import FORMATS, WIDTHS
from gallery.images.sandbox import child, decoding, developing
from gallery.images.sandbox.parent import GUARANTEED_MEGAPIXELS, Limits
from gallery.mail import chores as mail_chores
from gallery.mail import outbox
from gallery.organisations import application_views, link_check, owner_requests
from gallery.organisations import links as project_links
from gallery.reviews import report_views
from gallery.settings import Settings
from gallery.stats import appreciation_views, appreciations, count_writer, support_links, visitors
from gallery.storage import Storage
from gallery.web import forms
from gallery.web.rendering import SecretConvertor
from tests.cast import PASSWORD, assemble
from tests.conftest import settings_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCS = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {"README.md": README, "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text(), **DOCS}
LEFT_OUT = {".venv", ".git", "node_modules", "vendor", "demo", "build", "dist"}


def section(text: str, heading: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"There is no section {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in `text`, without the header rows."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return [row for number, row in enumerate(cells) if not re.fullmatch("-+", row[0]) and number]


def unwrapped(text: str) -> str:
    """`text` without line ends and marks of emphasis or code."""
    return " ".join(re.sub(r"[*`]", "", text).split())


def in_code(text: str) -> Iterator[str]:
    """The lines of code blocks, and the code within sentences."""
    block = r"^[ ]*```[a-z]*\n(.*?)^[ ]*```$"
    for found in re.findall(block, text, re.MULTILINE | re.DOTALL):
        yield from found.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(block, "", text, flags=re.MULTILINE | re.DOTALL))


# Settings


def documented_settings() -> dict[str, str]:
    """The README's settings with their defaults."""
    return {row[0].strip("`"): row[1] for row in rows(section(README, "Settings")) if row[0].startswith("`")}


def test_the_readme_has_every_setting_and_no_other() -> None:
    names = {f"GALLERY_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    names = names - {"GALLERY_SITE_NAMES"} | {"GALLERY_SITE_NAME_ZH", "GALLERY_SITE_NAME_EN"}
    assert set(documented_settings()) == names


@pytest.mark.parametrize(
    "field",
    [field for field in dataclasses.fields(Settings) if field.default not in (dataclasses.MISSING, "")],
    ids=lambda field: field.name,
)
def test_the_readme_has_each_default(field: dataclasses.Field[object]) -> None:
    default = int(field.default) if isinstance(field.default, bool) else field.default
    default = ",".join(default) if isinstance(default, tuple) else default
    assert documented_settings()[f"GALLERY_{field.name.upper()}"] == f"`{default}`"


@pytest.mark.parametrize("name", PAGES)
def test_each_variable_that_is_named_is_read(name: str) -> None:
    readers = (
        "gallery/cli/database_move.py",
        "gallery/cli/media_move.py",
        "tests/browser/conftest.py",
        "tests/images/test_formats.py",
        "tests/interop/test_manifest_readers.py",
        "tests/proxies.py",
    )
    read_here = "".join((ROOT / path).read_text() for path in readers)
    for variable in set(re.findall(r"\bGALLERY_[A-Z_]*[A-Z]\b", PAGES[name])) - set(documented_settings()):
        assert f'"{variable}"' in read_here, variable


# Addresses that are secrets

# Route parameters that look like secrets by their names but are not.
NO_KEYS = {
    "/media/{token}/{name}": "a picture that everybody may see",
    "/media/sounds/{token}/{name}": "a voice that everybody may hear",
    "/iiif/{token}": "likewise",
    "/logos/{token}.jpg": "likewise",
    "/s/{code:name}": "a short link that is printed on posters",
    "/desk/uploads/{token}": "answers only to who began the upload",
    "/api/v1/uploads/{token}": "likewise",
    "/desk/organisations/{id:int}/tokens/{token:int}/deletion": "the number of a row",
}


def secret_beginnings() -> set[str]:
    """The prefixes of addresses that are secrets, as the routes declare them."""
    beginnings = set()
    for route in feature_routes():
        for name, convertor in route.param_convertors.items():
            if isinstance(convertor, SecretConvertor):
                before = route.path.partition(f"{{{name}:")[0]
                beginnings.add(re.sub(r"\{language[^}]*\}", "*", before).partition("{")[0])
    return {
        each
        for each in beginnings
        if not any(each != other and each.startswith(other) for other in beginnings)
    }


def test_the_proxy_is_told_which_addresses_not_to_log() -> None:
    text = DOCS["operating.md"]
    blocks = [set(re.findall(r"`(/[^`\s]+)`", block)) for block in text.split("\n\n")]
    assert secret_beginnings() in blocks
    nginx = (ROOT / "docs/server/nginx.conf").read_text()
    (location,) = re.findall(
        r"location ~ \^/\(([^)]+)\) \{\n +access_log off;\n +error_log /dev/null;", nginx
    )
    in_each_language = location.replace("[A-Za-z0-9-]+", "*")
    assert {f"/{each}" for each in in_each_language.split("|")} == secret_beginnings()


def test_each_parameter_that_could_be_a_key_is_declared_one_or_is_none() -> None:
    undeclared = {
        route.path
        for route in feature_routes()
        for name, convertor in route.param_convertors.items()
        if name in {"token", "code", "secret", "signature"} and not isinstance(convertor, SecretConvertor)
    }
    assert {path for path in undeclared if not path.startswith(tuple(NO_KEYS))} == set()


# Commands


def test_every_command_is_documented() -> None:
    documented = {line.split()[1] for line in in_code(README + DOCS["operating.md"]) if is_command(line)}
    assert documented == set(main.commands)


def is_command(line: str) -> bool:
    return re.match(r"(gallery|keep) [a-z]", line) is not None


@pytest.mark.parametrize("name", PAGES)
def test_each_documented_command_exists_with_its_options(name: str) -> None:
    for line in filter(is_command, in_code(PAGES[name])):
        words = line.split()
        command = main.commands[words[1]]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words[2:] if word.startswith("--")} <= options, line


@pytest.mark.parametrize("name", PAGES)
def test_each_documented_make_target_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    documented = {line.split()[1] for line in in_code(PAGES[name]) if re.match(r"make [a-z]", line)}
    assert documented <= targets
    if name == "README.md":
        assert documented == targets


# The map of files


def test_the_map_has_every_folder_of_the_package_and_only_folders_that_are_there() -> None:
    documented = {
        row[0].strip("`").rstrip("/") for row in rows(section(README, "Map")) if row[0].startswith("`")
    }
    there = {
        f"gallery/{path.name}"
        for path in (ROOT / "gallery").iterdir()
        if path.is_dir() and path.name not in {"__pycache__", "templates", "vendor"}
    }
    assert {name for name in documented if name.startswith("gallery/")} == there
    assert all((ROOT / name).is_dir() for name in documented)
    assert {"gallery", "templates", "tests", "docs", "media"} <= documented


def test_the_plan_has_every_root_module() -> None:
    documented = {
        row[0].strip("`") for row in rows(section(DOCS["architecture.md"], "The plan of the house"))
    }
    package = ROOT / "gallery"
    there = {
        str(path.relative_to(package))
        for pattern in ("*.py", "db/*.py", "web/*.py")
        for path in package.glob(pattern)
        if path.name != "__init__.py"
    }
    assert documented == there | {"storage/"}


@pytest.mark.parametrize("name", PAGES)
def test_each_file_that_is_named_exists(name: str) -> None:
    """`artworks/submissions.py` and `tests/live.py`, from the root or from within the package."""
    for code in in_code(PAGES[name]):
        if re.fullmatch(r"[a-z_./]+/[a-z_]+\.(py|html|md|po)", code) and not code.startswith("path/"):
            assert (ROOT / code).is_file() or (ROOT / "gallery" / code).is_file(), code
        elif re.fullmatch(r"(tests|gallery|templates|docs)/[a-z_/]*", code):
            assert (ROOT / code).is_dir(), code


@pytest.mark.parametrize("name", PAGES)
def test_each_address_that_is_named_leads_somewhere(name: str) -> None:
    patterns = [segments(route.path) for route in feature_routes() if isinstance(route, Route)]
    for code in in_code(re.sub(r"```.*?```", "", PAGES[name], flags=re.DOTALL)):
        if re.fullmatch(r"/[a-z{][a-z_{}/-]*|/", code) and not code.startswith(("/etc/", "/var/", "/srv/")):
            asked = segments(code)
            assert any(begins(pattern, asked) for pattern in patterns), code


def segments(path: str) -> list[str]:
    """["desk", "images", "*", "*"] for /desk/images/{id:int}/{name}; the languages are one of their kind."""
    parts = [part for part in path.split("/") if part]
    return ["*" if part.startswith("{") or part in {"zh", "en"} else part for part in parts]


def begins(pattern: list[str], asked: list[str]) -> bool:
    return pattern[: len(asked)] == asked


def test_the_plan_has_every_library_of_the_browser_and_says_how_to_add_one() -> None:
    text = section(DOCS["architecture.md"], "The browser's libraries")
    pins = json.loads((ROOT / "gallery/static/package.json").read_text())["dependencies"]
    assert {row[0].strip("`") for row in rows(text)} == set(pins)
    hook = (ROOT / "hatch_build.py").read_text()
    assert "`python hatch_build.py add NAME@VERSION`" in text
    assert 'case ["add", *names]' in hook
    assert "`[tool.hatch.build.hooks.custom.files]`" in text
    assert "[tool.hatch.build.hooks.custom.files]" in (ROOT / "pyproject.toml").read_text()


# Decisions


def decisions() -> list[str]:
    return re.split(r"^(?=## )", DOCS["decisions.md"], flags=re.MULTILINE)[1:]


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(found[1]) if (found := re.match(r"## (\d+)\. ", each)) else 0 for each in decisions()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


@pytest.mark.parametrize("decision", decisions(), ids=lambda text: text.splitlines()[0])
def test_each_decision_is_short_and_tells_its_price(decision: str) -> None:
    assert len([line for line in decision.splitlines() if line.strip()]) <= 12
    assert "\nPrice: " in decision


def test_the_table_of_renditions_is_the_one_that_was_decided() -> None:
    (decision,) = (unwrapped(each) for each in decisions() if "renditions" in each.splitlines()[0])
    assert set(map(str, WIDTHS)) <= set(re.findall(r"\d+", decision))
    spelt = {"avif": "AVIF", "webp": "WebP", "jpg": "JPEG"}
    for format in FORMATS:
        assert f"{spelt[format.name]} {format.quality}" in decision
        assert format.options.get("subsampling", "4:2:0") == "4:2:0"
    assert {"4:4:4", f"{developing.FULL_COLOUR_WIDTH} px"} <= set(re.findall(r"[\d:]*\d(?: px)?", decision))
    assert f"speed {FORMATS[0].options['speed']}" in decision


# Limits


def test_guaranteed_sizes_are_documented() -> None:
    documented = dict(re.findall(r"^\| ([A-Z][^|]*) \| (\d+) \|$", DOCS["operating.md"], re.MULTILINE))
    words = {"png": "PNG, grey or with a palette", "png, colour": "PNG, colour", "webp": "WebP"}
    words |= {"jpeg, progressive": "JPEG, progressive"}
    expected = {
        words.get(kind) or " with ".join([kind.split(", ")[0].upper(), *kind.split(", ")[1:]]): str(most)
        for kind, most in GUARANTEED_MEGAPIXELS.items()
    }
    assert documented == expected


def minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


def hours(duration: timedelta) -> int:
    return minutes(duration) // 60


VISITORS, PRESSES = appreciation_views.NEW_VISITOR_LIMIT, appreciation_views.PRESS_LIMIT
DAILY, *RETRIES = (minutes(pause) for pause in reversed(chores.RETRY_DELAYS))

# A document, a subject, and the figures that one paragraph, list item or row about this subject must state.
STATED: list[tuple[str, str, list[object]]] = [
    ("security", "characters", [passwords.MIN_PASSWORD_LENGTH]),
    (
        "security",
        "failed sign-ins",
        [
            sessions.ATTEMPTS_PER_PERSON,
            sessions.ATTEMPTS_PER_NETWORK,
            f"{minutes(limits.ATTEMPT_WINDOW)} minutes",
        ],
    ),
    (
        "security",
        "link by mail",
        [
            links.LINKS_PER_PERSON,
            links.LINKS_PER_NETWORK,
            f"{minutes(limits.ATTEMPT_WINDOW)} minutes",
            f"{minutes(links.MAIL_LINK_LIFETIME)} minutes",
        ],
    ),
    (
        "architecture",
        "5xx",
        [*map(minutes, mail_chores.RETRY_DELAYS), f"{mail_chores.GIVEN_UP_AFTER.days} days"],
    ),
    ("architecture", "secret of a link", [f"{mail_chores.MAILS_KEPT_FOR.days} days"]),
    ("architecture", "o'clock", [outbox.DIGEST_HOUR]),
    (
        "security",
        "applications",
        [application_views.APPLICATIONS_PER_NETWORK, f"{forms.SMALL_FORM_BYTES // 1000} kB", "60 fields"],
    ),
    (
        "security",
        "redirects",
        [
            link_check.MAX_REDIRECTS,
            f"{link_check.TIMEOUT_SECONDS} seconds",
            f"{link_check.MAX_HEAD_BYTES >> 10} kB",
        ],
    ),
    (
        "security",
        "address space",
        [
            f"{Limits().memory_bytes >> 20} MiB",
            f"{Limits().cpu_seconds} s",
            f"{child.MAX_FILE_BYTES >> 20} MiB",
        ],
    ),
    ("security", "million pixels", [Limits().max_pixels // 1_000_000]),
    ("security", "scans", [decoding.MAX_JPEG_SCANS]),
    ("security", "text fields", [uploads.MAX_FIELDS, f"{uploads.MAX_FIELD_BYTES // 1000} kB"]),
    ("security", "IIIF", [f"{iiif_requests.MAX_AREA:,}", f"{iiif_requests.MAX_SIDE:,}"]),
    (
        "security",
        tokens.PREFIX,
        [
            tokens.RANDOM_LENGTH + tokens.CHECK_LENGTH,
            tokens.CHECK_LENGTH,
            f"{max(tokens.LIFETIMES_DAYS)} days",
            tokens.MAX_TOKENS,
        ],
    ),
    ("security", "letters", [len(tokens.PREFIX) + tokens.SHOWN_LENGTH]),
    ("security", "wrong tokens", [access.MAX_WRONG_TOKENS, Settings.api_requests_per_minute]),
    ("security", "owner", [f"{hours(owner_requests.OBJECTION_PERIOD)} hours"]),
    ("security", "owner", [f"{owner_requests.PAUSE_AFTER_OBJECTION.days} days"]),
    ("security", "kept", [f"{hours(idempotency.ANSWER_RETENTION)} hours"]),
    ("decisions", "lease", [f"{idempotency.ANSWER_LEASE.seconds} s"]),
    (
        "security",
        "pieces",
        [partial_uploads.MAX_OPEN_UPLOADS, f"{partial_uploads.MAX_OPEN_BYTES // 10**9} GB"],
    ),
    (
        "security",
        "pieces",
        [f"{partial_uploads.LIFETIME.days} days", f"{partial_uploads.IDLE_TIMEOUT:.0f} s"],
    ),
    ("security", "random bits", [consents.CODE_LENGTH * 5, code_pages.CODE_ATTEMPTS.times]),
    (
        "security",
        "Appreciate",
        [VISITORS.times, PRESSES.times, f"{appreciation_views.COOKIE_AGE // 86_400} days"],
    ),
    ("security", "network", [support_links.COUNT_LIMIT.times]),
    ("architecture", "Thanked", [f"{appreciations.MAX_AGE:.0f} seconds"]),
    ("architecture", "lost", [chores.MAX_LOSSES]),
    ("architecture", "a minute", [*sorted(set(RETRIES) - {1})]),
]


@pytest.mark.parametrize(("document", "subject", "figures"), STATED)
def test_a_limit_is_stated_as_it_is(document: str, subject: str, figures: list[object]) -> None:
    blocks = re.split(r"\n\s*\n|\n(?=\s*(?:[-|] |\d+\. ))", DOCS[f"{document}.md"])
    about = [unwrapped(block) for block in blocks if subject in unwrapped(block)]
    assert any(all(re.search(rf"(?<![\d,]){figure}(?!\d)", text) for figure in figures) for text in about), (
        f"nothing in {document}.md about {subject!r} states {figures}"
    )


def test_units_of_limits_are_those_that_the_documents_use() -> None:
    """The documents say "an hour" and "a minute" where the code counts seconds, and small numbers in words."""
    assert report_views.REPORTS_PER_NETWORK == application_views.APPLICATIONS_PER_NETWORK
    assert (hours(limits.FORM_WINDOW), VISITORS.seconds) == (1, 3600)
    assert (PRESSES.seconds, access.WRONG_TOKENS_SECONDS, code_pages.CODE_ATTEMPTS.seconds) == (
        60,
        60,
        60,
    )
    assert (project_links.MAX_FAILURES, project_links.CHECK_INTERVAL.days) == (3, 1)
    assert (on_demand.MAX_CONCURRENT, on_demand.MAX_WAITING) == (2, 8)
    assert (chores.UNUSED_AFTER.days, DAILY, RETRIES[-1], count_writer.WRITE_INTERVAL) == (1, 24 * 60, 1, 1.0)
    assert all(
        word in "".join(visitors.BOT_PATTERNS) for word in ("bot", "crawl", "spider", "slurp", "preview")
    )


def test_folders_of_pictures_are_documented(tmp_path: Path) -> None:
    Storage(Settings(home=tmp_path, database_url="", media=tmp_path / "media"))
    made = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "media").iterdir()}
    assert made == {"media/private", "media/public", "media/scratch"}
    assert all(f"`{name}`" in DOCS["operating.md"] for name in made)


# Accounts


@pytest.mark.parametrize("statement", re.findall(r'"(UPDATE person [^"]+)"', DOCS["operating.md"]))
async def test_a_closed_account_cannot_sign_in_and_a_moved_one_can_be_invited(
    statement: str, tmp_path: Path, sqlite_template: Path
) -> None:
    path = tmp_path / "gallery.sqlite3"
    shutil.copyfile(sqlite_template, path)
    settings = settings_for(tmp_path, f"sqlite:///{path}")
    async with Database(settings):
        email = (await assemble()).partner.email
        assert await sessions.authenticate_by_password(email, PASSWORD, "192.0.2.1", settings)
        with closing(sqlite3.connect(path)) as connection, connection:
            assert connection.execute(statement.replace("teacher@example.org", email)).rowcount == 1
        assert await sessions.authenticate_by_password(email, PASSWORD, "192.0.2.1", settings) is None
        assert (
            await sessions.authenticate_by_password(f"old-{email}", PASSWORD, "192.0.2.1", settings) is None
        )
        assert await Person.exists(email=email) == ("'old-'" not in statement)


# Links


def markdown_files() -> list[Path]:
    return [
        path
        for path in sorted(ROOT.rglob("*.md"))
        if not LEFT_OUT & set(path.relative_to(ROOT).parts)
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]


def anchors(text: str) -> set[str]:
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("path", markdown_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


def test_every_document_is_named_in_the_readme() -> None:
    assert all(f"(docs/{name})" in README for name in DOCS)


def test_the_changelog_begins_with_what_is_not_released() -> None:
    assert PAGES["CHANGELOG.md"].split("\n## ")[1].startswith("Unreleased\n")


# The list of what was checked

# How many requirements of levels 1 and 2 each section of ASVS 5.0 has; they are numbered from 1, but for 15.4.2.
ASVS = (
    "1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 "
    "5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 "
    "8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 "
    "11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 "
    "15.1:3 15.2:3 15.3:7 15.4:1 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2"
)


def checked() -> list[list[str]]:
    return rows(section(DOCS["security.md"], "Against a published list: ASVS 5.0, level 2"))


def test_every_requirement_is_on_one_line_in_order() -> None:
    sections = [each.split(":") for each in ASVS.split()]
    asked = [
        "15.4.2" if name == "15.4" else f"{name}.{n}"
        for name, many in sections
        for n in range(1, int(many) + 1)
    ]
    documented: list[str] = []
    for first, _, last in (row[0].partition("–") for row in checked()):
        documented += asked[asked.index(first) : asked.index(last or first) + 1]
    assert documented == asked
    assert f"OWASP asks {len(asked)} things" in unwrapped(
        section(DOCS["security.md"], "Against a published list: ASVS 5.0, level 2")
    )


def test_every_line_says_whether_it_holds_and_why() -> None:
    for number, _, holds, why in checked():
        assert holds in {"yes", "in part", "no", "none", "keeper"}, number
        assert why.rstrip("|") or holds in {"none", "keeper"}, number


def test_each_test_that_is_named_is_there() -> None:
    named = re.findall(r"\b(tests/[\w/]+\.py)(?:::(\w+))?", DOCS["security.md"])
    assert named
    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or re.search(rf"^(async )?def {test}\(", (ROOT / path).read_text(), re.MULTILINE), (
            test
        )
