"""Which passwords are refused, and wherever one is chosen."""

from __future__ import annotations

import pytest

from gallery.accounts.invitations import invite
from gallery.accounts.models import Person, Role
from gallery.accounts.password_rules import COMMON_PASSWORD, PERSONAL_PASSWORD, password_weakness
from gallery.demo.content import PASSWORD as DEMO_PASSWORD
from tests.accounts.links import request_link
from tests.cast import PASSWORD
from tests.conftest import Site

NAMES = [
    "王小明",
    "Renée Müller",
    "xiaoming.wang@mail.example.org",
    "北京市晓更助残基金会",
    "Xiaogeng Foundation",
    "见光",
    "In the Light",
]


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "password123",
        "Password123!",
        "qwertyuiop",
        "qq123456789",
        "5201314520",
        "iloveyou123",
        "1q2w3e4r5t",
        "13812345678",
        "aaaaaaaaaaaa",
        "团圆团圆团圆团圆团圆团圆",
        "abcabcabc" * 20,
        "\0" * 12,
    ],
)
def test_common_and_leaked_passwords_are_refused(password: str) -> None:
    assert password_weakness(password, NAMES) is COMMON_PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "wangxiaoming1990",
        "XiaoMing_2026!",
        "Xiaogeng-2026!",
        "xiaogengfoundation",
        "晓更助残基金会2022",
        "晓更助残基金会!!",
        "beijingshixiaogeng",
        "王小明王小明王小明1",
        "renee.muller.88",
        "RENÉEMÜLLER88",
        "ｘｉａｏｇｅｎｇ２０２６",
        "inthelight2026",
        "mail.example.org",
    ],
)
def test_passwords_made_of_ones_names_are_refused(password: str) -> None:
    assert password_weakness(password, NAMES) is PERSONAL_PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        DEMO_PASSWORD,
        "kx7#Tq9!vw",
        "汤圆饺子月亮红灯笼",
        "foundation of trust and rain",
        "the teacher and the tall river",
        "x" + "汤圆饺子月亮红灯笼" * 10 + "y",
    ],
)
def test_others_are_taken(password: str) -> None:
    assert not password_weakness(password, NAMES)
    assert not password_weakness(password, [])


@pytest.mark.parametrize("password", ["password123", "xiaogeng 2026", "partner.example"])
async def test_they_are_refused_wherever_a_password_is_chosen(site: Site, password: str) -> None:
    guest, partner = await site.client(**{"accept-language": "en"}), await site.client(site.cast.partner)
    token = await invite(
        "partner.new@example.org",
        Role.MEMBER,
        days=1,
        organisation_id=site.cast.organisation.id,
        language="en",
    )
    invited = await guest.post(f"/desk/invitations/{token}", data={"name": "Partner", "password": password})
    reset = await guest.post(await request_link(site, "password"), data={"password": password})
    own = await partner.post("/desk/password", data={"present": PASSWORD, "password": password})
    for answer in (invited, reset, own):
        assert answer.status_code == 422
        assert "Please choose another" in answer.text
        assert password not in answer.text
    assert not await Person.exists(email="partner.new@example.org")


async def test_an_old_password_still_signs_in(site: Site) -> None:
    from gallery.accounts.passwords import hash_password

    await Person.filter(id=site.cast.partner.id).update(password_hash=await hash_password("password123"))
    answer = await (await site.client()).post(
        "/desk/sign-in", data={"email": "partner@example.org", "password": "password123"}
    )
    assert answer.status_code == 303
