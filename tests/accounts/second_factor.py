"""The second factor as people use it: an app with codes, passkeys, and the second step of a sign-in."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pyotp

from gallery.clock import now
from tests.accounts.authenticator import Authenticator
from tests.cast import PASSWORD
from tests.conftest import Site
from tests.markup import attribute, text_in, texts_in

PAGE = "/desk/account/second-factor"

ADDRESS = "http://localhost:8000"


def options_in(page: str, kind: str) -> dict[str, Any]:
    """What a page has for the browser's passkeys."""
    options: dict[str, Any] = json.loads(attribute(page, f"[data-passkey={kind}]", "data-options"))
    return options


async def set_up_app(client: httpx.AsyncClient) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator app; returns it with the recovery codes, if some were shown."""
    page = (await client.get(f"{PAGE}/app")).text
    app = pyotp.TOTP(text_in(page, "span.token").replace(" ", ""))
    sealed = attribute(page, "[name=sealed]", "value")
    answer = await client.post(f"{PAGE}/app", data={"sealed": sealed, "code": app.at(now())})
    assert answer.status_code in {200, 303}
    return app, codes_in(answer.text)


def code_of(app: pyotp.TOTP) -> str:
    """The app's next code, because the code of its setup is used up."""
    return app.at(now(), counter_offset=1)


def codes_in(page: str) -> list[str]:
    return [text for text in texts_in(page, "li") if re.fullmatch(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", text)]


async def add_passkey(client: httpx.AsyncClient, name: str = "My phone") -> Authenticator:
    device = Authenticator(ADDRESS)
    options = options_in((await client.get(PAGE)).text, "create")
    answer = await client.post(f"{PAGE}/passkeys", data={"name": name, "credential": device.create(options)})
    assert answer.status_code in {200, 303}
    return device


async def first_step(site: Site, email: str = "partner@example.org", path: str = "") -> httpx.AsyncClient:
    """A browser in which the password was right."""
    client = await site.client(**{"accept-language": "en"})
    answer = await client.post(f"/desk/sign-in?next={path}", data={"email": email, "password": PASSWORD})
    assert answer.headers["location"] == "/desk/sign-in/second"
    return client


async def second(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await client.post("/desk/sign-in/second", data=fields)


async def is_signed_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/desk/account")).status_code == 200
