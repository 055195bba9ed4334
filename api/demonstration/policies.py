"""Policies: one at the beginning, a stricter one from July on, a pause in January; and who reads them."""

from datetime import date

from api.demonstration.calendar import FIRST_DAY, later, on
from api.demonstration.chance import chance_of
from api.demonstration.company import FIRST_ADMINISTRATOR, PEOPLE, Person, employed
from api.demonstration.story import DutyOf, Story
from api.demonstration.survey import QUESTIONS

STANDING = "performance"
GRADES = ("d", "c", "b", "a")  # the lowest first
SECOND_PUBLISHED, SECOND_IN_FORCE = on(6, 16), on(7, 1)
PAUSE = date(2026, 1, 5)
READ_WITHIN = 9  # days
NEVER_READ = {1: frozenset({"feng", "tom"}), 2: frozenset({"feng", "yao"})}
TEXT_ZH = {
    1: "直线负责人定目标、辅导、评价；人力资源提供工具和支持，不代替负责人。",
    2: "自七月起：每四十五天报告一次进展；人力资源代行负责人职责的，予以记录并标注。",
    3: "一月：报告与辅导暂停，直至新年度制度生效。",
}
TEXT_EN = {
    1: "Leads set goals, coach and judge; HR gives tools and support, and does not act in a lead's place.",
    2: "From July on: progress is reported every 45 days; what HR does in a lead's place is recorded with a mark.",
    3: "January: reporting and coaching pause until the policy of the new year is in force.",
}


def terms(story: Story, version: int) -> dict[str, object]:
    """Return the terms of a version, whole."""
    person = story.person
    paused = [{"duty": duty, "suspended": True} for duty in ("read_policy", "set_goals")]
    return {
        "boundary": "refuse" if version == 1 else "mark",
        "late_window_days": 10,
        "reporting_rhythm_days": 45 if version == 2 else 0,
        "coaching_rhythm_days": 0 if version == 3 else 120,
        "small_group_limit": 3,
        "system_questions": list(QUESTIONS),
        "scales": [{"code": "four", "grades": GRADES}],
        "distribution": [{"scale": "four", "grade": "a", "largest": "0.3"}],
        "duties": paused if version == 3 else paused[1:] if version == 1 else [],
        "offices": {"hr": person(FIRST_ADMINISTRATOR), "privacy_officer": person("xiao"), "top": person("gu")},
    }


def tell(story: Story) -> None:
    """Add what is published and read, and what becomes of the policy once the year is over."""
    _publish(story, 1, FIRST_DAY, 16)
    _publish(story, 2, SECOND_PUBLISHED, 10, effective_at=SECOND_IN_FORCE)
    _publish(story, 3, PAUSE, 8)
    for version, since in ((1, on(1, 6)), (2, SECOND_IN_FORCE)):
        for person in PEOPLE:
            if person.nick not in NEVER_READ[version]:
                _read(story, person, version, since)
    _excuse(story)


def _publish(story: Story, version: int, day: date, hour: int, **fields: object) -> None:
    story.add(
        day,
        hour,
        FIRST_ADMINISTRATOR,
        "policies/publish",
        STANDING,
        label="Performance management 绩效管理制度",
        terms=terms(story, version),
        text_zh=TEXT_ZH[version],
        text_en=TEXT_EN[version],
        **fields,
    )


def _read(story: Story, person: Person, version: int, since: date) -> None:
    """Whoever is there reads it within days; who joins reads what is in force in the first week."""
    nick, joins = person.nick, person.since > since
    if joins and (person.since >= SECOND_IN_FORCE) is (version == 1):
        return
    days = chance_of(f"read/{nick}/{version}").randint(1, READ_WITHIN)
    day = later(max(since, person.since), 2 + days % 4 if joins else days)
    if employed(nick, day):
        path = "policy-readings/read"
        story.add(day, 8, nick, path, story.person(nick), policy=STANDING, version=version)


def _excuse(story: Story) -> None:
    """Who moved to the merged unit had their goals already: their lead, and the lead's own, are excused."""
    for member, holder, by in (("shi", "yao", "du"), ("nina", "yao", "du"), ("yao", "du", "gu")):
        duty = DutyOf(holder, "set_goals", f"person/{story.person(member)}")
        story.add_duty(on(9, 29), 15, by, "excuse", duty, reason="set_already")
