"""Supporters for the tests: entered at the desk, and agreed to by the link in the mail."""

from __future__ import annotations

from typing import Any

from gallery.mail.models import Mail
from gallery.supporters.models import Supporter
from tests.conftest import Site

FIELDS = {
    **{"kind": "ambassador", "name[zh]": "林一", "name[en]": "Lin Yi", "reason[en]": "Because they paint."},
    **{"addresses": "https://linyi.example/", "email": "lin@example.org", "language": "en"},
}
ANSWER = {name: FIELDS[name] for name in ("name[zh]", "name[en]", "reason[en]", "addresses")}
BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "accept": "text/html,*/*",
    "accept-language": "en",
}


async def ask(site: Site, **fields: Any) -> tuple[Supporter, str]:
    """A supporter whom the curator asked, and the path of the page behind the link."""
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/supporters", data={**FIELDS, **fields})
    assert answer.status_code == 303, answer.text
    supporter = await Supporter.all().order_by("-id").first()
    assert supporter is not None
    return supporter, await mailed_path()


async def mailed_path() -> str:
    """The path of the link in the newest mail."""
    mail = await Mail.all().order_by("-id").first()
    assert mail is not None
    return f"/en/supporter/{mail.secret}"


async def agreed(site: Site, **fields: Any) -> tuple[Supporter, str]:
    """A supporter who agreed, and the path of their page."""
    supporter, path = await ask(site, **fields)
    answer = await (await site.client()).post(path, data={**ANSWER, "answer": "yes", "confirms": "y"})
    assert answer.status_code == 303, answer.text
    await supporter.refresh_from_db()
    return supporter, path
