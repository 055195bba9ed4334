"""What the company wants in 2025: metrics, and one aim a unit, from +20 % revenue down to 400 customers a team."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from api.demonstration.calendar import CLOSED, OPENED, later, on
from api.demonstration.company import FIRST_ADMINISTRATOR, SALES_SPLITS, lead_of, unit
from api.demonstration.story import Story

Direction = Literal["increase", "decrease", "maintain"]
Combines = Literal["sum", "level"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric, the unit that it belongs to, and the system whose measurements count, if any."""

    id: str
    label: str
    unit_of_measure: str
    direction: Direction
    combines: Combines
    unit: str
    source: str | None = None


METRICS = {
    metric.id: metric
    for metric in (
        Metric("revenue", "Revenue 营业收入", "CNY-million", "increase", "sum", "company", "erp"),
        Metric("new-customers", "New customers 新增客户数", "customers", "increase", "sum", "sales", "crm"),
        Metric("visits", "Visits to customers 客户拜访数", "visits", "increase", "sum", "sales", "crm"),
        Metric("satisfaction", "Customer satisfaction 客户满意度", "%", "increase", "level", "service"),
        Metric("features", "Features delivered 交付功能数", "features", "increase", "sum", "platform", "tracker"),
        Metric("open-defects", "Open defects 未关闭缺陷", "defects", "decrease", "level", "sensors"),
        Metric("audits", "Audits passed 通过审核数", "audits", "increase", "sum", "quality"),
        Metric("response-hours", "Hours to respond 响应时长", "hours", "decrease", "level", "support", "ticketing"),
        Metric("first-fix", "Fixed on first visit 首访修复率", "%", "increase", "level", "field-service", "ticketing"),
        Metric("on-time", "Delivered on time 准时交付率", "%", "increase", "level", "operations", "erp"),
        Metric("savings", "Savings in purchasing 采购节约率", "%", "increase", "level", "operations"),
        Metric("closing-days", "Days to close a month 月结天数", "days", "decrease", "level", "finance"),
        Metric("days-to-hire", "Days to hire 招聘周期", "days", "decrease", "level", "people"),
        Metric("availability", "Availability of systems 系统可用率", "%", "maintain", "level", "it"),
    )
}


@dataclass(frozen=True, slots=True)
class Aim:
    """What a unit wants within a period. `name` names it in the story; `parent` is the aim that it serves."""

    name: str
    unit: str
    metric: str
    title: str
    baseline: int | str | None
    target: int | str
    parent: str | None = None
    share: str | None = None
    starts: date = OPENED
    ends: date = CLOSED
    tolerance: str | None = None


AIMS = (
    Aim("revenue", "company", "revenue", "Grow revenue by 20 % · 营收增长 20%", 100, 120),
    Aim("satisfaction", "company", "satisfaction", "Satisfied customers · 客户满意度 92%", 88, 92),
    Aim("sales-revenue", "sales", "revenue", "80 % of it from sales · 销售贡献八成", 80, 96, "revenue", "0.8"),
    Aim("service-revenue", "service", "revenue", "15 % of it from contracts · 维保合同", 14, 18, "revenue", "0.15"),
    Aim("sales-customers", "sales", "new-customers", "1,000 new customers · 新增客户 1000", 0, 1000, "sales-revenue"),
    Aim("east", "sales-east", "new-customers", "400 from the east · 华东 400", 0, 400, "sales-customers", "0.4"),
    Aim("west", "sales-west", "new-customers", "400 from the west · 西部 400", 0, 400, "sales-customers", "0.4"),
    Aim("overseas", "sales-overseas", "new-customers", "200 abroad · 海外 200", 0, 200, "sales-customers", "0.2"),
    Aim("features", "engineering", "features", "What customers wait for · 客户期待的功能", 0, 200, "revenue"),
    Aim("platform", "platform", "features", "200 features · 交付 200 项", 0, 200, "features", "1"),
    Aim("sensors", "sensors", "open-defects", "Half the defects · 缺陷减半", 160, 80, "features"),
    Aim("quality", "quality", "audits", "72 audits · 通过 72 次审核", 0, 72, "features"),
    Aim("service", "service", "satisfaction", "Quick and right · 又快又准", 88, 92, "satisfaction"),
    Aim("support", "support", "response-hours", "Answer in four hours · 四小时内响应", 9, 4, "service"),
    Aim("field", "field-service", "first-fix", "Fixed on the first visit · 一次修好", 78, 88, "service"),
    Aim("operations", "operations", "on-time", "Deliver on time · 准时交付", 91, 96, "satisfaction"),
    Aim("logistics", "logistics", "on-time", "Leave the dock on time · 准时发货", 91, 96, "operations"),
    Aim(
        "purchasing", "purchasing", "savings", "Buy for less · 降本采购", 2, 5, "operations", ends=on(9, 30)
    ),
    Aim("closing", "staff", "closing-days", "Know the month sooner · 更快出月报", 9, 6),
    Aim("finance", "finance", "closing-days", "Close in six days · 六天月结", 9, 6, "closing"),
    Aim("people", "people", "days-to-hire", "Hire in 45 days · 45 天到岗", 60, 45),
    Aim("it", "it", "availability", "Always there · 系统常在线", None, "99.9", tolerance="0.1"),
    Aim(
        "international", "international", "new-customers", "60 in new markets · 新市场 60", 0, 60, "revenue",
        starts=SALES_SPLITS,
    ),
)  # fmt: skip
AIM_OF_TEAM = {aim.unit: aim for aim in AIMS if unit(aim.unit).parent not in (None, "company")}


def tell(story: Story) -> None:
    """Add metrics, aims, and what units report about their aims each month."""
    for index, metric in enumerate(METRICS.values()):
        _define(story, metric, index)
    for aim in AIMS:
        _assign(story, aim)


def _define(story: Story, metric: Metric, index: int) -> None:
    story.add(
        on(1, 6),
        14 + index // 8,
        FIRST_ADMINISTRATOR,
        "metrics/define",
        metric.id,
        label=metric.label,
        unit_of_measure=metric.unit_of_measure,
        direction=metric.direction,
        combines=metric.combines,
        approved_source=metric.source,
        unit=metric.unit,
    )


def assigned_on(aim: Aim) -> date:
    """Return the day on which the aim is given to its unit: from the top down, a day a level."""
    if aim.starts != OPENED:
        return later(aim.starts, 0)  # nobody stands above a unit before it is formed
    return on(1, 7 + _level(aim.unit))


def _level(unit_id: str) -> int:
    parent = unit(unit_id).parent
    return 0 if parent is None else 1 + _level(parent)


def _assigner(aim: Aim) -> str:
    parent = unit(aim.unit).parent
    return lead_of(aim.unit if parent is None else parent, aim.starts)


def _assign(story: Story, aim: Aim) -> None:
    """The lead above gives it, the unit's lead accepts; nobody stands above the company's own."""
    day, goal = assigned_on(aim), story.id("goal", aim.name)
    story.add(
        day,
        10,
        _assigner(aim),
        "goals/assign",
        goal,
        owner={"kind": "unit", "id": aim.unit},
        title=aim.title,
        metric=aim.metric,
        baseline=aim.baseline,
        target=aim.target,
        tolerance=aim.tolerance,
        starts_on=aim.starts,
        ends_on=aim.ends,
        parent=None if aim.parent is None else story.id("goal", aim.parent),
        share=aim.share,
    )
    owner = lead_of(aim.unit, aim.starts)
    if owner != _assigner(aim):
        story.add(later(day, 0), 16, owner, "goals/accept", goal)
    _close(story, aim)


def _close(story: Story, aim: Aim) -> None:
    """What ends within the year is closed that day, the rest in January; the company's own aims wait for the books."""
    parent = unit(aim.unit).parent_on(aim.ends)
    if parent is not None:
        day = aim.ends if aim.ends < CLOSED else later(CLOSED, 8)
        story.add(day, 16, lead_of(parent, day), "goals/close", story.id("goal", aim.name))
