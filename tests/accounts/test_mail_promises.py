"""No page promises a mail where no mail server is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.settings import Settings
from tests.conftest import Site, settings_for


@pytest.fixture(params=["", "smtp://127.0.0.1:9"], ids=["no server", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Settings:
    return settings_for(tmp_path, database_url, smtp_url=request.param)


@pytest.mark.parametrize("path", ["/desk/sign-in/link", "/desk/sign-in/password"])
async def test_a_link_for_signing_in(site: Site, path: str) -> None:
    answer = await (await site.client()).post(path, data={"email": "partner@example.org"})
    assert ("链接已经发出" in answer.text) is bool(site.settings.smtp_url)
    assert ("没有设置邮件服务器" in answer.text) is not bool(site.settings.smtp_url)


async def test_an_invitation(site: Site) -> None:
    keeper = await site.client(site.cast.keeper)
    answer = await keeper.post(
        "/desk/invitations-sent",
        data={"email": "new@example.org", "role": "curator", "language": "zh"},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    assert ("is on its way to new@example.org" in answer.text) is bool(site.settings.smtp_url)
    assert ("gets no mail" in answer.text) is not bool(site.settings.smtp_url)
    assert "/desk/invitations/" in answer.text
