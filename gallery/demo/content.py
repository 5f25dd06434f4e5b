"""The demo's organisations, people, themes and exhibitions. Its works are in works_*.py."""

# ruff: noqa: E501 - sentences read better whole
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

PASSWORD = "light on the wall"  # noqa: S105 - printed by `gallery demo` for everybody


@dataclass(frozen=True)
class DemoText:
    """One text in Chinese and in English."""

    zh: str
    en: str


class DemoStage(StrEnum):
    """The stage that a work reaches in the demo."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    DECLINED = "declined"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"  # accepted, hung, then withdrawn with the link on the consent slip


@dataclass(frozen=True)
class DemoPerson:
    email: str
    name: str
    role: str
    organisation: str = ""  # the slug of a member's organisation
    language: str = "zh"


@dataclass(frozen=True)
class DemoProject:
    title: DemoText
    summary: DemoText
    link: str
    cause: str
    effect: DemoText
    kinds: tuple[str, ...] = ()  # fields of further links: each leads to a page below `link`


@dataclass(frozen=True)
class DemoOrganisation:
    slug: str
    name: DemoText
    about: DemoText
    region: DemoText
    registration_number: str
    website: str
    project: DemoProject


@dataclass(frozen=True)
class DemoFigure:
    days_ago: int
    raised: int  # yuan since the beginning
    helpers: int


@dataclass(frozen=True)
class DemoCase:
    """A case of the organisation's project that tells of a person, accepted, with its figures."""

    organisation: str
    person: DemoText  # the credit name
    title: DemoText
    story: DemoText
    goal: int
    link: str
    platform: DemoText
    registration_number: str
    source: DemoText  # of all figures
    figures: tuple[DemoFigure, ...]


@dataclass(frozen=True)
class DemoTheme:
    slug: str
    title: DemoText
    text: DemoText
    accent: str
    accent_night: str
    occurs_on: date | None


@dataclass(frozen=True)
class DemoPage:
    """A further picture of a work. `slug` is the name of its scene."""

    slug: str
    alt_text: DemoText
    caption: DemoText


@dataclass(frozen=True)
class DemoWork:
    """`slug` is also the name of the scene that draws its picture."""

    slug: str
    organisation: str
    artist: DemoText
    title: DemoText
    story: DemoText
    alt_text: DemoText
    medium: DemoText
    assistance: DemoText
    date_made: str  # as people write it; so is `size`
    size: str
    themes: tuple[str, ...] = ()
    agreed_by: str = "guardian"  # a value of AgreedBy
    assent: str = "我愿意让大家看到我的画。"
    stage: DemoStage = DemoStage.ACCEPTED
    language: str = "zh"  # language of the original texts
    own_words: Mapping[str, str] = field(
        default_factory=dict
    )  # field → texts, if they are neither Chinese nor English
    consent_days: int | None = None  # days from today; None: no end date
    reason: str = ""  # the curator's reason, if the work is returned or declined
    notes: dict[str, str] = field(default_factory=dict)  # form field → note
    pages: tuple[DemoPage, ...] = ()  # the pictures after the first
    voice: DemoText | None = None  # what the voice says; the voice itself is made by voices.py


@dataclass(frozen=True)
class DemoRoom:
    title: DemoText
    text: DemoText
    works: tuple[str, ...]  # slugs, in the order of hanging


@dataclass(frozen=True)
class DemoBlock:
    """Something between the works; `place`, `work` and `second` are slugs of works that hang."""

    kind: str
    place: str  # it stands after this work
    text: DemoText = DemoText("", "")
    work: str = ""
    second: str = ""
    region: tuple[int, int, int, int] | None = None  # left, top, width, height in per cent
    on_accent: bool = False


@dataclass(frozen=True)
class DemoSupporter:
    """A supporter, marked as an example, who agreed and is named in the credits of an exhibition."""

    kind: str
    email: str
    name: DemoText
    reason: DemoText
    link: str
    exhibition: str


@dataclass(frozen=True)
class DemoExhibition:
    slug: str
    theme: str
    title: DemoText
    introduction: DemoText
    rooms: tuple[DemoRoom, ...]
    closing: DemoText
    # slugs of works whose artist is quoted in the story; the curator chooses that sentence
    spoken: tuple[str, ...] = ()
    blocks: tuple[DemoBlock, ...] = ()


def winter_solstice(year: int) -> date:
    """The day of 冬至 in China in `year` (2022 to 2099), by the usual approximate formula."""
    century_year = year % 100
    return date(year, 12, int(century_year * 0.2422 + 21.94) - century_year // 4)


def next_solstice(today: date) -> date:
    """The next winter solstice, or the previous one until 14 days after it."""
    this_year = winter_solstice(today.year)
    return this_year if (today - this_year).days <= 14 else winter_solstice(today.year + 1)


FICTION = DemoText(
    "（本机构为演示而虚构，登记号与链接均为示例。）",
    "(This organisation was invented for the demo; its number and links are examples.)",
)
SAMPLE = DemoText(
    "（演示页面：登记号与链接均为示例。）", "(A demo page: the registration number and links are examples.)"
)

ORGANISATIONS = (
    DemoOrganisation(
        "xiaogeng",
        DemoText("北京市晓更助残基金会", "Beijing Xiaogeng Foundation"),
        DemoText(
            "与心智障碍者和他们的家庭站在一起：在社区里学习、工作、画画，也在社区里交朋友。\n\n" + SAMPLE.zh,
            "Stands with people with intellectual and developmental disabilities and their families: learning, "
            "working, painting and making friends in their own neighbourhood.\n\n" + SAMPLE.en,
        ),
        DemoText("北京", "Beijing"),
        "示例 Example 0001",
        "https://example.org/xiaogeng",
        DemoProject(
            DemoText("画笔连着世界", "A Brush towards the World"),
            DemoText(
                "每周两次的绘画课，请志愿画师陪伴孤独症青年找到自己的画法。支持款用于画材、场地和交通。",
                "Painting twice a week: volunteer painters keep autistic young people company while they find a way of their "
                "own. Support pays for paint, a room and the bus.",
            ),
            "https://example.org/xiaogeng/painting-ties",
            "disability",
            DemoText(
                "每月50元，是一位青年一个月的画纸和颜料。",
                "50 yuan a month is a month of paper and paint for one young person.",
            ),
            ("link_monthly", "link_volunteer"),
        ),
    ),
    DemoOrganisation(
        "bazaar-charity",
        DemoText("芭莎公益慈善基金", "Bazaar Charity Fund"),
        DemoText(
            "从一场慈善夜走到乡村课堂和病房，关心孩子的健康，也关心他们看见的美。\n\n" + SAMPLE.zh,
            "From a gala evening to village classrooms and hospital wards: for children's health, and for the beauty they "
            "see.\n\n" + SAMPLE.en,
        ),
        DemoText("北京 · 云南", "Beijing · Yunnan"),
        "示例 Example 0002",
        "https://example.org/bazaar-charity",
        DemoProject(
            DemoText("乡村美术小屋", "The Village Art Room"),
            DemoText(
                "把一间空教室变成美术小屋：有颜料，有大桌子，有每周来一次的老师。",
                "Turns an empty classroom into an art room: with paint, a big table and a teacher who comes every week.",
            ),
            "https://example.org/bazaar-charity/art-room",
            "education",
            DemoText(
                "一间教室变成美术小屋，需要12,000元。", "12,000 yuan turn a classroom into an art room."
            ),
            ("link_once",),
        ),
    ),
    DemoOrganisation(
        "mountain-rain",
        DemoText("山雨乡村美育中心", "Mountain Rain Art Centre"),
        DemoText(
            "在山区小学开美术课。孩子们画灶台、画雪、画回家的火车。\n\n" + FICTION.zh,
            "Teaches art in mountain schools, where children draw the stove, the snow and the train home.\n\n"
            + FICTION.en,
        ),
        DemoText("云南怒江", "Nujiang, Yunnan"),
        "示例 Example 0003",
        "https://mountain-rain.example.org",
        DemoProject(
            DemoText("第一盒颜料", "A First Box of Colours"),
            DemoText(
                "给每个一年级新生一盒二十四色颜料和一本厚厚的画本。",
                "Gives every child in their first year at school a box of twenty-four colours and a thick sketchbook.",
            ),
            "https://mountain-rain.example.org/first-box",
            "education",
            DemoText(
                "30元，是一个孩子的一盒颜料和一本画本。",
                "30 yuan is a box of colours and a sketchbook for one child.",
            ),
            ("link_monthly", "link_goods"),
        ),
    ),
    DemoOrganisation(
        "warm-sun",
        DemoText("暖阳长者陪伴社", "Warm Sun Companions"),
        DemoText(
            "陪独居的老人聊天、做饭、画画。老人的记忆比任何画册都厚。\n\n" + FICTION.zh,
            "Keeps company with elders who live alone: talking, cooking, painting. Their memories are thicker than any "
            "album.\n\n" + FICTION.en,
        ),
        DemoText("江苏苏州", "Suzhou, Jiangsu"),
        "示例 Example 0004",
        "https://warm-sun.example.org",
        DemoProject(
            DemoText("午后画桌", "The Afternoon Table"),
            DemoText(
                "每周三下午，社区活动室里有一张画桌、一壶茶和几位听故事的年轻人。",
                "On Wednesday afternoons there is a table for painting, a pot of tea, and young people who listen.",
            ),
            "https://warm-sun.example.org/afternoon-table",
            "elderly",
            DemoText(
                "一个下午，陪三位老人画画、聊天。", "One afternoon of yours keeps three elders company."
            ),
            ("link_volunteer",),
        ),
    ),
    DemoOrganisation(
        "seagull-ward",
        DemoText("海鸥病房学校", "Seagull Ward School"),
        DemoText(
            "医院里的小学校：打点滴的时候，也可以上一节美术课。\n\n" + FICTION.zh,
            "A small school inside a hospital: even on a drip, one can have an art lesson.\n\n" + FICTION.en,
        ),
        DemoText("上海", "Shanghai"),
        "示例 Example 0005",
        "https://seagull-ward.example.org",
        DemoProject(
            DemoText("床边画架", "The Bedside Easel"),
            DemoText(
                "可以消毒的小画架和水洗颜料，推到每一张病床旁边。",
                "Small easels that can be disinfected, and washable paint, wheeled to every bed.",
            ),
            "https://seagull-ward.example.org/bedside-easel",
            "health",
            DemoText(
                "每月20元，够一张病床用一个月的水洗颜料。", "20 yuan a month is washable paint for one bed."
            ),
            ("link_monthly",),
        ),
    ),
    DemoOrganisation(
        "grassland-books",
        DemoText("草原流动图书车", "The Grassland Book Bus"),
        DemoText(
            "一辆装满书和画笔的旧客车，沿着牧道去看望牧区的孩子。\n\n" + FICTION.zh,
            "An old coach full of books and brushes that follows the herders' tracks to their children.\n\n"
            + FICTION.en,
        ),
        DemoText("内蒙古锡林郭勒", "Xilingol, Inner Mongolia"),
        "示例 Example 0006",
        "https://grassland-books.example.org",
        DemoProject(
            DemoText("图书车在路上", "The Bus Is on Its Way"),
            DemoText(
                "一年走四十个放牧点，每站停三天：借书、放电影、画画。",
                "Forty pastures a year, three days at each: lending books, showing films, painting.",
            ),
            "https://grassland-books.example.org/on-the-road",
            "children",
            DemoText(
                "一本看过的书，会在车上被借走二十次。", "A book that you have read will be lent twenty times."
            ),
            ("link_goods", "link_volunteer"),
        ),
    ),
    DemoOrganisation(
        "clear-sound",
        DemoText("清音听障青年艺术社", "Clear Sound Studio"),
        DemoText(
            "听障青年自己办的版画工作室：用手说话，用刀和墨画画。\n\n" + FICTION.zh,
            "A print studio run by deaf young people: they talk with their hands and draw with knife and ink.\n\n"
            + FICTION.en,
        ),
        DemoText("四川成都", "Chengdu, Sichuan"),
        "示例 Example 0007",
        "https://clear-sound.example.org",
        DemoProject(
            DemoText("大家的印刷机", "Everybody's Press"),
            DemoText(
                "一台向所有人开放的版画机，学徒有津贴，作品收入归作者。",
                "A printing press open to all: apprentices are paid, and what is sold belongs to whoever made it.",
            ),
            "https://clear-sound.example.org/open-press",
            "disability",
            DemoText(
                "每月100元，是一位学徒一周的津贴。", "100 yuan a month is a week of an apprentice's pay."
            ),
            ("link_monthly",),
        ),
    ),
)

CASES = (
    DemoCase(
        "seagull-ward",
        DemoText("小鸥（化名）", "Xiao'ou (pseudonym)"),
        DemoText("（示例）小鸥的一次手术", "(Example) An operation for Xiao'ou"),
        DemoText(
            "这是演示网站里的一个示例：人、数字和链接都是虚构的。\n\n小鸥今年七岁，喜欢画海鸥。她需要一次手术和半年的康复，"
            "家里已经借了钱。支持款只用于手术、住院和康复，余款转给病房里的下一个孩子。",
            "This is an example of the demo site: the person, the figures and the link are made up.\n\nXiao'ou is seven "
            "and likes to draw gulls. She needs an operation and half a year of recovery, and her family has borrowed "
            "already. Support pays for the operation, the bed and the recovery; what is left goes to the next child.",
        ),
        goal=300_000,
        link="https://seagull-ward.example.org/xiaoou",
        platform=DemoText("示例公益平台", "Example Giving Platform"),
        registration_number="SHILI-EXAMPLE-0005",
        source=DemoText("示例平台的统计", "The example platform's count"),
        figures=(
            DemoFigure(118, 12_000, 310),
            DemoFigure(90, 64_500, 1_702),
            DemoFigure(61, 139_000, 3_980),
            DemoFigure(33, 226_400, 6_340),
            DemoFigure(9, 304_200, 8_615),
        ),
    ),
)

KEEPER = DemoPerson("keeper@example.org", "周守一", "keeper")
CURATOR = DemoPerson("curator@example.org", "沈墨言", "curator")
MEMBERS = (
    DemoPerson("xiaogeng@example.org", "林老师", "member", "xiaogeng"),
    DemoPerson("bazaar@example.org", "方晴", "member", "bazaar-charity"),
    DemoPerson("mountain@example.org", "石老师", "member", "mountain-rain"),
    DemoPerson("warmsun@example.org", "何芳", "member", "warm-sun"),
    DemoPerson("seagull@example.org", "苏护士", "member", "seagull-ward"),
    DemoPerson("grassland@example.org", "Anna Wood", "member", "grassland-books", "en"),
    DemoPerson("clearsound@example.org", "顾一刀", "member", "clear-sound"),
)

SOLSTICE, WORLD_CUP = "winter-solstice", "world-cup"


def themes(today: date) -> tuple[DemoTheme, ...]:
    return (
        DemoTheme(
            SOLSTICE,
            DemoText("冬至", "Winter Solstice"),
            DemoText(
                "一年里夜最长的一天。北方包饺子，南方搓汤圆，都为了把家里人叫到一张桌子旁边。\n\n"
                "过了这一天，白昼就一点一点长回来。请寄来你们画里的热气、灯火、雪，和那些等着团圆的人。",
                "The longest night of the year. In the north people fold dumplings, in the south they roll tangyuan, and both "
                "do it to call the family to one table.\n\nFrom this day on the light grows back, a little at a time. Send us "
                "the steam, the lamps and the snow in your pictures, and those who wait to be together.",
            ),
            "#a8322a",
            "#e4755f",
            next_solstice(today),
        ),
        DemoTheme(
            WORLD_CUP,
            DemoText("世界杯", "World Cup"),
            DemoText(
                "一个球，让全世界同时屏住呼吸。有人在报纸上看，有人在病房里看，有人在操场的土地上自己踢。\n\n"
                "请寄来你们画里的奔跑、呐喊和月光下的射门。不必画得像，只要画得真。",
                "One ball, and the whole world holds its breath. Some see it in a newspaper, some in a hospital ward, some play it "
                "themselves on a dusty school ground.\n\nSend us the running, the shouting and the shots by moonlight. They "
                "don't have to look right, only to be true.",
            ),
            "#17693f",
            "#63b98a",
            None,
        ),
    )


SUPPORTERS = (
    DemoSupporter(
        "ambassador",
        "linyi@example.org",
        DemoText("林一（示例）", "Lin Yi (example)"),
        DemoText(
            "我每年冬至都会想起外婆的手，所以想请更多人看看这些画。",
            "Each winter solstice I think of my grandmother's hands, so I want more people to see these pictures.",
        ),
        "https://linyi.example.org/",
        "reunion-is-round",
    ),
    DemoSupporter(
        "media",
        "morning@example.org",
        DemoText("晨光周刊（示例）", "Morning Light Weekly (example)"),
        DemoText(
            "每周一幅画，连同它背后的项目，印在我们的封底。",
            "One picture a week, with the project behind it, on our back cover.",
        ),
        "https://morninglight.example.org/",
        "reunion-is-round",
    ),
)

EXHIBITIONS = (
    DemoExhibition(
        "reunion-is-round",
        SOLSTICE,
        DemoText("团圆，是圆的", "Reunion Is Round"),
        DemoText(
            "汤圆是圆的，桌子是圆的，灯笼是圆的，升回来的太阳也是圆的。\n\n"
            "这里的画来自课堂、病房、活动室和牧区的图书车。画它们的人，有的六岁，有的八十一岁。"
            "他们画的是同一件事：**冷的时候，往一起靠一靠。**",
            "Tangyuan are round, the table is round, lanterns are round, and so is the sun that comes back.\n\n"
            "These pictures come from classrooms, hospital wards, a community room and a book bus on the grassland. Some of those "
            "who made them are six, one is eighty-one. They all tell of one thing: **when it is cold, move closer.**",
        ),
        (
            DemoRoom(
                DemoText("一张桌子", "One Table"),
                DemoText(
                    "先有手，再有面，再有热气，最后才有一桌人。",
                    "First there are hands, then dough, then steam, and in the end a whole table.",
                ),
                (
                    "tangyuan",
                    "grandmothers-hands",
                    "dumplings-in-rows",
                    "steam-over-a-pot",
                    "five-tangyuan",
                    "round-table",
                    "oranges-on-blue",
                ),
            ),
            DemoRoom(
                DemoText("门里门外", "Indoors and Out"),
                DemoText(
                    "门外是雪，门里是猫。中间隔着一扇贴了窗花的窗。",
                    "Outside there is snow, inside there is a cat; between them a window with a paper flower.",
                ),
                (
                    "red-door",
                    "cat-on-the-kang",
                    "tiger-hat",
                    "lanterns-at-night",
                    "persimmons-drying",
                    "old-well",
                    "snow-village",
                    "skaters",
                    "half-a-horse",
                ),
            ),
            DemoRoom(
                DemoText("光会回来", "The Light Comes Back"),
                DemoText(
                    "数九的人，是在数春天。",
                    "Whoever counts the nine times nine days of winter is counting towards spring.",
                ),
                ("winter-crows", "moon-walk", "snow-train", "nine-times-nine", "plum-blossom", "sun-returns"),
            ),
        ),
        DemoText(
            "冷的时候，往一起靠一靠。\n\n这些画来自课堂、病房、活动室和牧区的图书车。它们背后的项目还在做着。",
            "When it is cold, move closer.\n\nThese pictures come from classrooms, wards, a community room and a "
            "book bus. The projects behind them go on.",
        ),
        ("tiger-hat", "steam-over-a-pot", "snow-village", "plum-blossom"),
        blocks=(
            DemoBlock(
                "text",
                "grandmothers-hands",
                DemoText(
                    "### 两口锅\n\n冬至这一天，北方下饺子，南方煮汤圆。这间展厅把两口锅放在了同一张桌子上。",
                    "### Two pots\n\nOn the winter solstice the north boils dumplings and the south boils sweet rice balls. In "
                    "this room the two pots stand on one table.",
                ),
            ),
            DemoBlock(
                "pair",
                "dumplings-in-rows",
                DemoText("等着下锅的，和等着水开的。", "Some wait for the pot, and some wait for the water."),
                work="dumplings-in-rows",
                second="steam-over-a-pot",
            ),
            DemoBlock("quotation", "five-tangyuan", work="five-tangyuan", on_accent=True),
            DemoBlock(
                "detail",
                "oranges-on-blue",
                DemoText(
                    "近看：颜料堆得很厚，一笔压着一笔，橘子皮上有光。",
                    "Seen closely: the paint is thick, stroke over stroke, and there is light on the peel.",
                ),
                work="oranges-on-blue",
                region=(30, 30, 40, 30),
            ),
        ),
    ),
    DemoExhibition(
        "everyone-on-the-pitch",
        WORLD_CUP,
        DemoText("人人上场", "Everyone on the Pitch"),
        DemoText(
            "没有门票，没有替补席。\n\n从一张报纸上的照片，到村口的夜场，再到把月亮当球踢的夜晚——十幅画，十种上场的方式。",
            "No tickets, and no bench.\n\nFrom a photograph in a newspaper to a village ground under lights, and to a night when "
            "the moon was the ball: ten pictures, ten ways onto the pitch.",
        ),
        (
            DemoRoom(
                DemoText("看球的人", "Those Who Watch"),
                DemoText(
                    "有时候，看得最认真的人，离球场最远。",
                    "Sometimes whoever watches most closely is furthest from the ground.",
                ),
                ("dumpling-wrappers", "fans-in-the-stand", "trophy-under-stars", "pitch-at-dusk"),
            ),
            DemoRoom(
                DemoText("踢球的人", "Those Who Play"),
                DemoText(
                    "一双旧球鞋，一片土操场，一个下雪天。够了。",
                    "An old pair of boots, a dusty ground, a day of snow. That will do.",
                ),
                (
                    "boots-and-ball",
                    "school-match",
                    "class-list",
                    "goalkeeper",
                    "snow-goalkeeper",
                    "moon-penalty",
                ),
            ),
        ),
        DemoText(
            "下一场，还在村口。\n\n画里的球场，有的在修，有的在等。",
            "The next match is by the village again.\n\nSome of these pitches are being mended, some are waiting.",
        ),
        blocks=(DemoBlock("work", "boots-and-ball", work="school-match"),),
    ),
)
