"""The demo's works for the World Cup."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from gallery.demo.content import WORLD_CUP, DemoText, DemoWork

FOOTBALL = (
    DemoWork(
        "dumpling-wrappers",
        "xiaogeng",
        DemoText("派派", "Paipai"),
        DemoText("饺子皮", "Dumpling Wrappers"),
        DemoText(
            "派派今年 22 岁，是一位孤独症青年。他热爱画画。世界杯那段日子，他看见了满世界的足球，就照着报纸上的一张照片，把一位奔跑的球员画了下来。\n\n"
            "妈妈说，画画是他和世界说话的方式。她盼着有一天，派派能用一支画笔，和外面的世界连上一条线。",
            "Paipai is 22, an autistic young man who loves to paint. When the World Cup was everywhere, he worked from a newspaper photograph and painted the running player in it.\n\n"
            "His mother says that painting is how he talks. She hopes that one day a brush will tie a thread between Paipai and the world outside.",
        ),
        DemoText(
            "一名穿蓝白条纹球衣的球员张开双臂，在绿茵场上大步跑向脚边的足球；身后是坐满人的看台。",
            "A player in a blue and white striped shirt runs across a green pitch with open arms, a football at his foot; behind him a full stand.",
        ),
        DemoText("丙烯，纸本", "Acrylic on paper"),
        DemoText("独立完成", "Painted alone"),
        "2022年12月",
        "38×26 cm",
        (WORLD_CUP,),
        agreed_by="parent",
        assent="派派点了头，又指了指他的画。",
    ),
    DemoWork(
        "pitch-at-dusk",
        "mountain-rain",
        DemoText("小满（化名）", "Xiaoman (a pseudonym)"),
        DemoText("灯亮了再踢一会儿", "The Lights Are On, Let's Play a Little Longer"),
        DemoText(
            "村口的球场去年装了四盏灯。妈妈喊吃饭的时候，天还是橘红色的，小满说：“灯都亮了，再踢一会儿。”\n\n"
            "她把自己画成穿黄衣服的那个。",
            "Last year the ground by the village got four lamps. When her mother called for supper the sky was still orange, and Xiaoman said: “But the lights are on. Just a little longer.”\n\n"
            "She is the one in yellow.",
        ),
        DemoText(
            "黄昏的足球场，四座灯架亮着白光，紫色和橘色的云一层层铺在山后，几个穿红、白、黄球衣的小人在草地上追球。",
            "A football ground at dusk: four floodlights shine white, bands of violet and orange cloud lie behind the hills, and small players in red, white and yellow chase the ball.",
        ),
        DemoText("油画棒", "Oil pastel"),
        DemoText("老师教了怎样叠色", "A teacher showed how to lay one colour over another"),
        "2023年夏",
        "27×54 cm",
        (WORLD_CUP,),
    ),
    DemoWork(
        "goalkeeper",
        "clear-sound",
        DemoText("阿刀", "Adao"),
        DemoText("扑", "The Save"),
        DemoText(
            "阿刀从小听不见。他说，门将站得最远，靠的是眼睛：球还没离开脚，肩膀已经说了往哪边。\n\n"
            "这块版他刻了十一天，只用两种颜色。",
            "Adao has been deaf since he was small. He says the goalkeeper stands furthest away and lives by the eyes: before the ball leaves the foot, a shoulder has said which way.\n\n"
            "He cut this block for eleven days, for two colours only.",
        ),
        DemoText(
            "蓝黑与橙黄的双色版画：守门员横身飞起，戴红手套的双手够到足球，身后是一格一格的球网。",
            "A two-colour print in blue-black and orange: a goalkeeper flies sideways, red gloves reaching the ball, in front of the squares of a net.",
        ),
        DemoText("套色木刻", "Colour woodcut"),
        DemoText("独立完成", "Made alone"),
        "2024-06",
        "30 × 45 厘米",
        (WORLD_CUP,),
        agreed_by="artist",
        assent="用我的名字，我愿意。",
    ),
    DemoWork(
        "fans-in-the-stand",
        "seagull-ward",
        DemoText("豆豆（化名）", "Doudou (a pseudonym)"),
        DemoText("全场都在唱", "Everybody Sings"),
        DemoText(
            "决赛那晚，病房里的电视只准开到十点。豆豆没看到结尾，第二天她就画了结尾：所有人都在唱歌，两边的人都赢了。",
            "On the night of the final the ward's television had to be off at ten. Doudou missed the end, so the next day she painted one: everybody sings, and both sides have won.",
        ),
        DemoText(
            "看台上四排球迷张嘴歌唱，举着红、黄、蓝、绿的围巾，有人戴绒线帽，空中飘着彩纸。",
            "Four rows of fans in a stand sing with open mouths and hold up scarves in red, yellow, blue and green; some wear woolly hats, and coloured paper drifts in the air.",
        ),
        DemoText("水粉", "Gouache"),
        DemoText("护士姐姐帮忙洗笔", "A nurse washed the brushes"),
        "2022年12月18日",
        "22 x 39cm",
        (WORLD_CUP,),
        agreed_by="parent",
        assent="想让大家都看到，特别是守门员。",
    ),
    DemoWork(
        "boots-and-ball",
        "xiaogeng",
        DemoText("大川", "Dachuan"),
        DemoText("爸爸的球鞋", "Father's Boots"),
        DemoText(
            "鞋是爸爸年轻时的，鞋带换过三回。大川每天把它们擦干净，放在球旁边，说它们在休息。\n\n"
            "他不常说话，颜料却堆得很厚，用指甲能摸到鞋带。",
            "The boots are from when his father was young; the laces have been changed three times. Every day Dachuan cleans them, puts them beside the ball and says that they are resting.\n\n"
            "He seldom speaks, but lays his paint so thick that a finger can feel the laces.",
        ),
        DemoText(
            "一双磨旧的棕色球鞋并排放在蓝色地面上，鞋带松着，旁边是一只黑白足球，背景是一圈圈旋转的金黄色。",
            "A pair of worn brown boots stands on a blue floor with loose laces, a black and white ball beside them, before a background of turning golden yellow.",
        ),
        DemoText("布面油画", "Oil on canvas"),
        DemoText("独立完成", "Painted alone"),
        "2023",
        "40×50×2 cm",
        (WORLD_CUP,),
        assent="大川自己挑的这一张。",
        consent_days=40,
    ),
    DemoWork(
        "trophy-under-stars",
        "grassland-books",
        DemoText("萨日乃（化名）", "Sarnai (a pseudonym)"),
        DemoText("举到星星那里", "Up to the Stars"),
        DemoText(
            "图书车带来一台放映机。草原上没有墙，电影就放在帐篷上。萨日乃看到奖杯被举起来的时候，抬头就是真的星星。",
            "The book bus had brought a projector. There is no wall on the grassland, so the film was shown on a tent. When the cup was lifted, Sarnai looked up, and there were the real stars.",
        ),
        DemoText(
            "许多只穿彩色衣袖的手托起一座金色奖杯，杯身有一颗红星，四周是旋转的深蓝夜空和黄色的星。",
            "Many hands in coloured sleeves hold up a golden cup with a red star on it, into a whirling dark blue night with yellow stars.",
        ),
        DemoText("丙烯", "Acrylic"),
        DemoText("独立完成", "Painted alone"),
        "c. 2023",
        "54 × 36 cm",
        (WORLD_CUP,),
        agreed_by="parent",
        assent="I want it to hang high.",
        language="en",
    ),
    DemoWork(
        "school-match",
        "mountain-rain",
        DemoText("三年级全班", "All of Year Three"),
        DemoText("放学以后的决赛", "The Final After School"),
        DemoText(
            "全班二十三个人一起画：先爬上楼顶往下看，再各画各的自己。没上场的人画在最下面，一个也没有少。",
            "All twenty-three drew it together: first they climbed to the roof and looked down, then each drew themselves. Those who did not play stand at the bottom; nobody is missing.",
        ),
        DemoText(
            "从高处俯看的学校操场：绿色场地画着白线，两队孩子围着球奔跑，影子拖得很长，场边一排同学在看。",
            "A school ground seen from above: white lines on green, two teams of children round the ball with long shadows, and a row of schoolmates watching from the edge.",
        ),
        DemoText("蜡笔，水彩", "Crayon and watercolour"),
        DemoText("全班合作，老师画了边线", "The whole class; a teacher drew the lines"),
        "2024年春",
        "22×39厘米",
        (WORLD_CUP,),
    ),
    DemoWork(
        "moon-penalty",
        "seagull-ward",
        DemoText("阿月（化名）", "Ayue (a pseudonym)"),
        DemoText("把月亮踢进去", "Penalty with the Moon"),
        DemoText(
            "阿月住院的那个冬天，窗户正对着一排屋顶。她说月亮停在那里不动，像是摆好了的点球。\n\n"
            "出院那天她把画留给了下一个住这张床的人。",
            "The winter Ayue was in hospital, her window faced a row of roofs. The moon, she said, lay there so still that somebody must have set it down for a penalty.\n\n"
            "On the day she went home she left the picture to whoever had the bed next.",
        ),
        DemoText(
            "深蓝夜空下，一个戴绿帽子、围黄围巾的孩子站在屋顶上，抬脚踢向一轮像足球的大圆月，脚下是积雪的小屋和亮着的窗。",
            "Under a deep blue sky a child in a green hat and yellow scarf stands on the roofs and kicks a great round moon that looks like a football; below are snowy houses with lit windows.",
        ),
        DemoText("撕纸拼贴", "Torn-paper collage"),
        DemoText("妈妈帮忙涂胶水", "Her mother put on the glue"),
        "2024年6月",
        "8开",
        (WORLD_CUP,),
        agreed_by="parent",
        assent="月亮可以给大家看。",
    ),
    DemoWork(
        "snow-goalkeeper",
        "mountain-rain",
        DemoText("木生（化名）", "Musheng (a pseudonym)"),
        DemoText("雪人守门", "The Snowman Keeps Goal"),
        DemoText(
            "下雪天凑不齐人，就堆一个守门员。它的好处是从来不喊累，坏处是太阳一出来就不踢了。",
            "On a day of snow there were too few to play, so they built a goalkeeper. The good thing is that he never tires; the bad one, that he stops when the sun comes out.",
        ),
        DemoText(
            "雪地里，戴红帽子和蓝围巾的雪人张开树枝手臂守着木头球门，两个穿黄衣和紫衣的孩子背对我们准备射门，远处是松林和飘雪。",
            "In the snow a snowman in a red hat and blue scarf guards a wooden goal with arms of twigs; two children in yellow and purple, seen from behind, are about to shoot; fir trees and falling snow beyond.",
        ),
        DemoText("水粉", "Gouache"),
        DemoText("独立完成", "Painted alone"),
        "2022年冬",
        "8开",
        (WORLD_CUP, "winter-solstice"),
        agreed_by="parent",
    ),
)
