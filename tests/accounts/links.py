"""Links by mail, as people ask for them."""

from __future__ import annotations

from gallery.mail.models import Mail
from tests.conftest import Site

WAYS = {
    "link": ("/desk/sign-in/link", "sign_in_link"),
    "password": ("/desk/sign-in/password", "password_reset"),
}


async def request_link(site: Site, way: str, email: str = "partner@example.org") -> str:
    """The path of the link that the mail holds, before the mail is sent."""
    path, kind = WAYS[way]
    answer = await (await site.client()).post(path, data={"email": email})
    assert answer.status_code == 200
    await answer_requests(site)
    mail = await Mail.filter(kind=kind).order_by("-id").first()
    assert mail is not None
    return f"{mail.path}{mail.secret}"


async def answer_requests(site: Site) -> None:
    from gallery.accounts.links import send_requested_link

    while await send_requested_link():
        pass
