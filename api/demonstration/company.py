"""Who is who at Yunhe Instruments, an invented maker of water sensors: people, units and leads on each day."""

from dataclasses import dataclass
from datetime import date, timedelta

from api.demonstration.calendar import OPENED, on


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its label, its place, and the place it is moved to, if any. `formed` and `dissolved` bound its life."""

    id: str
    label: str
    parent: str | None
    moved: tuple[date, str] | None = None
    formed: date = OPENED
    dissolved: date = date.max

    def parent_on(self, day: date) -> str | None:
        """Return the unit above on a day."""
        return self.moved[1] if self.moved is not None and day >= self.moved[0] else self.parent


FIELD_SERVICE_MOVES, SALES_SPLITS, PURCHASING_MERGES = on(4, 1), on(7, 1), on(10, 1)

UNITS = (
    Unit("company", "Yunhe Instruments 云禾仪器", None),
    Unit("sales", "Sales 销售部", "company"),
    Unit("sales-east", "Sales East 华东销售组", "sales"),
    Unit("sales-west", "Sales West 西部销售组", "sales"),
    Unit("sales-overseas", "Overseas Sales 海外销售组", "sales", moved=(SALES_SPLITS, "international")),
    Unit("international", "International 国际业务部", "company", formed=SALES_SPLITS),
    Unit("engineering", "Engineering 研发部", "company"),
    Unit("platform", "Platform 平台组", "engineering"),
    Unit("sensors", "Sensors 传感器组", "engineering"),
    Unit("quality", "Quality 质量组", "engineering"),
    Unit("service", "Customer Service 客户服务部", "company"),
    Unit("support", "Support 技术支持组", "service"),
    Unit("field-service", "Field Service 现场服务组", "service", moved=(FIELD_SERVICE_MOVES, "operations")),
    Unit("operations", "Operations 运营部", "company"),
    Unit("logistics", "Logistics 物流组", "operations"),
    Unit("purchasing", "Purchasing 采购组", "operations", dissolved=PURCHASING_MERGES),
    Unit("staff", "Finance, People and IT 职能部", "company"),
    Unit("finance", "Finance 财务组", "staff"),
    Unit("people", "People 人力资源组", "staff"),
    Unit("it", "IT 信息技术组", "staff"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person by nickname. `until` is the first day after the last one; `moved` a later home unit."""

    nick: str
    name: str
    unit: str
    since: date = OPENED
    until: date = date.max
    moved: tuple[date, str] | None = None
    voluntary: bool = True

    def unit_on(self, day: date) -> str | None:
        """Return the home unit on a day, or None before and after employment."""
        if not self.since <= day < self.until:
            return None
        return self.moved[1] if self.moved is not None and day >= self.moved[0] else self.unit

    @property
    def leaves(self) -> bool:
        """Tell whether the person leaves within the year."""
        return self.until != date.max


_MERGED = (PURCHASING_MERGES, "logistics")

PEOPLE = (
    Person("gu", "顾明远 Gu Mingyuan", "company"),
    Person("ye", "叶清 Ye Qing", "company"),
    Person("lin", "林悦 Lin Yue", "sales"),
    Person("chen", "陈志豪 Chen Zhihao", "sales-east"),
    Person("wang", "王晓雨 Wang Xiaoyu", "sales-east"),
    Person("zhao", "赵磊 Zhao Lei", "sales-east", until=on(5, 31)),
    Person("emma", "Emma Carlisle", "sales-east"),
    Person("xu", "徐婷 Xu Ting", "sales-east"),
    Person("iris", "Iris Kendall", "sales-east", since=on(7, 21)),
    Person("shu", "何淑仪 He Shuyi", "sales-east", since=on(8, 4)),
    Person("tang", "唐伟 Tang Wei", "sales-west"),
    Person("liu", "刘洋 Liu Yang", "sales-west"),
    Person("noah", "Noah Whitfield", "sales-west"),
    Person("deng", "邓佳 Deng Jia", "sales-west"),
    Person("feng", "冯凯 Feng Kai", "sales-west"),
    Person("grace", "Grace Holloway", "sales-overseas", moved=(SALES_SPLITS, "international")),
    Person("oliver", "Oliver Stanton", "sales-overseas"),
    Person("hu", "胡静 Hu Jing", "sales-overseas"),
    Person("lucy", "Lucy Marsh", "sales-overseas"),
    Person("shen", "沈立群 Shen Liqun", "engineering"),
    Person("ethan", "Ethan Crowe", "platform"),
    Person("ma", "马骏 Ma Jun", "platform"),
    Person("qian", "钱思远 Qian Siyuan", "platform"),
    Person("clara", "Clara Whitby", "platform"),
    Person("song", "宋扬 Song Yang", "platform"),
    Person("bella", "Bella Norcott", "platform", since=on(10, 13)),
    Person("he", "何冰 He Bing", "sensors"),
    Person("luo", "罗成 Luo Cheng", "sensors"),
    Person("lena", "Lena Ashford", "sensors"),
    Person("tan", "谭雪 Tan Xue", "sensors"),
    Person("jack", "Jack Morland", "sensors", until=on(11, 15)),
    Person("hugo", "Hugo Brandt", "sensors", since=on(4, 14)),
    Person("fang", "方芳 Fang Fang", "quality"),
    Person("yu", "于洋 Yu Yang", "quality"),
    Person("ruby", "Ruby Langley", "quality"),
    Person("pan", "潘岳 Pan Yue", "quality"),
    Person("hannah", "Hannah Prescott", "service"),
    Person("zhu", "朱敏 Zhu Min", "support"),
    Person("qin", "秦岚 Qin Lan", "support"),
    Person("leo", "Leo Fairbank", "support", until=on(3, 15)),
    Person("jiang", "蒋欣 Jiang Xin", "support", until=on(11, 1)),
    Person("wei", "魏东 Wei Dong", "support", until=on(8, 1)),
    Person("owen", "Owen Lester", "support", since=on(5, 12)),
    Person("min", "闵嘉 Min Jia", "support", since=on(9, 15)),
    Person("cao", "曹阳 Cao Yang", "field-service"),
    Person("yan", "严浩 Yan Hao", "field-service"),
    Person("daniel", "Daniel Hurst", "field-service"),
    Person("peng", "彭飞 Peng Fei", "field-service"),
    Person("ivy", "Ivy Sutton", "field-service", since=on(4, 14)),
    Person("du", "杜建国 Du Jianguo", "operations"),
    Person("alice", "Alice Thornbury", "logistics"),
    Person("xie", "谢芸 Xie Yun", "logistics"),
    Person("han", "韩冬 Han Dong", "logistics"),
    Person("kai", "罗恺 Luo Kai", "logistics", since=on(4, 14)),
    Person("tom", "Tom Ridley", "logistics", until=on(10, 1), voluntary=False),
    Person("yao", "姚远 Yao Yuan", "purchasing", moved=_MERGED),
    Person("shi", "石磊 Shi Lei", "purchasing", moved=_MERGED),
    Person("nina", "Nina Calloway", "purchasing", moved=_MERGED),
    Person("xiao", "萧然 Xiao Ran", "staff"),
    Person("ding", "丁宁 Ding Ning", "finance"),
    Person("bai", "白雪 Bai Xue", "finance", until=on(8, 30), voluntary=False),
    Person("george", "George Amberly", "finance"),
    Person("su", "苏婉 Su Wan", "people"),
    Person("mei", "梅琳 Mei Lin", "people"),
    Person("kong", "孔祥 Kong Xiang", "people"),
    Person("jane", "Jane Whitlock", "people"),
    Person("rao", "饶毅 Rao Yi", "it"),
    Person("victor", "Victor Haines", "it"),
    Person("lu", "陆遥 Lu Yao", "it"),
)

# Who leads a unit from which day on, in place of whoever did.
LEADS = (
    ("company", "gu", OPENED),
    ("sales", "lin", OPENED),
    ("sales-east", "chen", OPENED),
    ("sales-west", "tang", OPENED),
    ("sales-overseas", "grace", OPENED),
    ("sales-overseas", "hu", SALES_SPLITS),
    ("international", "grace", SALES_SPLITS),
    ("engineering", "shen", OPENED),
    ("platform", "ethan", OPENED),
    ("sensors", "he", OPENED),
    ("quality", "fang", OPENED),
    ("service", "hannah", OPENED),
    ("support", "zhu", OPENED),
    ("field-service", "cao", OPENED),
    ("operations", "du", OPENED),
    ("logistics", "alice", OPENED),
    ("logistics", "yao", PURCHASING_MERGES),
    ("purchasing", "yao", OPENED),
    ("staff", "xiao", OPENED),
    ("finance", "ding", OPENED),
    ("people", "su", OPENED),
    ("it", "rao", OPENED),
)

HR_PARTNERS = {
    "kong": ("sales", "service"),
    "jane": ("engineering", "operations", "staff"),
}
SYSTEMS = ("crm", "erp", "payroll", "ticketing", "tracker")
FIRST_ADMINISTRATOR, SECOND_ADMINISTRATOR, AUDITOR, OPERATOR = "su", "mei", "ye", "victor"
SILENT_LEAD = "zhu"  # sets goals and closes them, and never says a word in between
ON_PAPER_LEAD = "yao"  # fills in what has to be filled in
RESULT_ONLY_LEAD = "rao"  # grades, and that is all; the lead above sets the goals
UNMOVED = "du"  # sees what his leads have not done, and lets it pass
SPEECHLESS = frozenset({SILENT_LEAD, ON_PAPER_LEAD, RESULT_ONLY_LEAD})
AWAY = {"cao": (on(9, 8), on(9, 20))}  # with a newborn; who leads leaves it to a deputy
DEPUTIES = {"cao": "yan"}

_PERSONS = {each.nick: each for each in PEOPLE}
_UNITS = {each.id: each for each in UNITS}


def person(nick: str) -> Person:
    """Return the person with this nickname."""
    return _PERSONS[nick]


def unit(id: str) -> Unit:
    """Return the unit with this id."""
    return _UNITS[id]


def employed(nick: str, day: date) -> bool:
    """Tell whether the person is employed on a day."""
    return person(nick).unit_on(day) is not None


def away(nick: str, day: date) -> bool:
    """Tell whether somebody is away on a day."""
    since, until = AWAY.get(nick, (date.max, date.max))
    return since <= day < until


def lead_of(unit_id: str, day: date) -> str:
    """Return who leads a unit on a day."""
    return [nick for led, nick, since in LEADS if led == unit_id and since <= day][-1]


def members(unit_id: str, day: date) -> tuple[str, ...]:
    """Return who belongs to a unit on a day, without its lead."""
    lead = lead_of(unit_id, day)
    return tuple(p.nick for p in PEOPLE if p.unit_on(day) == unit_id and p.nick != lead)


def reports(unit_id: str, day: date) -> tuple[str, ...]:
    """Return whom the lead of a unit leads directly: its members, and the leads of the units right under it."""
    under = tuple(lead_of(u.id, day) for u in UNITS if u.parent_on(day) == unit_id and live_on(u, day))
    return (*members(unit_id, day), *(nick for nick in under if nick != lead_of(unit_id, day)))


def live_on(unit: Unit, day: date) -> bool:
    """Tell whether the unit is there on a day."""
    return unit.formed <= day < unit.dissolved


def last_day(nick: str) -> date:
    """Return the last day of somebody who leaves."""
    return person(nick).until - timedelta(days=1)
