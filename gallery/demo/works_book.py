"""The demo's picture book: a work with eight pictures."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from gallery.demo.content import SOLSTICE, DemoPage, DemoText, DemoWork


def page(number: int, zh: str, en: str, alt_zh: str, alt_en: str) -> DemoPage:
    return DemoPage(f"moon-walk-{number}", DemoText(alt_zh, alt_en), DemoText(zh, en))


BOOK = (
    DemoWork(
        "moon-walk",
        "mountain-rain",
        DemoText("豆豆（化名）", "Doudou (a pseudonym)"),
        DemoText("月亮去散步", "The Moon Goes for a Walk"),
        DemoText(
            "一年里最长的一夜，月亮也站累了。它从屋顶上下来，滚过山坡，照了照池塘，在柿子树上打了个盹，最后看中了一张小床。天亮以后，它才想起来：该回去了。\n\n"
            "豆豆八岁，一共剪了八页。他说：“冬至的夜最长，够月亮走完一圈。”",
            "On the longest night of the year even the moon grew tired of standing. It climbed down over the roofs, rolled down a hill, looked into a pond, dozed in a persimmon tree and at last took a liking to a small bed. Only in the morning did it remember: time to go back.\n\n"
            "Doudou is eight, and cut all eight pages. “The night of the solstice is long enough for the moon to go all the way round.”",
        ),
        DemoText(
            "封面：深蓝的夜空中央，一轮有笑脸的大月亮几乎占满天空，右下角的山坡上坐着一只黑猫。",
            "The cover: in the middle of a deep blue night a huge smiling moon almost fills the sky; on a hill at the lower right sits a black cat.",
        ),
        DemoText("剪纸拼贴", "Cut-paper collage"),
        DemoText("老师帮忙把八页订在一起", "A teacher bound the eight pages"),
        "2023年冬",
        "30 × 24 cm",
        (SOLSTICE,),
        agreed_by="parent",
        assent="可以看，要从第一页看起。",
        pages=(
            page(
                2,
                "它从屋顶上下来。",
                "It climbs down over the roofs.",
                "五座红黄相间的小屋亮着窗，右上角的月亮沿着一串光点走下来。",
                "Five small red and yellow houses with lit windows; the moon at the upper right comes down along a row of dots of light.",
            ),
            page(
                3,
                "它滚下山坡，草都弯了腰。",
                "It rolls down the hill, and the grass bows.",
                "一道长长的绿色山坡从左上斜到右下，月亮在坡顶打滚，草叶被风吹向一边，坡上开着白花。",
                "A long green slope runs from upper left to lower right; the moon rolls along it, the grass is blown to one side, and white flowers grow below.",
            ),
            page(
                4,
                "池塘里还有一个月亮。",
                "There is another moon in the pond.",
                "左上是月亮，下面池塘里有它被水纹切开的倒影，右边长着香蒲，水上漂着睡莲。",
                "The moon at the upper left, and below it its reflection, cut up by ripples; bulrushes on the right, water lilies afloat.",
            ),
            page(
                5,
                "它在柿子树上打了个盹。",
                "It dozes in the persimmon tree.",
                "一棵深色的柿子树挂满橙红的柿子，闭着眼睛的小月亮靠在树枝中间。",
                "A dark tree hung with orange persimmons; among the branches leans a small moon with closed eyes.",
            ),
            page(
                6,
                "“猫，你家里暖和吗？”",
                "“Cat, is it warm in there?”",
                "砖红色的墙上有一扇窗，月亮从窗外往里看，窗台上坐着黑猫，还有一瓶红花。",
                "A window in a brick-red wall; the moon looks in from outside, and on the sill sit a black cat and a vase of red flowers.",
            ),
            page(
                7,
                "嘘，它睡着了。",
                "Hush, it is asleep.",
                "木床上，闭着眼睛的月亮枕着白枕头，盖着一床五颜六色的百衲被。",
                "In a wooden bed the moon sleeps on a white pillow under a patchwork blanket of many colours.",
            ),
            page(
                8,
                "天亮了，月亮也回去了。",
                "Morning: the moon has gone back.",
                "橘红的太阳从青山后升起，天上只剩一个淡淡的小圆月，屋前坐着黑猫。",
                "An orange sun rises behind green hills; in the sky only a small pale moon is left, and the black cat sits before a house.",
            ),
        ),
    ),
)
