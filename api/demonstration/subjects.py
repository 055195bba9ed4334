"""What has an owner besides goals: metrics, systems, clients, processes, documents, and how they change hands."""

from dataclasses import dataclass, field
from datetime import date

from api.demonstration.calendar import later, on
from api.demonstration.company import lead_of
from api.demonstration.story import EntryOf, OfferOf, Story


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject with the unit it belongs to and its holders by role at the beginning: nicknames, or `unit:<id>`."""

    key: str
    label: str
    unit: str
    accountable: str
    responsible: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()
    registered: date = field(default=on(1, 13))

    @property
    def roles(self) -> tuple[tuple[str, str], ...]:
        """Return every role with its holder, the accountable first."""
        rest = (
            ("responsible", self.responsible),
            ("support", self.support),
            ("consulted", self.consulted),
            ("informed", self.informed),
        )
        return ("accountable", self.accountable), *((role, nick) for role, nicks in rest for nick in nicks)


CUSTOMERS = "metric/new-customers"
CLOSING = "process/month-end-closing"
PING_PONG = "client/harbour-foods"
LEFT_BEHIND = "system/test-bench"

SUBJECTS = (
    Subject(
        CUSTOMERS, "New customers 新增客户", "sales", "lin", ("chen", "tang", "grace"), ("kong",), ("hannah",), ("gu",)
    ),
    Subject("metric/revenue", "Revenue 营业收入", "company", "gu", ("lin", "hannah"), ("ding",), (), ("xiao",)),
    Subject("metric/satisfaction", "Satisfaction 满意度", "service", "hannah", ("zhu", "cao"), ("kong",), ("fang",)),
    Subject("system/crm", "CRM 客户管理系统", "it", "lu", ("victor",), (), ("lin",), ("chen", "tang")),
    Subject("system/erp", "ERP 企业资源系统", "it", "rao", ("lu",), (), ("ding", "alice")),
    Subject("system/telemetry", "Telemetry 遥测平台", "platform", "ma", ("qian",), (), ("he",)),
    Subject(LEFT_BEHIND, "Test bench 测试台", "sensors", "jack", ("tan",), (), ("yu",)),
    Subject("system/legacy-helpdesk", "Old helpdesk 旧工单系统", "support", "qin", ("wei",)),
    Subject("client/lantern-water", "Lantern Water 灯塔水务", "sales-east", "zhao", ("xu",), ("qin",)),
    Subject("client/green-valley", "Green Valley 绿谷环保", "sales-east", "wang", ("emma",), ("yan",)),
    Subject("client/silver-lake", "Silver Lake 银湖水厂", "sales-east", "emma", ("wang",)),
    Subject(PING_PONG, "Harbour Foods 海港食品", "sales-west", "liu", ("deng",), ("qin",)),
    Subject("client/northgate-utilities", "Northgate Utilities 北门公用", "sales-overseas", "oliver", ("hu",)),
    Subject(CLOSING, "Month-end closing 月末结账", "finance", "bai", ("george",), ("rao",), (), ("xiao",)),
    Subject("process/incident-response", "Incidents 事故响应", "support", "unit:support", ("qin",), (), ("ethan",)),
    Subject("process/release", "Release 版本发布", "platform", "ethan", ("clara",), ("lu",), ("fang",), ("hannah",)),
    Subject("process/supplier-approval", "Supplier approval 供应商准入", "purchasing", "yao", ("shi",), (), ("fang",)),
    Subject("process/hiring", "Hiring 招聘", "people", "su", ("kong", "jane")),
    Subject(
        "process/goal-setting",
        "Goal setting 目标设定",
        "company",
        "gu",
        ("lin", "shen", "hannah", "du"),
        ("su", "kong", "jane"),
    ),
    Subject("document/quality-handbook", "Quality rules 质量手册", "quality", "fang", ("ruby",), (), ("he", "ethan")),
    Subject("document/price-list", "Price list 价目表", "sales", "lin", ("grace",), ("ding",)),
    Subject("document/employee-handbook", "Employee handbook 员工手册", "people", "mei", ("jane",), (), ("xiao",)),
)  # fmt: skip


def tell(story: Story) -> None:
    """Add subjects, and what becomes of them over the year."""
    for index, subject in enumerate(SUBJECTS):
        _register(story, subject, later(subject.registered, index % 4))
    for chapter in (
        _customers_change_hands,
        _ping_pong,
        _leavers_hand_over,
        _gap,
        _refused_and_open,
        _corrections,
        _small_changes,
    ):
        chapter(story)


def holder(story: Story, name: str) -> dict[str, str]:
    """Return a person by nickname, or a unit by `unit:<id>`, as a holder."""
    if name.startswith("unit:"):
        return {"kind": "unit", "id": name.removeprefix("unit:")}
    return story.holder(name)


def _register(story: Story, subject: Subject, day: date) -> None:
    by = lead_of(subject.unit, day)
    story.add(day, 13, by, "responsibilities/register", subject.key, label=subject.label, unit=subject.unit)
    for role, name in subject.roles:
        give(story, day, 14, by, subject.key, role=role, to=name)


def give(
    story: Story,
    day: date,
    hour: int,
    by: str,
    key: str,
    *,
    role: str,
    to: str,
    called: str | None = None,
    **fields: object,
) -> None:
    """Let somebody give a holder a role for a subject."""
    path = "responsibilities/assign"
    story.add_called(called, day, hour, by, path, key, role=role, holder=holder(story, to), **fields)


def hand_over(story: Story, key: str, *, giver: str, taker: str, offered: date, accepted: date) -> None:
    """Let the accountable offer a subject to somebody who accepts."""
    called = f"{key}/{offered}"
    offer(story, key, giver=giver, taker=taker, day=offered)
    story.add(accepted, 10, taker, "responsibilities/accept-hand-over", key, offer=OfferOf(called))


def offer(story: Story, key: str, *, giver: str, taker: str, day: date) -> None:
    """Let the accountable offer a subject to somebody."""
    called = f"{key}/{day}"
    path = "responsibilities/offer-hand-over"
    story.add_called(called, day, 15, giver, path, key, taker=story.holder(taker))


def _customers_change_hands(story: Story) -> None:
    """Chen answers for new customers since 16 June; it was recorded on 14 July only."""
    give(
        story, on(7, 14), 10, "lin", CUSTOMERS, role="accountable", to="chen",
        instead_of=story.holder("lin"), effective_at=on(6, 16), reason="late-notice",
    )  # fmt: skip
    story.add(
        on(7, 15), 10, "chen", "responsibilities/release", CUSTOMERS, role="responsible", holder=story.holder("chen")
    )
    give(story, on(7, 15), 11, "chen", CUSTOMERS, role="responsible", to="wang")
    give(story, on(7, 15), 11, "chen", CUSTOMERS, role="responsible", to="hu")
    give(story, on(9, 1), 11, "chen", CUSTOMERS, role="informed", to="xiao")


def _ping_pong(story: Story) -> None:
    """Sales and support pass a client to and fro."""
    for giver, taker, offered, accepted in (
        ("liu", "qin", on(3, 10), on(3, 11)),
        ("qin", "liu", on(3, 24), on(3, 26)),
        ("liu", "qin", on(4, 8), on(4, 9)),
        ("qin", "liu", on(4, 17), on(4, 21)),
    ):
        hand_over(story, PING_PONG, giver=giver, taker=taker, offered=offered, accepted=accepted)


def _leavers_hand_over(story: Story) -> None:
    hand_over(story, "client/lantern-water", giver="zhao", taker="wang", offered=on(5, 20), accepted=on(5, 22))
    story.add(on(6, 30), 10, "qin", "responsibilities/retire", "system/legacy-helpdesk")


def _gap(story: Story) -> None:
    """Nobody answers for month-end closing from 30 August on, until somebody is named on 22 September."""
    bai = story.holder("bai")
    story.add(
        on(8, 29), 16, "ding", "responsibilities/release", CLOSING, role="accountable", holder=bai,
        effective_at=on(8, 30), reason="leaver",
    )  # fmt: skip
    give(story, on(9, 22), 10, "ding", CLOSING, role="accountable", to="george")
    story.add(on(10, 1), 10, "du", "responsibilities/declare-vacant", "process/supplier-approval")
    give(story, on(10, 13), 10, "du", "process/supplier-approval", role="accountable", to="alice")


def _refused_and_open(story: Story) -> None:
    offer(story, "system/crm", giver="lu", taker="deng", day=on(5, 12))
    called = OfferOf(f"system/crm/{on(5, 12)}")
    story.add(on(5, 14), 10, "deng", "responsibilities/refuse-hand-over", "system/crm", offer=called)
    hand_over(story, "client/silver-lake", giver="emma", taker="iris", offered=on(9, 8), accepted=on(9, 10))
    offer(story, "client/northgate-utilities", giver="oliver", taker="lucy", day=on(12, 15))


def _corrections(story: Story) -> None:
    """One entry named the wrong person and is annulled; another the wrong day and is moved."""
    prices, telemetry = "document/price-list", "system/telemetry"
    give(story, on(2, 3), 10, "lin", prices, role="responsible", to="hu", called="wrong-person")
    story.add(
        on(2, 10), 10, "lin", "responsibilities/annul", prices, entry=EntryOf("wrong-person"), reason="wrong-person"
    )
    give(story, on(2, 10), 11, "lin", prices, role="responsible", to="tang", effective_at=on(2, 3), reason="correction")
    give(story, on(3, 3), 10, "ma", telemetry, role="responsible", to="clara", called="wrong-day")
    story.add(
        on(3, 5), 10, "ma", "responsibilities/redate", telemetry,
        entry=EntryOf("wrong-day"), new_effective_at=on(4, 1), reason="wrong-date",
    )  # fmt: skip


def _small_changes(story: Story) -> None:
    label = "Quality manual 质量管理手册"
    story.add(on(5, 6), 10, "fang", "responsibilities/rename", "document/quality-handbook", label=label)
    give(story, on(8, 4), 10, "cao", "client/green-valley", role="support", to="peng")
    give(story, on(9, 1), 10, "ethan", "process/release", role="responsible", to="song")
    give(story, on(10, 20), 10, "ethan", "process/release", role="consulted", to="bella")
