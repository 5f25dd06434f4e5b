"""The checks: their findings, and texts without any."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artists.models import AgreedBy, Consent
from gallery.artworks.works import TEXT_FIELDS
from gallery.images import image_similarity
from gallery.reviews.checks import CHECK_WORDS, alt_text, consent, duplicates, personal_data, picture, wording
from gallery.reviews.checks.findings import is_quoted, quoted_spans
from gallery.reviews.hints import HINT_SENTENCES
from gallery.web.languages import set_language


def rules(found: object) -> set[str]:
    return {each.rule for each in found}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "rule", "excerpt"),
    [
        ("电话13912345678。", "mobile", "13912345678"),
        ("+86 139-1234-5678", "mobile", "+86 139-1234-5678"),
        ("请拨010-62345678", "landline", "010-62345678"),
        ("(0871)6234567", "landline", "(0871)6234567"),
        ("身份证11010519491231002X", "identity", "11010519491231002X"),
        ("写信到 mama.li@example.com.cn 吧", "e_mail", "mama.li@example.com.cn"),
        ("微信号：zhang_laoshi88", "chat", "微信号：zhang_laoshi88"),
        ("加QQ 123456789", "chat", "QQ 123456789"),
        ("家住人民路128号3栋", "address", "家住人民路128号3栋"),
        ("12 Green Garden Road", "address", "12 Green Garden Road"),
        ("他在王家坝小学读书", "school", "王家坝小学"),
        ("就读于昭通市第一中学", "school", "昭通市第一中学"),
        ("She goes to Wangjiaba Primary School", "school", "Wangjiaba Primary School"),
        ("来自石门坎村", "village", "石门坎村"),
    ],
)
def test_personal_data_is_found_where_it_stands(text: str, rule: str, excerpt: str) -> None:
    found = list(personal_data.check({"story": text}))
    assert [(each.rule, each.excerpt) for each in found] == [(rule, excerpt)]


@pytest.mark.parametrize(
    "text",
    [
        "他画了2022年12月22日的雪。",
        "在乡村小学里，孩子们画画。",
        "我们学校的老师帮忙勾线。",
        "这所学校没有美术课。",
        "他上小学三年级。",
        "一座山村，一个小镇。",
        "全村的人都来看。",
        "编号 139123456789012",
        "身份证110105194912310021",  # a wrong check digit
        "圆周率3.14159265358979",
        "画里有110105个点",
        "希望小学的孩子",
        "He painted 12 dumplings on the road.",
    ],
)
def test_what_is_no_personal_data_is_left_alone(text: str) -> None:
    assert list(personal_data.check({"story": text})) == []


def test_identity_numbers_by_their_check_digit() -> None:
    """The example of GB 11643-1999, and every other last character."""
    right = "11010519491231002X"
    assert personal_data.is_identity_number(right)
    assert personal_data.is_identity_number(right.lower())
    assert not any(personal_data.is_identity_number(right[:17] + digit) for digit in "0123456789")
    for wrong in ("99010519491231002X", "11010519491331002X", "1101051949123100", "１１０１０５19491231002X"):
        assert not personal_data.is_identity_number(wrong)


@given(st.integers(min_value=0, max_value=999))
def test_of_all_last_characters_one_is_right(number: int) -> None:
    first = f"11010520001231{number:03d}"
    assert sum(personal_data.is_identity_number(first + last) for last in personal_data.CHECK_DIGITS) == 1


@given(st.text(alphabet='微信号:村小学在的他路12号3栋139 abc@x.cn"“”>\n0-', max_size=60))
def test_no_text_breaks_a_check_and_each_finding_stands_in_its_text(text: str) -> None:
    texts = dict.fromkeys(TEXT_FIELDS, text)
    for found in (*personal_data.check(texts), *wording.check(texts), *alt_text.check(texts, "zh")):
        assert found.excerpt in texts[found.field]


def test_words_are_hinted_at_with_what_to_write_instead() -> None:
    found = list(wording.check({"story": "他是自闭症。", "story[en]": "He suffers from autism."}))
    assert [(each.field, each.excerpt) for each in found] == [
        ("story", "自闭症"),
        ("story[en]", "suffers from"),
    ]


@pytest.mark.parametrize(
    "text", ["他是孤独症青年。", "Everybody sat down.", "聋哑学校", "Thinsane", "The blinds were red."]
)
def test_respectful_words_are_left_alone(text: str) -> None:
    assert list(wording.check({"story": text})) == []


def test_somebodys_own_words_are_marked() -> None:
    texts = {"story": "妈妈说他是自闭症。\n\n> 我是自闭症，可我会画画。\n\n他说：“正常人看不到。”"}
    found = {(each.excerpt, each.is_quoted) for each in wording.check(texts)}
    assert found == {("自闭症", False), ("自闭症", True), ("正常人", True)}
    assert quoted_spans("a “b” c") == [(2, 5)]
    assert not is_quoted("a “b” c", 0, 1)


def test_the_list_of_words_is_whole() -> None:
    listed = wording.wording_list()
    assert len({entry.id for entry in listed.entries}) == len(listed.entries) >= 12
    for entry in listed.entries:
        assert entry.words
        assert entry.instead
        assert set(entry.why) == {"zh", "en"}
        assert entry.source in listed.sources
        assert not any(entry.pattern.search(word) for word in entry.instead.split("、"))
    assert {entry.language for entry in listed.entries} == {"zh", "en"}


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("IMG_2041.jpg", "", {"file_name"}),
        ("微信图片_20221222", "", {"file_name"}),
        ("这是一张图片，上面有五个汤圆", "", {"picture_of"}),
        ("A picture of a blue bowl", "", {"picture_of"}),
        ("冬至吃汤圆啦！", "冬至吃汤圆啦", {"title_again"}),
        ("汤圆", "冬至", {"short"}),
        ("一位孤独症青年画的足球运动员", "", {"diagnosis"}),
        ("一只蓝碗，里面有五个白汤圆，冒着热气", "冬至", set()),
        ("", "冬至", set()),
    ],
)
def test_alt_text_that_does_not_help(text: str, title: str, expected: set[str]) -> None:
    language = "en" if text.isascii() and text and " " in text else "zh"
    assert rules(alt_text.check({"alt_text": text, "title": title}, language)) == expected


def consent_of(**values: object) -> Consent:
    return Consent(
        **{
            "agreed_by": AgreedBy.PARENT,
            "for_web": True,
            "for_sharing": True,
            "starts_on": date(2026, 1, 1),
            "assent": "我愿意。",
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, set()),
        ({"ends_on": date(2026, 6, 1) + timedelta(days=30)}, {"ends_soon"}),
        ({"ends_on": date(2026, 5, 1)}, {"not_in_force"}),
        ({"for_web": False}, {"not_web"}),
        ({"for_sharing": False}, {"not_sharing"}),
        ({"assent": " "}, {"no_assent"}),
        ({"assent": "", "agreed_by": AgreedBy.ARTIST}, set()),
    ],
)
def test_what_a_curator_may_want_to_know_of_a_consent(values: dict[str, object], expected: set[str]) -> None:
    assert rules(consent.check(consent_of(**values), date(2026, 6, 1))) == expected
    assert rules(consent.check(None, date(2026, 6, 1))) == set()


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1600, 900), set()), ((900, 1200), set()), ((1199, 800), {"small"}), ((600, 639), {"tiny"})],
)
def test_small_pictures(size: tuple[int, int], expected: set[str]) -> None:
    assert rules(picture.check(*size, None)) == expected


def test_blurred_pictures() -> None:
    assert rules(picture.check(1600, 1200, picture.BLURRED)) == {"blurred"}
    assert rules(picture.check(1600, 1200, picture.BLURRED - 1)) == set()
    assert rules(picture.check(800, 600, 1000)) == {"small", "blurred"}


def test_each_rule_has_its_sentence_in_both_languages() -> None:
    facts = {"day": "x", "width": "1", "height": "2"}
    for language in ("zh", "en"):
        set_language(language)
        assert all(str(sentence) % facts for sentence in HINT_SENTENCES.values())
        assert all(str(word) for word in CHECK_WORDS.values())
    named = {name.partition(".")[2] for name in HINT_SENTENCES if name.startswith("personal_data.")}
    assert named == set(personal_data.RULES)


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=image_similarity.MAX_HASH_DISTANCE))
def test_every_near_hash_shares_a_neighbouring_band(number: int, bits: set[int]) -> None:
    one = f"{number:016x}"
    other = f"{number ^ sum(1 << bit for bit in bits):016x}"
    assert image_similarity.hash_distance(one, other) == len(bits)
    assert duplicates.neighbouring_codes(one) & set(duplicates.hash_bands(other))
    assert image_similarity.mirrored_hash(image_similarity.mirrored_hash(one)) == one


def test_there_are_548_neighbouring_codes() -> None:
    assert len(duplicates.neighbouring_codes("0123456789abcdef")) == 4 * (1 + 16 + 120)
