"""The documents say what the code does: settings, commands, folders, addresses, limits and links."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.routing import Route

from gallery.accounts import links, passwords, sessions
from gallery.accounts.models import Person
from gallery.api import access, idempotency, tokens
from gallery.app import feature_routes
from gallery.artists import consents
from gallery.cli import main
from gallery.db.connection import Database
from gallery.images import chores, iiif_requests, on_demand, partial_uploads, uploads
from gallery.images.renditions import FORMATS, WIDTHS
from gallery.images.sandbox import child, pixels
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
from gallery.web.languages import LANGUAGES
from gallery.web.rendering import SecretConvertor
from gallery.withdrawals import views as withdrawal_views
from tests.cast import PASSWORD, assemble
from tests.conftest import settings_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DOCS = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {"README.md": README, "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text(), **DOCS}
LEFT_OUT = {".venv", ".git", "node_modules", "vendor", "demo", "build", "dist"}


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"There is no section {heading!r}"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in `text`, without their heads."""
    cells = [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return [row for number, row in enumerate(cells) if not re.fullmatch("-+", row[0]) and number]


def unwrapped(text: str) -> str:
    """`text` as it is read: without line ends and marks of emphasis or code."""
    return " ".join(re.sub(r"[*`]", "", text).split())


def in_code(text: str) -> Iterator[str]:
    """The lines of code blocks, and the code within sentences."""
    block = r"^[ ]*```[a-z]*\n(.*?)^[ ]*```$"
    for found in re.findall(block, text, re.MULTILINE | re.DOTALL):
        yield from found.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(block, "", text, flags=re.MULTILINE | re.DOTALL))


# Settings


def settings_told() -> dict[str, str]:
    """The README's settings with their defaults."""
    return {row[0].strip("`"): row[1] for row in rows(section(README, "Settings")) if row[0].startswith("`")}


def test_the_readme_has_every_setting_and_no_other() -> None:
    assert set(settings_told()) == {f"GALLERY_{field.name.upper()}" for field in dataclasses.fields(Settings)}


@pytest.mark.parametrize(
    "field",
    [field for field in dataclasses.fields(Settings) if field.default not in (dataclasses.MISSING, "")],
    ids=lambda field: field.name,
)
def test_the_readme_has_each_default(field: dataclasses.Field[object]) -> None:
    default = int(field.default) if isinstance(field.default, bool) else field.default
    assert settings_told()[f"GALLERY_{field.name.upper()}"] == f"`{default}`"


@pytest.mark.parametrize("name", PAGES)
def test_each_variable_that_is_named_is_read(name: str) -> None:
    readers = (
        "tests/browser/conftest.py",
        "tests/images/test_formats.py",
        "tests/interop/test_manifest_readers.py",
        "tests/proxies.py",
    )
    read_by_tests = "".join((ROOT / path).read_text() for path in readers)
    for variable in set(re.findall(r"\bGALLERY_[A-Z_]*[A-Z]\b", PAGES[name])) - set(settings_told()):
        assert f'"{variable}"' in read_by_tests, variable


# Addresses that are keys

# Parameters of routes that could be a key by their names, and are none.
NO_KEYS = {
    "/media/{token}/{name}": "a picture that everybody may see",
    "/iiif/{token}": "likewise",
    "/logos/{token}.jpg": "likewise",
    "/desk/uploads/{token}": "answers only to who began the upload",
    "/api/v1/uploads/{token}": "likewise",
    "/desk/organisations/{id:int}/tokens/{token:int}/deletion": "the number of a row",
}


def secret_beginnings() -> set[str]:
    """What the addresses begin with that are keys, as the routes declare them."""
    beginnings = set()
    for route in feature_routes():
        for name, convertor in route.param_convertors.items():
            if isinstance(convertor, SecretConvertor):
                before = route.path.partition(f"{{{name}:")[0]
                beginnings |= {
                    re.sub(r"\{language[^}]*\}", language, before).partition("{")[0] for language in LANGUAGES
                }
    return {
        each
        for each in beginnings
        if not any(each != other and each.startswith(other) for other in beginnings)
    }


def test_the_proxy_is_told_which_addresses_not_to_log() -> None:
    text = DOCS["operating.md"]
    (sentence,) = re.findall(r"^Addresses under (.*?) are keys\.", text, re.MULTILINE)
    assert set(re.findall("`([^`]+)`", sentence)) == secret_beginnings()
    (location,) = re.findall(r"location ~ \^/\(([^)]+)\) \{\n +access_log off;", text)
    assert {f"/{each}" for each in location.split("|")} == secret_beginnings()


def test_each_parameter_that_could_be_a_key_is_declared_one_or_is_none() -> None:
    undeclared = {
        route.path
        for route in feature_routes()
        for name, convertor in route.param_convertors.items()
        if name in {"token", "code", "secret", "signature"} and not isinstance(convertor, SecretConvertor)
    }
    assert {path for path in undeclared if not path.startswith(tuple(NO_KEYS))} == set()


# Commands


def test_every_command_is_told() -> None:
    told = {line.split()[1] for line in in_code(README + DOCS["operating.md"]) if is_command(line)}
    assert told == set(main.commands)


def is_command(line: str) -> bool:
    return re.match(r"(gallery|keep) [a-z]", line) is not None


@pytest.mark.parametrize("name", PAGES)
def test_each_command_that_is_told_exists_with_its_options(name: str) -> None:
    for line in filter(is_command, in_code(PAGES[name])):
        words = line.split()
        command = main.commands[words[1]]
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in words[2:] if word.startswith("--")} <= options, line


@pytest.mark.parametrize("name", PAGES)
def test_each_make_target_that_is_told_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {line.split()[1] for line in in_code(PAGES[name]) if re.match(r"make [a-z]", line)}
    assert told <= targets
    if name == "README.md":
        assert told == targets


# The plan


def test_the_map_has_every_folder_of_the_package_and_only_folders_that_are_there() -> None:
    told = {row[0].strip("`").rstrip("/") for row in rows(section(README, "Map")) if row[0].startswith("`")}
    there = {
        f"gallery/{path.name}"
        for path in (ROOT / "gallery").iterdir()
        if path.is_dir() and path.name not in {"__pycache__", "templates", "vendor"}
    }
    assert {name for name in told if name.startswith("gallery/")} == there
    assert all((ROOT / name).is_dir() for name in told)
    assert {"gallery", "templates", "tests", "docs", "media"} <= told


def test_the_plan_has_every_root_module() -> None:
    told = {row[0].strip("`") for row in rows(section(DOCS["architecture.md"], "The plan of the house"))}
    package = ROOT / "gallery"
    there = {
        str(path.relative_to(package))
        for pattern in ("*.py", "db/*.py", "web/*.py")
        for path in package.glob(pattern)
        if path.name != "__init__.py"
    }
    assert told == there | {"storage/"}


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
    (told,) = (unwrapped(each) for each in decisions() if "One table of renditions" in each)
    assert f"Widths {', '.join(map(str, WIDTHS))} px" in told
    spelt = {"avif": "AVIF", "webp": "WebP", "jpg": "JPEG"}
    for format in FORMATS:
        assert f"{spelt[format.name]} {format.quality}" in told
        assert format.options.get("subsampling", "4:2:0") == "4:2:0"
    assert f"JPEG up to {pixels.FULL_COLOUR_WIDTH} px: 4:4:4" in told
    assert f"AVIF {FORMATS[0].quality} at speed {FORMATS[0].options['speed']}" in told


# Limits


def test_the_sizes_that_are_promised_are_told_as_they_are() -> None:
    told = dict(re.findall(r"^\| ([A-Z][^|]*) \| (\d+) \|$", DOCS["operating.md"], re.MULTILINE))
    words = {"png": "PNG, grey or with a palette", "png, colour": "PNG, colour", "webp": "WebP"}
    words |= {"jpeg, progressive": "JPEG, progressive"}
    expected = {
        words.get(kind) or " with ".join([kind.split(", ")[0].upper(), *kind.split(", ")[1:]]): str(most)
        for kind, most in GUARANTEED_MEGAPIXELS.items()
    }
    assert told == expected


def test_limits_are_told_as_they_are() -> None:
    security, architecture = unwrapped(DOCS["security.md"]), unwrapped(DOCS["architecture.md"])
    limits = Limits()
    minutes = int(sessions.ATTEMPT_WINDOW.total_seconds() // 60)
    assert f"at least {passwords.MIN_PASSWORD_LENGTH} characters" in security
    assert f"After {sessions.ATTEMPTS_PER_PERSON} failed sign-ins for one e-mail address" in security
    assert f"or {sessions.ATTEMPTS_PER_NETWORK} from one network (an IPv4 address, or" in security
    assert f"At most {links.LINKS_PER_PERSON} links are asked for one e-mail address" in security
    assert f"{links.LINKS_PER_NETWORK} from one network, within {minutes} minutes." in security
    assert f"within {int(links.MAIL_LINK_LIFETIME.total_seconds() // 60)} minutes. Opening it" in security
    waits = [int(wait.total_seconds() // 60) for wait in mail_chores.RETRY_DELAYS]
    *first, last = map(str, waits)
    assert f"lets it wait {', '.join(first)} and then each time {last} minutes" in architecture
    assert f"for {mail_chores.GIVEN_UP_AFTER.days} days" in architecture
    assert f"After {mail_chores.MAILS_KEPT_FOR.days} days the row is deleted" in architecture
    assert f"at {outbox.DIGEST_HOUR} o'clock" in architecture
    applications = application_views.APPLICATION_LIMIT
    assert f"at most {applications.times} applications an hour, and as many reports" in security
    assert report_views.REPORT_LIMIT.times == applications.times
    assert applications.seconds == report_views.REPORT_LIMIT.seconds == 3600
    assert f"up to {forms.SMALL_FORM_BYTES // 1000} kB and 60 fields" in security
    assert f"at most {link_check.MAX_REDIRECTS} redirects" in security
    assert (
        f"at most {link_check.TIMEOUT_SECONDS} seconds, reads at most {link_check.MAX_HEAD_BYTES >> 10} kB"
        in security
    )
    assert (project_links.MAX_FAILURES, project_links.CHECK_INTERVAL.days) == (3, 1)
    assert f"address space ({limits.memory_bytes >> 20} MiB)" in security
    assert f"processor time ({limits.cpu_seconds} s)" in security
    assert f"written files ({child.MAX_FILE_BYTES >> 20} MiB)" in security
    assert f"more than {limits.max_pixels // 1_000_000} million pixels" in security
    assert f"more than {pixels.MAX_JPEG_SCANS} scans" in security
    assert f"{uploads.MAX_FIELDS} text fields and {uploads.MAX_FIELD_BYTES // 1000} kB" in security
    assert (
        f"more than {iiif_requests.MAX_AREA:,} pixels or a side above {iiif_requests.MAX_SIDE:,}" in security
    )
    assert (on_demand.MAX_CONCURRENT, on_demand.MAX_WAITING) == (2, 8)
    assert "runs two for them at once and lets eight wait" in security
    assert (
        f"`{tokens.PREFIX}` and {tokens.RANDOM_LENGTH + tokens.CHECK_LENGTH} letters" in DOCS["security.md"]
    )
    assert f"the last {tokens.CHECK_LENGTH} a check" in security
    assert f"first {len(tokens.PREFIX) + tokens.SHOWN_LENGTH} letters" in security
    assert f"after at most {max(tokens.LIFETIMES_DAYS)} days" in security
    assert f"At most {tokens.MAX_TOKENS} of an organisation" in security
    assert f"After {access.MAX_WRONG_TOKENS} wrong tokens from one network within a minute" in security
    assert access.WRONG_TOKENS_SECONDS == 60
    assert f"may ask {Settings.api_requests_per_minute} times a minute" in security
    hours = owner_requests.OBJECTION_PERIOD.total_seconds() / 3600
    assert f"After {hours:.0f} hours, and not before these mails have left" in security
    assert f"nobody asks again for {owner_requests.PAUSE_AFTER_OBJECTION.days} days" in security
    assert f"is kept for {idempotency.ANSWER_RETENTION.total_seconds() / 3600:.0f} hours" in security
    assert f"a lease of {idempotency.ANSWER_LEASE.seconds} s that was committed" in unwrapped(
        DOCS["decisions.md"]
    )
    assert chores.UNUSED_AFTER.days == 1
    assert "deleted after a day" in security
    assert (
        f"{partial_uploads.MAX_OPEN_UPLOADS} uploads in pieces open, of {partial_uploads.MAX_OPEN_BYTES // 10**9} GB"
        in security
    )
    assert f"each ends {partial_uploads.LIFETIME.days} days" in security
    assert f"silent for {partial_uploads.IDLE_TIMEOUT:.0f} s" in security
    assert f"{consents.CODE_LENGTH * 5} random bits" in security
    assert f"limit of {withdrawal_views.CODE_ATTEMPTS.times} requests a minute" in security
    assert withdrawal_views.CODE_ATTEMPTS.seconds == 60
    fresh, presses = appreciation_views.NEW_VISITOR_LIMIT, appreciation_views.PRESS_LIMIT
    assert f"At most {fresh.times} new browsers an hour, and {presses.times} presses a minute" in security
    assert (fresh.seconds, presses.seconds, count_writer.WRITE_INTERVAL) == (3600, 60, 1.0)
    assert f"for {appreciation_views.COOKIE_AGE // 86_400} days" in security
    assert f"More than {support_links.COUNT_LIMIT.times} a minute from one network" in security
    assert all(
        word in "".join(visitors.BOT_PATTERNS) for word in ("bot", "crawl", "spider", "slurp", "preview")
    )
    assert f"remembers for {appreciations.MAX_AGE:.0f} seconds" in architecture
    first_pause, *pauses = (int(pause.total_seconds() // 60) for pause in chores.RETRY_DELAYS)
    *growing, longest = sorted(set(pauses[:-1]))
    told_pauses = f"for a minute, then {', '.join(map(str, growing))} and {longest}, after a day once a day"
    assert told_pauses in architecture
    assert (first_pause, pauses[-1]) == (1, 24 * 60)
    assert f"lost {chores.MAX_LOSSES} times" in architecture


def test_folders_of_pictures_are_told_as_they_are(tmp_path: Path) -> None:
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
    told: list[str] = []
    for first, _, last in (row[0].partition("–") for row in checked()):
        told += asked[asked.index(first) : asked.index(last or first) + 1]
    assert told == asked
    assert f"asks {len(asked)} things" in unwrapped(DOCS["security.md"])


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
