"""https in front of the site: a real nginx, configured as in docs/operating.md."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest

from tests.proxies import nginx_with_https

pytestmark = pytest.mark.usefixtures("not_quick")  # it starts processes

HOST = "gallery.example.org"
NOBODY = "http://127.0.0.1:9"  # the site itself is not asked


async def test_people_are_led_to_https_and_programs_are_refused(tmp_path: Path) -> None:
    async with (
        nginx_with_https(NOBODY, tmp_path) as (plain, _, _),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{plain}", headers={"host": HOST}) as client,
    ):
        page = await client.get("/zh/works/abc?a=b")
        assert (page.status_code, page.headers["location"]) == (301, f"https://{HOST}/zh/works/abc?a=b")
        program = await client.get("/api/v1/works", headers={"authorization": "Bearer x"})
        assert (program.status_code, "location" in program.headers) == (403, False)


async def test_only_tls_1_2_and_1_3_are_spoken(tmp_path: Path) -> None:
    spoken = []
    async with nginx_with_https(NOBODY, tmp_path) as (_, secure, certificate):
        for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=certificate)
            context.set_ciphers("DEFAULT@SECLEVEL=0")  # or this end would refuse the old one
            context.minimum_version = context.maximum_version = version
            try:
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", secure, ssl=context, server_hostname=HOST
                )
            except (ssl.SSLError, ConnectionError):
                continue
            spoken.append(writer.get_extra_info("ssl_object").version())
            writer.close()
    assert spoken == ["TLSv1.2", "TLSv1.3"]
