"""The demo's works on whatever paper was there: by a six-year-old, an 81-year-old, a whole class, and unfinished."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from gallery.demo.content import SOLSTICE, WORLD_CUP, DemoText, DemoWork

PAPER = (
    DemoWork(
        "five-tangyuan",
        "mountain-rain",
        DemoText("糖糖（化名）", "Tangtang (a pseudonym)"),
        DemoText("我家有五个汤圆", "Five Tangyuan in My Family"),
        DemoText(
            "糖糖六岁，刚学写字，田字格本子先拿来画了画。老师问这是谁，她一个一个点过去：“奶奶、爸爸、妈妈、我，还有弟弟。都圆，都热。”右上角的云是用铅笔画的，她说云还没想好是什么颜色。",
            "Tangtang is six and has just begun to write; her first exercise sheet became a drawing. Who are they, the teacher asked. She pointed at each: “Grandma, Dad, Mum, me, and my brother. All round, all warm.” The cloud is still in pencil. She says it has not decided on its colour.",
        ),
        DemoText(
            "一张田字格纸上用蜡笔画着五个从大到小的圆脑袋，直接长出手和脚，都在笑；左上角露出一角太阳，右上角有一朵铅笔画的云。纸斜放在木桌上，光从左边来。",
            "On paper printed with squares for writing, five round heads in wax crayon, from large to small, with arms and legs growing straight out of them, all smiling; a quarter of a sun, and a cloud in pencil. The sheet lies a little askew on a wooden table, lit from the left.",
        ),
        DemoText("蜡笔、铅笔，田字格纸", "Wax crayon and pencil on exercise paper"),
        DemoText("独立完成，老师用手机拍的照", "Drawn alone; a teacher photographed it with a phone"),
        "2024年12月",
        "19 × 26 cm",
        (SOLSTICE,),
        agreed_by="parent",
        assent="可以看。弟弟也要看。",
    ),
    DemoWork(
        "old-well",
        "warm-sun",
        DemoText("秀英奶奶", "Granny Xiuying"),
        DemoText("那口井", "That Well"),
        DemoText(
            "秀英奶奶八十一岁，头一回画画，用的是儿子写信剩下的纸和一支圆珠笔。“村子搬走了，井没搬。”她画完井和柿子树就停了笔，说上面留着，留给天。",
            "Granny Xiuying is eighty-one, and this is her first drawing, with a ball pen on paper left over from her son’s letters. “The village moved away. The well did not.” When the well and the persimmon tree were done she put the pen down: the rest is to be left, she said, for the sky.",
        ),
        DemoText(
            "横格信纸上用蓝色圆珠笔画的一口砖井，井架上吊着水桶，线条有些发抖；右边一棵柿子树，九个柿子涂成橙色；纸的上半张空着。",
            "On lined letter paper, in blue ball pen and a trembling line, a brick well with a bucket on a rope; to the right a persimmon tree with nine fruits in orange; the upper half of the sheet is empty.",
        ),
        DemoText("圆珠笔、蜡笔，信纸", "Ball pen and wax crayon on letter paper"),
        DemoText("独立完成", "Drawn alone"),
        "2024年",
        "26 × 19 cm",
        (SOLSTICE,),
        agreed_by="artist",
        assent="给人看看好，井还在呢。",
    ),
    DemoWork(
        "half-a-horse",
        "grassland-books",
        DemoText("巴图（化名）", "Batu (a pseudonym)"),
        DemoText("马只画了一半", "Half a Horse"),
        DemoText(
            "图书车要走了，巴图只来得及涂完马头。司机说可以等他。巴图想了想，说：“不用等，它自己会跑过来的。”",
            "The book bus was about to leave, and Batu had coloured only the head. The driver offered to wait. Batu thought about it. “No need,” he said. “It will come running after us by itself.”",
        ),
        DemoText(
            "白纸上一匹马：头和脖子涂成棕色，鬃毛深浅相间，身子和四条腿只有铅笔轮廓；地上几笔试色的绿草，其余空着。",
            "A horse on white paper: its head and neck coloured brown with a dark mane, its body and legs in pencil outline only; a few strokes of green, and otherwise bare paper.",
        ),
        DemoText("铅笔、蜡笔", "Pencil and wax crayon"),
        DemoText("独立完成", "Drawn alone"),
        "2025年3月",
        "24 × 30 cm",
        (SOLSTICE,),
        assent="可以，不许帮我涂完。",
    ),
    DemoWork(
        "class-list",
        "mountain-rain",
        DemoText("二年级三班（23 人合作）", "Class 2 (3), 23 children together"),
        DemoText("我们班的大名单", "The Squad of Our Class"),
        DemoText(
            "“世界杯一队能报二十三个人，我们班正好二十三个人。”于是每人在同一张纸上画下自己，谁也不坐替补席。轮到最后一个人，纸上刚好还有一个空。",
            "“A team may name twenty-three players, and we are twenty-three.” So each of them drew themselves on one sheet, and nobody sits on the bench. When the last one came, there was just one space left.",
        ),
        DemoText(
            "一张横格纸上三排小小的脸，一共二十三张，笔和颜色各不相同：有辫子、刘海、卷发、帽子和眼镜，有的笑，有的张着嘴，有的没涂完。",
            "Three rows of small faces on one ruled sheet, twenty-three in all, in different pens and colours: plaits, fringes, curls, caps and glasses; some smile, one gapes, some are left uncoloured.",
        ),
        DemoText("圆珠笔、铅笔、蜡笔，练习本纸", "Ball pen, pencil and wax crayon on exercise paper"),
        DemoText("每人画自己，老师传纸", "Each drew themselves; a teacher passed the sheet on"),
        "2024年11月",
        "27 × 39 cm",
        (WORLD_CUP,),
        assent="二十三个人都举手了。",
    ),
)
