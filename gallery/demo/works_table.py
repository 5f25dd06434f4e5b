"""The demo's works for the solstice that show meals, family and the house."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from gallery.demo.content import SOLSTICE, DemoText, DemoWork

TABLE = (
    DemoWork(
        "tangyuan",
        "bazaar-charity",
        DemoText("瞿俊杰", "Qu Junjie"),
        DemoText("冬至吃汤圆啦", "Tangyuan for the Solstice!"),
        DemoText(
            "在南方，冬至这一天要吃汤圆，所以汤圆也叫“冬至圆”。圆圆的一碗，说的是团团圆圆。\n\n"
            "瞿俊杰把一家人围着锅等汤圆浮起来的样子记在心里，画的时候只画了这一碗：热气还在往上走。",
            "In the south of China people eat tangyuan on the day of the winter solstice, and so they are also called solstice rounds. Their round shape stands for a family that is together.\n\n"
            "Qu Junjie remembers everybody waiting round the pot until they float. He painted the one bowl only; its steam is still rising.",
        ),
        DemoText(
            "朱红色背景前，一只绘着白花的蓝色大碗盛满白色和粉色的汤圆，三缕热气升起，碗里放着一把白瓷勺。",
            "In front of vermilion, a big blue bowl with white flowers is full of white and pink rice balls; three curls of steam rise, and a white china spoon leans in it.",
        ),
        DemoText("水粉，纸本", "Gouache on paper"),
        DemoText("独立完成", "Painted alone"),
        2022,
        (SOLSTICE,),
        agreed_by="parent",
        assent="我想请大家都来吃一碗。",
        voice=DemoText(
            "0:00 （演示：这段声音由程序合成，没有真人说话。）\n0:02 （哼着一支小调，等锅里的汤圆浮起来。）\n0:06 （最后一个音，拖得长长的。）",
            "0:00 (A demo: this sound was made by a program, nobody speaks.)\n0:02 (A little tune is hummed while the rice balls in the pot begin to float.)\n0:06 (The last note is held for long.)",
        ),
    ),
    DemoWork(
        "dumplings-in-rows",
        "xiaogeng",
        DemoText("小雨", "Xiaoyu"),
        DemoText("一排一排", "Row by Row"),
        DemoText(
            "小雨喜欢整齐。奶奶包饺子，她负责摆：一排三个，再一排四个，绿的是韭菜，粉的是胡萝卜。谁要是先拿走一个，她就重新摆一遍。",
            "Xiaoyu likes things in order. Her grandmother folds the dumplings and she lays them out: three to a row, then four; the green ones are chives, the pink ones carrot. Whoever takes one too early makes her begin again.",
        ),
        DemoText(
            "蓝色条纹桌布上放着两只圆竹匾，白、粉、绿三色饺子在上面排成整齐的行，旁边有一根红头擀面杖。",
            "On a blue striped cloth lie two round bamboo trays with dumplings in white, pink and green set out in neat rows; beside them a rolling pin with red ends.",
        ),
        DemoText("剪纸拼贴", "Cut-paper collage"),
        DemoText("志愿者帮忙剪了竹匾", "A volunteer cut out the trays"),
        2023,
        (SOLSTICE,),
        assent="小雨同意，要求挂正。",
    ),
    DemoWork(
        "round-table",
        "mountain-rain",
        DemoText("阿南（化名）", "Anan (a pseudonym)"),
        DemoText("从灯那里看", "Seen from the Lamp"),
        DemoText(
            "“人太多，坐着画不下。”阿南就想象自己是那盏灯。八个人，八个碗，爸爸妈妈都回来了——红衣服那个是爷爷，秃顶是他让画的。",
            "“There were too many to draw from my chair.” So Anan imagined being the lamp. Eight people, eight bowls, and both parents are home. The one in red is grandfather; the bald spot was his own wish.",
        ),
        DemoText(
            "从正上方俯看一张红木圆桌：八个人围坐，伸手向前，桌上有饺子、青菜、橘子和碗筷，地板是一条条木纹。",
            "A round red-brown table seen from straight above: eight people sit round it with their arms reaching in, and on it are dumplings, greens, oranges, bowls and chopsticks.",
        ),
        DemoText("剪纸拼贴", "Cut-paper collage"),
        DemoText("独立完成", "Made alone"),
        2024,
        (SOLSTICE,),
        agreed_by="parent",
    ),
    DemoWork(
        "steam-over-a-pot",
        "warm-sun",
        DemoText("秦奶奶", "Grandmother Qin"),
        DemoText("等水开", "Waiting for the Boil"),
        DemoText(
            "秦奶奶 81 岁，做了六十年的饭，第一次画画。她说水开之前最安静，孩子们都不跑了，都看着锅。\n\n"
            "“画热气最省墨，因为热气就是不画的地方。”",
            "Grandmother Qin is 81. She has cooked for sixty years and painted for the first time. Before the water boils it is quietest, she says: the children stop running and watch the pot.\n\n"
            "“Steam takes the least ink, for steam is where you do not paint.”",
        ),
        DemoText(
            "水墨：砖砌灶台上架着一口黑铁大锅，满锅饺子，白色热气蜿蜒向上，灶口里一小团橘红的火。",
            "Ink wash: a big black iron pot full of dumplings sits on a brick stove; white steam winds upwards, and a small orange fire burns in the mouth of the stove.",
        ),
        DemoText("水墨，宣纸", "Ink on xuan paper"),
        DemoText("志愿者教了磨墨", "A volunteer showed how to grind ink"),
        2023,
        (SOLSTICE,),
        agreed_by="artist",
        assent="画得不好，你们看着玩吧。",
    ),
    DemoWork(
        "persimmons-drying",
        "warm-sun",
        DemoText("老魏", "Old Wei"),
        DemoText("屋檐下的甜", "Sweetness under the Eaves"),
        DemoText(
            "土豆切一半，刻个柿子，蘸上颜料往纸上盖。老魏数着盖：“这一串给老大，这一串给老二，这一串给喜鹊。”",
            "Half a potato, a persimmon cut into it, paint, and down on the paper. Old Wei counted as he printed: “This string for my eldest, this for the second, and this one for the magpies.”",
        ),
        DemoText(
            "米色墙前，六串橘红的柿子从灰瓦屋檐垂下来，两只黑白喜鹊停在细枝上。",
            "Six strings of orange persimmons hang from grey tiled eaves before a cream wall; two black and white magpies sit on thin twigs.",
        ),
        DemoText("土豆印，水粉", "Potato print and gouache"),
        DemoText("志愿者帮忙刻了土豆", "A volunteer cut the potato"),
        2024,
        (SOLSTICE,),
        agreed_by="artist",
        assent="可以，给大家看看。",
    ),
    DemoWork(
        "red-door",
        "clear-sound",
        DemoText("红叶", "Hongye"),
        DemoText("门开着", "The Door Is Open"),
        DemoText(
            "听障的人家里，敲门没有用。红叶的奶奶就从来不锁门，谁来都直接推。她用剪刀剪了这扇门，说它看着关着，其实没闩。",
            "In a house where nobody hears, knocking is of no use. Hongye's grandmother never locked the door; people just pushed. Hongye cut this one with scissors. It looks shut, she says, but the bolt is not on.",
        ),
        DemoText(
            "一扇对开的大红门，门上有一排排金色圆钉和一对门环，两扇窗里各贴一朵红色团花，门框有金色花饰，四周是灰砖墙。",
            "A double red door with rows of round golden studs and a pair of brass rings; in each of its two windows a round red paper-cut flower; golden ornaments on the frame, grey brick round it.",
        ),
        DemoText("剪纸", "Paper-cut"),
        DemoText("独立完成", "Made alone"),
        2023,
        (SOLSTICE,),
        agreed_by="artist",
        assent="可以展出，请写我的名字。",
    ),
    DemoWork(
        "grandmothers-hands",
        "bazaar-charity",
        DemoText("林小禾（化名）", "Lin Xiaohe (a pseudonym)"),
        DemoText("外婆的手", "My Grandmother's Hands"),
        DemoText(
            "外婆包饺子不用看。小禾趴在桌边看了一下午，把每一条皱纹都记下来。“这条是给我洗头洗出来的，这条是种地种出来的。”",
            "Her grandmother need not look when she folds dumplings. Xiaohe watched from the edge of the table a whole afternoon and learned every line by heart. “This one is from washing my hair, and this one from the field.”",
        ),
        DemoText(
            "两只布满皱纹的手捧着一张饺子皮，皮里是绿色的馅；木桌上撒着面粉，上方摆着两排包好的饺子，袖口是蓝底白花。",
            "Two wrinkled hands hold a dumpling wrapper with green filling over a floury wooden table; two rows of finished dumplings lie above, and the sleeves are blue with white flowers.",
        ),
        DemoText("水粉", "Gouache"),
        DemoText("美术老师教了画手的比例", "The art teacher showed the proportions of a hand"),
        2022,
        (SOLSTICE,),
        assent="外婆也同意了。",
    ),
    DemoWork(
        "oranges-on-blue",
        "seagull-ward",
        DemoText("橙子（化名）", "Orange (a pseudonym)"),
        DemoText("五个半橘子", "Five and a Half Oranges"),
        DemoText(
            "医生说那几天不能吃橘子，可以画。他画了五个，切开一个，说画里的那半个是留给隔壁床的。",
            "For a few days the doctor allowed no oranges, except to paint. He painted five and cut one open; the half in front, he says, is for the boy in the next bed.",
        ),
        DemoText(
            "白盘子里堆着几个橘子，带两片绿叶，盘边放着半个切开的橘子和一个整的，桌布是深蓝底白色小花。",
            "Oranges are heaped on a white plate with two green leaves; a cut half and a whole one lie beside it, on a deep blue cloth with white flowers.",
        ),
        DemoText("丙烯", "Acrylic"),
        DemoText("独立完成", "Painted alone"),
        2024,
        (SOLSTICE,),
        agreed_by="parent",
    ),
    DemoWork(
        "cat-on-the-kang",
        "grassland-books",
        DemoText("托木尔（化名）", "Tömör (a pseudonym)"),
        DemoText("猫最知道哪里暖和", "The Cat Knows Where It Is Warm"),
        DemoText(
            "车停在雪里走不了的那两天，托木尔家收留了图书车上的人。大人们商量铲雪，猫睡着，他画猫。",
            "For two days the bus was stuck in the snow, and Tömör's family took everybody in. The grown-ups talked of shovels, the cat slept, and he drew the cat.",
        ),
        DemoText(
            "一只橘色条纹猫蜷在铺红毯的热炕上睡觉，身后窗外是夜雪、满月和两座小屋，窗上贴着红窗花。",
            "A ginger striped cat sleeps curled on a warm brick bed with a red cover; through the window behind it are snow at night, a full moon and two small houses, and a red paper flower on the pane.",
        ),
        DemoText("蜡笔，水彩", "Crayon and watercolour"),
        DemoText("独立完成", "Drawn alone"),
        2023,
        (SOLSTICE,),
        agreed_by="parent",
        assent="Yes. The cat says yes too.",
        language="en",
    ),
    DemoWork(
        "tiger-hat",
        "bazaar-charity",
        DemoText("妞妞（化名）", "Niuniu (a pseudonym)"),
        DemoText("我是老虎", "I Am a Tiger"),
        DemoText(
            "帽子是太姥姥缝的，传到妞妞是第四个头。戴上它，打针就不哭——“老虎不哭，老虎只是眼睛湿了。”",
            "Her great-grandmother sewed the hat, and Niuniu's is the fourth head to wear it. In it she does not cry at an injection: “Tigers don't cry. Their eyes are just wet.”",
        ),
        DemoText(
            "一个圆脸红腮的孩子戴着黄色虎头帽笑着露出门牙，帽上有绿眼睛和“王”字纹，身穿红底黄星的衣服，背景是青绿色。",
            "A round-faced child with red cheeks laughs out from under a yellow tiger hat with green eyes and the sign for king on its brow; the jacket is red with yellow stars, the ground blue-green.",
        ),
        DemoText("剪纸拼贴", "Cut-paper collage"),
        DemoText("妈妈帮忙剪了胡须", "Her mother cut the whiskers"),
        2024,
        (SOLSTICE,),
        agreed_by="parent",
        assent="给大家看我的老虎！",
    ),
    DemoWork(
        "lanterns-at-night",
        "mountain-rain",
        DemoText("灯灯（化名）", "Dengdeng (a pseudonym)"),
        DemoText("数灯笼", "Counting Lanterns"),
        DemoText(
            "爷爷眼睛不好，数不清巷子里有几盏灯笼。灯灯每年替他数，今年是八盏，她画下来，让爷爷用手指摸着再数一遍。",
            "Grandfather's eyes are poor, and he cannot count the lanterns in the lane. Dengdeng counts for him every year. This year there were eight; she painted them so that he could count again with a finger.",
        ),
        DemoText(
            "夜里的小巷挂着高高低低八盏红灯笼，穗子垂下，三个人背对我们仰头看，其中一个孩子举着手；两边的窗亮着黄光。",
            "Eight red lanterns with tassels hang high and low in a lane at night; three people seen from behind look up, one child with a raised hand; windows shine yellow on both sides.",
        ),
        DemoText("油画棒", "Oil pastel"),
        DemoText("独立完成", "Drawn alone"),
        2023,
        (SOLSTICE,),
        agreed_by="parent",
    ),
)
