"""The sentence of a story that is shown large: whole, unchanged, and never made up."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery.artworks.sentences import NO_SENTENCE, own_sentence, sentences_in
from gallery.web.languages import use_language
from gallery.web.markdown import display_width, markdown_to_text
from gallery.web.texts import Texts

TIGER = "帽子是太姥姥缝的，传到妞妞是第四个头。戴上它，打针就不哭。“老虎不哭，老虎只是眼睛湿了。”她说。"


@pytest.mark.parametrize(
    ("language", "story", "expected"),
    [
        ("zh", TIGER, "“老虎不哭，老虎只是眼睛湿了。”"),
        ("zh", "他说：“我不怕黑，我怕没灯”。后来灯亮了。", "“我不怕黑，我怕没灯”。"),
        ("zh", "南方叫“冬至圆”。**圆**就是团圆，一家人坐在一起。", "圆就是团圆，一家人坐在一起。"),
        ("zh", "「下雪了，快來看！」妹妹喊。", "「下雪了，快來看！」"),
        ("zh", "下了两天雪。猫睡着，我画了猫。", "猫睡着，我画了猫。"),
        ("zh", "一行字没有句号", None),
        ("zh", "好。", None),
        (
            "en",
            "Dr. Li laughed at 3.5 dumplings. Then he ate every single one of them. Oh.",
            "Dr. Li laughed at 3.5 dumplings.",
        ),
        (
            "en",
            "“Tigers don’t cry. Their eyes are wet,” she said.",
            "“Tigers don’t cry. Their eyes are wet,” she said.",
        ),
        ("en", "‘I don’t cry, I am a tiger.’ That is all.", "‘I don’t cry, I am a tiger.’"),
        ("en", '"Why is it so cold here?" she asked. We went in.', '"Why is it so cold here?"'),
        ("en", "# A heading\n\n- one of several items\n- this one is whole.", "this one is whole."),
        ("bo", "མཚན་མོ་རིང་པོ་ཡིན། ཡིན་ནའང་ཉི་མ་ཤར་སོང་།", "མཚན་མོ་རིང་པོ་ཡིན།"),
        ("ug", "ئىككى كۈن قار ياغدى. مۈشۈك ئۇخلىدى، مەن مۈشۈكنى سىزدىم.", "ئىككى كۈن قار ياغدى."),
        ("zh", "她写道 “Snow is white paper.” 我们读了。", "“Snow is white paper.”"),
    ],
)
def test_quotation_or_else_shortest_whole_sentence(language: str, story: str, expected: str | None) -> None:
    with use_language(language if language in ("zh", "en") else "zh"):
        found = own_sentence(Texts({language: story}), language)
    assert (found and found.text.text) == expected
    assert found is None or found.text.language == language


def test_curators_choice_while_it_is_a_sentence_of_the_story() -> None:
    story = Texts({"zh": TIGER, "en": "The hat was sewn by her great-grandmother. It is the fourth head."})
    chosen = Texts({"zh": "戴上它，打针就不哭。", "en": NO_SENTENCE})
    with use_language("zh"):
        found = own_sentence(story, "zh", chosen)
        assert found
        assert found.text.text == "戴上它，打针就不哭。"
        assert found.is_chosen
        assert not found.is_quoted
        gone = own_sentence(story, "zh", Texts({"zh": "戴上它，打针"}))
        assert gone
        assert gone.is_quoted
        assert not gone.is_chosen
    with use_language("en"):
        assert own_sentence(story, "zh", chosen) is None
    assert {each.text for each in sentences_in(TIGER) if each.is_quoted} == {"“老虎不哭，老虎只是眼睛湿了。”"}


pieces = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "“",
                "”",
                "‘",
                "’",
                '"',
                "「",
                "」",
                "（",
                "）",
                "。",
                "！",
                ". ",
                "? ",
                "…",
                "།",
                "\n",
                "\n\n",
                "- ",
            ]
        ),
        st.sampled_from(
            ["**", "# ", "> ", "[a](https://x.example)", "老虎不哭", "don’t ", "Dr", "3.5", "ཡིན", "：", " "]
        ),
        st.text(max_size=6),
    ),
    max_size=30,
).map("".join)


@given(pieces)
@example(TIGER)
@example("“。”")
def test_sentence_is_always_an_unchanged_part_that_ends_with_a_full_stop(story: str) -> None:
    plain = markdown_to_text(story)
    for text, _is_quoted in sentences_in(story):
        assert text
        assert text in plain
        assert text.rstrip('”’」』»")）')[-1:] in tuple("。！？!?.…།༎।؟۔᠃")
    with use_language("zh"):
        found = own_sentence(Texts({"zh": story}), "zh")
    assert found is None or 8 <= display_width(found.text.text) <= 100
