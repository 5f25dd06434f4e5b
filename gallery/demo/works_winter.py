"""The demo's works for the solstice that show snow, trains and the returning sun."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from gallery.demo.content import SOLSTICE, DemoStage, DemoText, DemoWork

WINTER = (
    DemoWork(
        "snow-village",
        "clear-sound",
        DemoText("静静", "Jingjing"),
        DemoText("雪落下来的声音", "The Sound of Falling Snow"),
        DemoText(
            "“你们说雪没有声音，那下雪的时候，我们就一样了。”静静剪了四座房子，每座都有人在家。",
            "“You say that snow makes no sound. Then, when it snows, we are the same.” Jingjing cut four houses, with somebody at home in each.",
        ),
        DemoText(
            "四座红墙小屋盖着厚雪，窗里亮着黄灯，烟囱冒着烟，一个穿黄衣的人牵着狗走过，身后一行脚印，天上是一轮大月亮。",
            "Four red houses under thick snow, with yellow light in their windows and smoke from the chimneys; someone in yellow walks a dog and leaves footprints; a large moon above.",
        ),
        DemoText("剪纸", "Paper-cut"),
        DemoText("独立完成", "Made alone"),
        2023,
        (SOLSTICE,),
        agreed_by="artist",
        assent="愿意。请把灯关小一点再看。",
    ),
    DemoWork(
        "plum-blossom",
        "warm-sun",
        DemoText("墨禅", "Mochan"),
        DemoText("老枝", "The Old Branch"),
        DemoText(
            "他年轻时是木匠，手抖以后拿不住凿子，却正好拿得住毛笔。“梅花的枝就该抖着画。”",
            "He was a joiner until his hands began to shake. They can no longer hold a chisel, but a brush they hold just right: “A plum branch wants to be painted with a tremor.”",
        ),
        DemoText(
            "水墨梅枝自左下向右上伸展，枝上积雪，红梅点点，背后一轮淡白的圆月，右下角有一方红印。",
            "A branch of plum in ink climbs from lower left to upper right with snow along it and red blossoms; a pale round moon behind, and a red seal in the corner.",
        ),
        DemoText("水墨设色", "Ink and colour on paper"),
        DemoText("独立完成", "Painted alone"),
        2022,
        (SOLSTICE,),
        agreed_by="artist",
        assent="用笔名就好。",
    ),
    DemoWork(
        "sun-returns",
        "clear-sound",
        DemoText("阿刀", "Adao"),
        DemoText("太阳出来了", "The Sun Has Risen"),
        DemoText(
            "夜很长。可是太阳出来了。",
            "The night is long. But the sun has risen.",
        ),
        DemoText(
            "三色木版画：红日从蓝黑色群山后升起，金黄光芒向四面射开，天上有红云和一行飞鸟，山脚是几座小屋。",
            "A woodcut in three colours: a red sun rises behind blue-black mountains and its golden rays spread wide; red clouds and a line of birds above, a few small houses at the foot.",
        ),
        DemoText("套色木刻", "Colour woodcut"),
        DemoText("独立完成", "Made alone"),
        2024,
        (SOLSTICE,),
        agreed_by="artist",
        assent="用我的名字，我愿意。",
        language="bo",
        own_words={
            "title": "ཉི་མ་ཤར་སོང་།",
            "story": "མཚན་མོ་རིང་པོ་ཡིན། ཡིན་ནའང་ཉི་མ་ཤར་སོང་།",
            "alt_text": "ཉི་མ་དམར་པོ་རི་ནས་ཤར་བཞིན་འདུག",
            "medium": "ཤིང་པར།",
        },
    ),
    DemoWork(
        "winter-crows",
        "warm-sun",
        DemoText("归人（化名）", "Homecomer (a pseudonym)"),
        DemoText("天黑前到家", "Home before Dark"),
        DemoText(
            "画里走着的那个人，是六十年前的他自己。",
            "The one who walks there is himself, sixty years ago.",
        ),
        DemoText(
            "水墨雪野，几棵枯树上落满乌鸦，天边一轮橘红的落日，一个穿红衣的小人拄着棍往前走，身后一串脚印。",
            "A snowfield in ink: bare trees full of crows, an orange sun going down, and a small figure in red with a stick who leaves a line of footprints.",
        ),
        DemoText("水墨", "Ink wash"),
        DemoText("独立完成", "Painted alone"),
        2023,
        (SOLSTICE,),
        agreed_by="artist",
        assent="先挂着吧。",
        stage=DemoStage.WITHDRAWN,
    ),
    DemoWork(
        "skaters",
        "grassland-books",
        DemoText("诺敏（化名）", "Nomin (a pseudonym)"),
        DemoText("摔倒的那个是我", "The One Who Fell Is Me"),
        DemoText(
            "水泡子一冻，整个放牧点的孩子都来了。诺敏说，画别人要画得好看，画自己要画得老实。",
            "When the pond freezes, every child of the pasture comes. Draw others so that they look good, says Nomin; draw yourself honestly.",
        ),
        DemoText(
            "冬天的冰面上，八个穿鲜艳毛衣、戴绒线帽的孩子在滑冰，冰上满是划痕，岸边是一排光秃的树。",
            "Eight children in bright jumpers and woolly hats skate on a frozen pond that is covered in scratches; a row of bare trees along the bank.",
        ),
        DemoText("水粉", "Gouache"),
        DemoText("独立完成", "Painted alone"),
        2024,
        (SOLSTICE,),
        agreed_by="parent",
        assent="Everybody may laugh. I did.",
        language="en",
    ),
    DemoWork(
        "snow-train",
        "mountain-rain",
        DemoText("铁蛋（化名）", "Tiedan (a pseudonym)"),
        DemoText("爸爸坐的那趟", "The Train My Father Is On"),
        DemoText(
            "他问老师绿皮车有几节，老师说查一查；第二天他自己说：“不用查，画到纸没有了为止。”爸爸在第二节，靠窗。",
            "He asked the teacher how many carriages the green train has. The teacher would look it up. Next day he said: “No need. I'll draw until the paper ends.” His father is in the second one, by the window.",
        ),
        DemoText(
            "长长的横幅：一列绿色火车亮着满车黄窗，窗里坐着人，红色车头在最右边，雪夜里车顶积雪，右上是圆月。",
            "A long strip: a green train with all its windows lit and people in them, a red engine at the right, snow on the roofs, and a round moon in the snowy night.",
        ),
        DemoText("剪纸拼贴", "Cut-paper collage"),
        DemoText("老师帮忙接纸", "A teacher joined the sheets"),
        2022,
        (SOLSTICE,),
        agreed_by="parent",
    ),
    DemoWork(
        "nine-times-nine",
        "bazaar-charity",
        DemoText("春生（化名）", "Chunsheng (a pseudonym)"),
        DemoText("还有二十八天", "Twenty-Eight Days to Go"),
        DemoText(
            "九九消寒图：冬至那天画九朵素梅，一朵九瓣，一天染一瓣，全染红了就是春天。春生画到这里的时候，妈妈的车票已经买好了。",
            "A chart for the winter: on the solstice one draws nine white flowers of nine petals and colours one petal a day; when all are red it is spring. When Chunsheng had come this far, his mother's ticket was bought.",
        ),
        DemoText(
            "一根褐色花枝上开着九朵梅花，上面五朵已染成红色，一朵染了一半，下面三朵还是白的，枝头停着一只褐色小鸟。",
            "Nine blossoms on a brown branch: five at the top are coloured red, one is half done, three below are still white; a small brown bird sits on a twig.",
        ),
        DemoText("水彩，毛笔", "Watercolour and brush"),
        DemoText("老师画了枝干", "A teacher drew the branch"),
        2023,
        (SOLSTICE,),
        assent="等我染完再拍一张。",
    ),
)
