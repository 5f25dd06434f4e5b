"""compose.yaml and Containerfile: every service is confined, and what they name exists."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gallery.settings import Settings

ROOT = Path(__file__).parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
CONTAINERFILE = (ROOT / "Containerfile").read_text()
WITHOUT_HEALTH = {
    "prepare": "it ends",
    "worker": "it answers nobody; /readyz of the site says whether it is alive",
}


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_each_service_is_confined_and_says_whether_it_is_well(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if "build" in service:
        stage = re.split(r"^FROM .* AS ", CONTAINERFILE, flags=re.MULTILINE)
        (own,) = [each for each in stage if each.startswith(f"{service['build']['target']}\n")]
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", own, re.MULTILINE)
    else:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    # Debian's Caddy has no program that asks, and the site behind it is asked.
    assert "healthcheck" in service or name in WITHOUT_HEALTH or name == "proxy"


def test_volumes_have_names_and_only_the_proxy_can_be_reached() -> None:
    used = {
        volume.partition(":")[0] for service in COMPOSE["services"].values() for volume in service["volumes"]
    }
    assert used == set(COMPOSE["volumes"])
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["proxy"]


def test_the_settings_that_are_set_exist() -> None:
    known = {f"GALLERY_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    named = set(COMPOSE["services"]["site"]["environment"])
    assert {name for name in named if name.startswith("GALLERY_")} <= known
    read_by_caddy = set(re.findall(r"\{\$([A-Z_]+):", (ROOT / "docs/server/Caddyfile").read_text()))
    assert read_by_caddy == {
        *COMPOSE["services"]["proxy"]["environment"],
        *re.findall(r"PROXY_HTTPS?_PORT", CONTAINERFILE),
    }


def test_database_and_backup_are_of_one_release() -> None:
    """pg_dump of Debian 12 is PostgreSQL 15, and refuses a newer server."""
    (server,) = re.findall(r"postgres:(\d+)", COMPOSE["services"]["database"]["image"])
    assert "bookworm" in CONTAINERFILE
    assert int(server) <= 15
