"""The second half: a training, a leaver, the reviews with an appeal, a survey, the end of the year."""

from __future__ import annotations

from ledger.domain.duties import Standing
from tests.stories.looks import act, duty, figures, groups, stood
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


MIDDLE: list[Step] = [
    act(
        "2026-06-08T09:00", "hr", "/courses/phone/define", "CourseDefined",
        "A course that should move orders.", label="Selling by phone", metrics=["orders"],
    ),
    act(
        "2026-06-09T09:00", "zhou", "/trainings/assign", "TrainingAssigned",
        "Wang goes to it.", "training", person="{wang}", course="phone", starts_on="2026-06-15", ends_on="2026-06-19",
    ),
    act("2026-06-19T17:00", "wang", "/trainings/{training}/complete", "TrainingCompleted", "And completes it."),
    act(
        "2026-07-06T09:00", "erp", "/outcomes/person/{wang}/record", "OutcomeRecorded",
        "What Wang sold in June, by the books.", metric="orders", starts_on="2026-06-01", ends_on="2026-06-30",
        value="38", source="erp",
    ),
    act(
        "2026-07-06T10:00", "wang", "/goals/{wangs}/report-progress", "ProgressReported",
        "Wang says ninety in all.", value="90", health="on_track",
    ),
    act(
        "2026-07-07T09:00", "erp", "/goals/{wangs}/record-measurement", "MeasurementRecorded",
        "The books say eighty-four: both are kept.", value="84", source="erp",
    ),
    act(
        "2026-08-03T09:00", "kong", "/people/{zhao}/end-employment", "EmploymentEnded",
        "Zhao leaves at the end of August.", ending="voluntary", effective_at="2026-09-01",
    ),
    duty("2026-08-03T09:30", "Somebody has to take over what Zhao holds.", "take_over", "zhou", Standing.OPEN),
    act(
        "2026-08-24T09:00", "zhou", "/goals/{zhaos}/hand-over", "GoalHandedOver",
        "Mei takes Zhao's goal.", taker={"kind": "person", "id": "{mei}"}, reason="leaver",
    ),
    act(
        "2026-09-07T09:00", "zhao", "/goals/{zhaos}/report-progress", "not_found",
        "Whoever has left reports nothing.", value="50",
    ),
    act("2026-08-25T09:00", "mei", "/goals/{zhaos}/accept", "GoalAccepted", "Mei answers it anew."),
]  # fmt: skip

REVIEWS: list[Step] = [
    act(
        "2026-10-19T09:00", "hr", "/cycles/y2026/plan", "CyclePlanned", "The year's reviews.",
        label="The year 2026", stages=STAGES, scale="three", grades=GRADES, **YEAR,
    ),
    act(
        "2026-10-20T09:00", "hr", "/cycles/y2026/brief-assessors", "AssessorsBriefed",
        "Assessors are briefed.", assessors=["{zhou}", "{boss}"],
    ),
    act(
        "2026-10-26T09:00", "hr", "/cycles/y2026/open", "CycleOpened",
        "The cycle is open, under the policy of the day.",
    ),
    act(
        "2026-10-26T10:00", "kong", "/reviews/open", "ReviewOpened",
        "Wang's review.", "review", person="{wang}", cycle="y2026",
    ),
    act(
        "2026-10-26T10:00", "kong", "/reviews/open", "reviewed_already",
        "One review a cycle.", person="{wang}", cycle="y2026",
    ),
    act(
        "2026-10-27T10:00", "zhou", "/reviews/{review}/name-reviewers", "ReviewersNamed",
        "Mei is to say what she saw.", peers=["{mei}"],
    ),
    act(
        "2026-11-02T09:00", "hr", "/cycles/y2026/open-stage", "StageOpened",
        "Everybody looks at their own year.", stage="self_assessment",
    ),
    act(
        "2026-11-03T09:00", "wang", "/reviews/{review}/submit-assessment", "AssessmentSubmitted",
        "Wang.", grade="a", note="A year with a hard start",
    ),
    act("2026-11-03T10:00", "mei", "/reviews/{review}/submit-assessment", "AssessmentSubmitted", "Mei.", grade="b"),
    act(
        "2026-11-06T18:00", "hr", "/cycles/y2026/close-stage", "StageClosed",
        "The stage is over.", stage="self_assessment",
    ),
    act("2026-11-09T09:00", "hr", "/cycles/y2026/open-stage", "StageOpened", "Leads judge.", stage="review"),
    act(
        "2026-11-10T09:00", "kong", "/reviews/{review}/propose-rating", "in_a_leads_place",
        "HR judges nobody in a lead's place.", grade="b",
    ),
    act("2026-11-10T10:00", "zhou", "/reviews/{review}/propose-rating", "RatingProposed", "Zhou judges: b.", grade="b"),
    act(
        "2026-11-10T11:00", "kong", "/reviews/open", "ReviewOpened", "Mei's review is opened late.", "meis_review",
        person="{mei}", cycle="y2026",
    ),
    act(
        "2026-11-11T09:00", "zhou", "/people/{zhou}/delegate", "DelegationGranted",
        "Zhou is at the dentist's: Lin judges in Zhou's place until noon.",
        delegate="{lin}", scope=["reviews"], until="2026-11-11T12:00:00+08:00",
    ),
    act(
        "2026-11-11T11:59", "lin", "/reviews/{meis_review}/propose-rating", "RatingProposed",
        "A minute before noon Lin judges Mei, in both names.", grade="b", acting_for="zhou",
    ),
    act(
        "2026-11-11T12:01", "lin", "/reviews/{meis_review}/propose-rating", "not_found",
        "A minute after noon Lin may not even know of the review.", grade="a", reason="second_thought",
        acting_for="zhou",
    ),
    act("2026-11-13T18:00", "hr", "/cycles/y2026/close-stage", "StageClosed", "Judged.", stage="review"),
    act(
        "2026-11-16T09:00", "hr", "/cycles/y2026/open-stage", "StageOpened",
        "The leads' lead compares.", stage="calibration",
    ),
    act(
        "2026-11-17T09:00", "boss", "/reviews/{review}/calibrate", "RatingCalibrated",
        "The boss puts a c over it, with a reason.", grade="c", reason="beside_the_others",
    ),
    act("2026-11-20T18:00", "hr", "/cycles/y2026/close-stage", "StageClosed", "Compared.", stage="calibration"),
    act("2026-11-23T09:00", "hr", "/cycles/y2026/open-stage", "StageOpened", "Results are told.", stage="results"),
    act("2026-11-23T10:00", "boss", "/reviews/{review}/publish", "ResultPublished", "Published.", "published"),
    act("2026-11-24T09:00", "zhou", "/reviews/{review}/hold-meeting", "ReviewMeetingHeld", "Zhou tells it in person."),
    act(
        "2026-11-24T10:00", "wang", "/reviews/{review}/receive", "ResultReceived",
        "Wang has seen it; that is no agreement.",
    ),
    act(
        "2026-11-24T11:00", "wang", "/reviews/{review}/refuse-acceptance", "ResultAcceptanceRefused",
        "And does not accept it.",
    ),
    act("2026-11-25T09:00", "wang", "/reviews/{review}/appeal", "ResultAppealed", "Wang appeals.", ground="facts"),
    act(
        "2026-11-26T09:00", "hr", "/reviews/{review}/assign-appeal", "decider_had_a_part",
        "Whoever judged decides no appeal.", decider="{boss}",
    ),
    act(
        "2026-11-26T10:00", "hr", "/reviews/{review}/assign-appeal", "AppealAssigned",
        "Lin had no part in it.", decider="{lin}",
    ),
    act(
        "2026-12-01T09:00", "lin", "/reviews/{review}/decide-appeal", "AppealDecided",
        "Lin: it was a b.", outcome="changed", grade="b", reason="facts_hold",
    ),
    act(
        "2026-12-02T09:00", "boss", "/reviews/{review}/publish", "ResultPublished",
        "The changed grade is told.", "told",
    ),
    act(
        "2026-12-02T10:00", "wang", "/reviews/{review}/accept", "ResultAccepted",
        "Wang accepts exactly that.", content="{told.content}",
    ),
    act("2026-12-04T18:00", "hr", "/cycles/y2026/close-stage", "StageClosed", "Told.", stage="results"),
    act("2026-12-07T09:00", "hr", "/pay/{review}/hand-over", "ResultHandedToPay", "The result goes to pay."),
    act("2026-12-08T09:00", "hr", "/cycles/y2026/close", "CycleClosed", "The cycle is over."),
]  # fmt: skip

SURVEY: list[Step] = [
    act(
        "2026-12-08T10:00", "hr", "/surveys/open", "SurveyOpened", "How content is the south, how content the north?",
        "survey", questions=[{"code": "content", "kind": "scale"}], units=["north", "south"], closes_on="2026-12-10",
        wording={"content": "How content are you?"},
    ),
    *(
        act(
            "2026-12-09T09:00", who, "/surveys/{survey}/answer", "waiting", f"{who.title()} answers; nobody can tell.",
            answers={"content": 4}, alone=True,
        )
        for who in ("sun", "gu", "he", "ma", "qi", "wang")
    ),
    act(
        "2026-12-09T10:00", "sun", "/surveys/{survey}/answer", "survey_answered", "Nobody answers twice.",
        answers={"content": 1}, alone=True,
    ),
    act(
        "2026-12-11T09:00", "hr", "/surveys/{survey}/close", "survey_closed",
        "Nobody has to close it: the answers appeared, once, when its last day was over.", alone=True,
    ),
    groups(
        "2026-12-11T10:00",
        "One answer of the north would be Wang's: both units are shown as one.", [["north", "south"]],
    ),
]  # fmt: skip

END: list[Step] = [
    act(
        "2026-12-28T09:00", "wang", "/goals/{wangs}/report-progress", "ProgressReported",
        "Wang's last claim.", value="205",
    ),
    act(
        "2026-12-28T10:00", "erp", "/goals/{wangs}/record-measurement", "MeasurementRecorded",
        "The books agree.", value="204", source="erp",
    ),
    act("2026-12-31T15:00", "zhou", "/goals/{wangs}/close", "GoalClosed", "The year's figures are kept.", "year"),
    figures("2026-12-31T15:30", "The books say 204 of 240: 0.85.", progress="0.85", actual="204"),
    act(
        "2026-12-31T16:00", "wang", "/goals/{wangs}/report-progress", "goal_closed",
        "Nothing is reported after closing.", value="240",
    ),
    act(
        "2026-12-31T17:00", "zhou", "/goals/{wangs}/revise-target", "goal_closed",
        "Nor is a target put right for a time before it.", target="200", effective_at="2026-06-01", reason="late",
    ),
    act(
        "2027-01-04T09:00", "hr", "/policies/performance/publish", "PolicyPublished",
        "A new policy for the new year.", label="Performance", text_zh="新规则。", text_en="New rules.",
        terms={"offices": {"hr": "{kong}", "top": "{boss}"}, "deviation_share": "0.5"},
    ),
    act(
        "2027-01-04T10:00", "zhou", "/goals/{wangs}/reopen", "GoalReopened",
        "A late settlement: the goal runs again, so that it can be put right.", reason="settled",
    ),
    act(
        "2027-01-04T11:00", "zhou", "/goals/{wangs}/revise-target", "GoalTargetRevised",
        "Its target of the last day is another.", target="200", effective_at="2026-12-31", reason="settled",
    ),
    act("2027-01-04T12:00", "wang", "/goals/{wangs}/accept", "GoalAccepted", "Wang accepts."),
    act(
        "2027-01-05T09:00", "hr", "/units/north/merge", "UnitsMerged", "The north becomes part of the south.",
        into="south",
    ),
    figures("2027-01-05T10:00", "And the year's figures are what they were.", progress="0.85", actual="204"),
    stood("2027-01-05T10:00", "Asked as of then, it stood so.", as_known=True, target="240", progress="0.85"),
    stood("2027-01-05T10:00", "What is known now is shown beside.", as_known=False, target="200", progress="1.02"),
]  # fmt: skip
