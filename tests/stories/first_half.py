"""The first half of the year: a policy, the cascade of the aim, a deviation, a deputy, a new lead, a hire."""

from __future__ import annotations

from ledger.domain.duties import Standing
from tests.stories.looks import act, duty, remainder
from tests.stories.telling import Step

YEAR = {"starts_on": "2026-01-05", "ends_on": "2026-12-31"}
GRADES = ["c", "b", "a"]
STAGES = [
    {"stage": "self_assessment", "opens_on": "2026-11-02", "closes_on": "2026-11-06"},
    {"stage": "review", "opens_on": "2026-11-09", "closes_on": "2026-11-13"},
    {"stage": "calibration", "opens_on": "2026-11-16", "closes_on": "2026-11-20"},
    {"stage": "results", "opens_on": "2026-11-23", "closes_on": "2026-12-04"},
]
GOOD = [{"competency": "selling", "score": "4"}]
POOR = [{"competency": "selling", "score": "2"}]


POLICY: list[Step] = [
    act(
        "2026-01-05T09:00", "hr", "/policies/performance/publish", "PolicyPublished",
        "HR publishes the policy in both languages: it gives the tools and the rhythm.",
        label="Performance", text_zh="上级定目标、辅导和评价。", text_en="Leads set goals, coach and judge.",
        terms={
            "offices": {"hr": "{kong}", "top": "{boss}"}, "reporting_rhythm_days": 60, "weights_total": 1,
            "scales": [{"code": "three", "grades": GRADES}],
        },
    ),
    act(
        "2026-01-05T10:00", "wang", "/policy-readings/{wang}/read", "PolicyRead", "Wang reads it.",
        policy="performance",
    ),
]  # fmt: skip

CASCADE: list[Step] = [
    act(
        "2026-01-06T09:00", "boss", "/goals/assign", "GoalAssigned",
        "The company's aim for the year: a thousand orders.", "aim",
        owner={"kind": "unit", "id": "company"}, title="A thousand orders", metric="orders", baseline="0",
        target="1000", **YEAR,
    ),
    act(
        "2026-01-06T10:00", "boss", "/goals/assign", "GoalAssigned",
        "The north takes six hundred of them.", "north",
        owner={"kind": "unit", "id": "north"}, title="Six hundred in the north", metric="orders", baseline="0",
        target="600", parent="{aim}", share="0.6", **YEAR,
    ),
    act(
        "2026-01-06T10:00", "boss", "/goals/assign", "GoalAssigned",
        "The south takes three hundred; a hundred are nobody's yet.", "south",
        owner={"kind": "unit", "id": "south"}, title="Three hundred in the south", metric="orders", baseline="0",
        target="300", parent="{aim}", share="0.3", **YEAR,
    ),
    act(
        "2026-01-07T09:00", "kong", "/goals/assign", "in_a_leads_place",
        "HR sets no goals in a lead's place.",
        owner={"kind": "person", "id": "{wang}"}, title="Set by HR", metric="orders", baseline="0", target="200",
        parent="{north}", share="0.3", **YEAR,
    ),
    act(
        "2026-01-07T09:30", "kong", "/goals/propose", "GoalProposed",
        "HR's lawful way to help is a proposal.", "wangs",
        owner={"kind": "person", "id": "{wang}"}, title="Orders of Wang", metric="orders", baseline="0", target="180",
        parent="{north}", share="0.3", **YEAR,
    ),
    act(
        "2026-01-07T10:00", "chen", "/goals/{wangs}/assign", "GoalAssigned",
        "Chen, who leads the north, adopts it and asks for more.",
        owner={"kind": "person", "id": "{wang}"}, title="Orders of Wang", metric="orders", baseline="0", target="240",
        parent="{north}", share="0.4", **YEAR,
    ),
    act(
        "2026-01-07T10:00", "chen", "/goals/assign", "GoalAssigned",
        "Mei has two hundred and forty as well.", "meis",
        owner={"kind": "person", "id": "{mei}"}, title="Orders of Mei", metric="orders", baseline="0", target="240",
        parent="{north}", share="0.4", **YEAR,
    ),
    act(
        "2026-01-07T10:00", "chen", "/goals/assign", "shares_exceed_parent",
        "A share that would make more than the whole is refused.",
        owner={"kind": "person", "id": "{zhao}"}, title="Orders of Zhao", metric="orders", baseline="0", target="180",
        parent="{north}", share="0.3", **YEAR,
    ),
    act(
        "2026-01-07T10:30", "chen", "/goals/assign", "GoalAssigned",
        "Zhao takes what is left of the north.", "zhaos",
        owner={"kind": "person", "id": "{zhao}"}, title="Orders of Zhao", metric="orders", baseline="0", target="120",
        parent="{north}", share="0.2", **YEAR,
    ),
    remainder("2026-01-07T18:00", "A hundred of the thousand are still nobody's.", whole="1000", rest="100"),
    act("2026-01-08T09:00", "wang", "/goals/{wangs}/accept", "GoalAccepted", "Wang accepts."),
    act(
        "2026-01-08T09:00", "mei", "/goals/{meis}/dispute", "GoalDisputed",
        "Mei disputes; the goal stays binding.", counter_target="200",
    ),
    act("2026-01-08T09:00", "zhao", "/goals/{zhaos}/accept", "GoalAccepted", "Zhao accepts."),
    act(
        "2026-01-08T14:00", "chen", "/goals/{meis}/revise-target", "GoalTargetRevised",
        "Chen meets Mei half-way.", target="220", reason="agreed",
    ),
    act("2026-01-09T09:00", "mei", "/goals/{meis}/accept", "GoalAccepted", "Mei accepts that."),
]  # fmt: skip

DEVIATION: list[Step] = [
    act(
        "2026-03-02T09:00", "wang", "/goals/{wangs}/report-progress", "ProgressReported",
        "After two months Wang has sold ten of two hundred and forty.", value="10", health="on_track",
    ),
    duty(
        "2026-03-02T09:30", "The ledger finds it below the path, and Chen has to talk about it.",
        "talk_about_deviation", "chen", Standing.OPEN,
    ),
    duty(
        "2026-03-10T09:00", "Chen does nothing; the duty lapses in silence.",
        "talk_about_deviation", "chen", Standing.LAPSED, nth=0,
    ),
    duty(
        "2026-03-16T09:00", "It goes up to the boss, and frees Chen of nothing.",
        "talk_about_deviation", "boss", Standing.OPEN,
    ),
    act(
        "2026-03-17T09:00", "wang", "/goals/{wangs}/raise-difficulty", "DifficultyRaised",
        "Wang says what stands in the way.", "stuck", concern="resources", note="Nobody answers the phone",
    ),
    duty(
        "2026-03-17T09:30", "Chen has three working days to answer.", "answer_difficulty", "chen", Standing.OPEN,
    ),
    act(
        "2026-03-24T09:00", "chen", "/goals/{wangs}/give-support", "SupportGiven",
        "Chen answers, two days late.", call="{stuck.entry}", note="You get Gu for the phone",
    ),
    act(
        "2026-03-24T10:00", "chen", "/coachings/hold", "CoachingHeld",
        "At last they talk.", "talk", person="{wang}", goals=["{wangs}"], note="What is in the way, and who helps",
    ),
    act(
        "2026-04-01T09:00", "wang", "/goals/{wangs}/resolve-difficulty", "DifficultyResolved",
        "The difficulty is over.", difficulty="{stuck.entry}",
    ),
]  # fmt: skip

LEADS: list[Step] = [
    act(
        "2026-04-06T09:00", "chen", "/people/{chen}/delegate", "DelegationGranted",
        "Chen is away for two days: Lin acts in Chen's place until noon on Wednesday.",
        delegate="{lin}", scope=["goals"], until="2026-04-08T12:00:00+08:00",
    ),
    act(
        "2026-04-08T11:59", "lin", "/goals/{zhaos}/revise-target", "GoalTargetRevised",
        "A minute before noon Lin still revises a target, in both names.",
        target="110", reason="agreed", acting_for="chen",
    ),
    act(
        "2026-04-08T12:01", "lin", "/goals/{zhaos}/revise-target", "not_found",
        "A minute after noon Lin may not even know of the goal.", target="100", reason="agreed", acting_for="chen",
    ),
    act(
        "2026-06-01T09:00", "hr", "/units/north/appoint-lead", "UnitLeadAppointed",
        "In mid-year Zhou takes the north over from Chen.", lead="{zhou}",
    ),
    act(
        "2026-06-02T09:00", "wang", "/goals/{wangs}/raise-difficulty", "DifficultyRaised",
        "Wang raises another difficulty.", "again", concern="skills",
    ),
    duty(
        "2026-06-02T09:30", "It is Zhou who has to answer now.", "answer_difficulty", "zhou", Standing.OPEN,
    ),
    act(
        "2026-06-03T09:00", "chen", "/goals/{wangs}/give-support", "not_found",
        "Chen has no part in it any more.", call="{again.entry}",
    ),
    act("2026-06-03T10:00", "zhou", "/goals/{wangs}/give-support", "SupportGiven", "Zhou helps.", call="{again.entry}"),
]  # fmt: skip

HIRING: list[Step] = [
    act(
        "2026-04-13T09:00", "hr", "/job-profiles/adopt", "JobProfileAdopted",
        "What a seller must be able to do.", "seller", job="seller", metrics=["orders"],
        requirements=[{"competency": "selling", "minimum": "3"}],
    ),
    act(
        "2026-04-14T09:00", "lin", "/requisitions/open", "RequisitionOpened",
        "Lin asks for somebody for the south.", "request", unit="south", profile="{seller}",
    ),
    act("2026-04-15T09:00", "boss", "/requisitions/{request}/approve", "RequisitionApproved", "The boss approves."),
    act("2026-04-16T09:00", "hr", "/candidates/register", "CandidateRegistered", "A candidate.", "dee", name="Dee"),
    act(
        "2026-04-16T10:00", "hr", "/applications/receive", "ApplicationReceived",
        "Her application.", "application", candidate="{dee}", requisition="{request}",
    ),
    act(
        "2026-04-17T09:00", "lin", "/applications/{application}/name-panel", "PanelNamed",
        "Sun and Gu are to assess.", assessors=["{sun}", "{gu}"],
    ),
    act(
        "2026-04-20T09:00", "sun", "/applications/{application}/record-assessment", "AssessmentRecorded",
        "Sun finds her good.", scores=GOOD,
    ),
    act(
        "2026-04-20T10:00", "gu", "/applications/{application}/record-assessment", "AssessmentRecorded",
        "Gu does not.", scores=POOR,
    ),
    act(
        "2026-04-21T09:00", "lin", "/applications/{application}/decide", "HiringDecisionMade",
        "Lin rejects.", decision="reject", reason="below_requirements",
    ),
    act(
        "2026-04-21T10:00", "lin", "/applications/{application}/make-offer", "not_to_be_hired",
        "No offer follows a rejection.",
        contract="fixed_term", starts_on="2026-05-04", until="2029-05-04", probation_until="2026-08-04",
        open_until="2026-04-28",
    ),
    act(
        "2026-04-22T09:00", "lin", "/applications/{application}/reverse-decision", "HiringDecisionReversed",
        "Lin takes the rejection back, and says why.", reason="new_facts",
    ),
    act(
        "2026-04-22T10:00", "lin", "/applications/{application}/decide", "HiringDecisionMade",
        "She is hired although she is below the bar.", decision="hire", reason="potential",
    ),
    act(
        "2026-04-22T11:00", "gu", "/applications/{application}/record-dissent", "DissentRecorded",
        "Gu disagrees, on the record.", note="She has never sold anything",
    ),
    act(
        "2026-04-23T09:00", "lin", "/applications/{application}/make-offer", "OfferMade",
        "The offer.", contract="fixed_term", starts_on="2026-05-04", until="2029-05-04",
        probation_until="2026-08-04", open_until="2026-04-30",
    ),
    act("2026-04-24T09:00", "kong", "/applications/{application}/accept-offer", "OfferAccepted", "She takes it."),
    act(
        "2026-04-27T09:00", "hr", "/people/{hire}/start-employment", "EmploymentStarted",
        "Her employment from the fourth of May.", contract="fixed_term", effective_at="2026-05-04",
        until="2029-05-04", probation_until="2026-08-04", application="{application}",
    ),
    act(
        "2026-04-27T09:00", "hr", "/people/{hire}/assign-to-unit", "PersonAssignedToUnit",
        "In the south.", unit="south", effective_at="2026-05-04",
    ),
    duty("2026-05-04T09:00", "Lin has to show her what is expected.", "present_expectations", "lin", Standing.OPEN),
    act(
        "2026-05-05T09:00", "lin", "/onboardings/{hire}/present", "ExpectationsPresented",
        "Four orders a month.", "shown", expectations=[{"metric": "orders", "target": "4", "interval": "month"}],
    ),
    act(
        "2026-05-05T14:00", "hire", "/onboardings/{hire}/acknowledge", "other_expectations",
        "She cannot take note of something else.", content="0" * 64,
    ),
    act(
        "2026-05-06T09:00", "hire", "/onboardings/{hire}/acknowledge", "ExpectationsAcknowledged",
        "She takes note of exactly these.", content="{shown.content}",
    ),
    duty("2026-07-20T09:00", "Her probation nears its end: Lin proposes.", "decide_probation", "lin", Standing.OPEN),
    act(
        "2026-07-21T09:00", "lin", "/probations/{hire}/propose", "ProbationOutcomeProposed", "To confirm.",
        outcome="confirm",
    ),
    act("2026-07-22T09:00", "kong", "/probations/{hire}/confirm", "EmploymentConfirmed", "HR carries it out."),
]  # fmt: skip
