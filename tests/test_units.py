"""The units of docs/server/systemd: systemd finds no fault, they confine, and the site works so confined."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gallery.images.models import Image, ImageState
from tests import factories
from tests.live import LiveSite, eventually
from tests.proxies import program
from tests.public.test_shared_caches import shown

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes

UNITS = Path(__file__).parents[1] / "docs/server/systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSURE = 3.0  # of 10, as systemd-analyze counts


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the units whose commands are on this machine."""
    shutil.copytree(UNITS, tmp_path / "units")
    for name in SERVICES:
        path = tmp_path / "units" / name
        path.write_text(path.read_text().replace("/srv/gallery/venv/bin/gallery", sys.executable))
    return tmp_path / "units"


@pytest.mark.parametrize("name", sorted(path.name for path in UNITS.glob("*.*") if path.is_file()))
def test_systemd_finds_no_fault(installed: Path, name: str) -> None:
    done = subprocess.run(
        [program("systemd-analyze"), "verify", installed / name], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_confined(installed: Path, name: str) -> None:
    command = [program("systemd-analyze"), "security", "--offline=yes", "--no-pager", installed / name]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSURE


def test_the_installation_names_files_and_units_that_exist() -> None:
    operating = (UNITS.parents[1] / "operating.md").read_text()
    for path in re.findall(r"\bsource/(docs/[\w./]+)", operating):
        assert (UNITS.parents[2] / path).exists(), path
    there = {path.name for path in UNITS.iterdir()}
    assert set(re.findall(r"`(gallery-[a-z-]+@?\.(?:service|timer))`", operating)) <= there
    enabled = {
        unit if unit.endswith(".timer") else f"{unit}.service"
        for line in re.findall(r"systemctl (?:enable --now|restart|reload|stop|start) (gallery.*)", operating)
        for unit in re.findall(r"gallery-[a-z.-]+[a-z]", line)
    }
    assert {"gallery-site.service", "gallery-backup.timer"} <= enabled <= there


def test_the_rules_refuse_what_they_name() -> None:
    program("systemd-analyze")
    tried = """
import ctypes, errno, mmap, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def refused(call):
    try: call()
    except OSError as error: return error.errno
refusals = [
    refused(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)),
    refused(lambda: os.chroot("/")),
    refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
]
assert refusals == [errno.EPERM, errno.EPERM, errno.EAFNOSUPPORT], refusals
assert libc.unshare(0x10000000) == -1
"""
    done = subprocess.run(
        [sys.executable, "-m", "tests.confined", sys.executable, "-c", tried], cwd=UNITS.parents[2]
    )
    assert done.returncode == 0


async def test_pictures_are_opened_and_words_set_under_these_rules(live: LiveSite) -> None:
    program("systemd-analyze")
    _, _, addresses = await shown(live.storage, live)
    waiting = await factories.received(live.storage, live.cast.organisation)
    address = await live.serve("--processes", "1", under=(sys.executable, "-m", "tests.confined"))
    status = Path(f"/proc/{live.processes[0].pid}/status").read_text()
    assert re.search(r"^NoNewPrivs:\s*1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\s*2$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\s*0+$", status, re.MULTILINE) or os.getuid() != 0

    async def is_developed() -> bool:
        return (await Image.get(id=waiting.id)).state == ImageState.READY

    await eventually(is_developed)
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for path in addresses:
            if path.startswith(("/iiif/", "/sharing/")) and path.endswith((".jpg", ".png")):
                answer = await client.get(path, follow_redirects=True)
                assert (answer.status_code, answer.headers["content-type"][:6]) == (200, "image/"), path
