"""Who may use which route: one table. A route without a line here is refused, and fails the suite."""

from collections.abc import Mapping
from dataclasses import dataclass

HR = "hr_administrator"
PARTNER = "hr_partner"
AUDITOR = "auditor"
SUBSCRIBER = "subscriber"
OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a caller needs. With `kind` or `subject`, the subject in the path must be theirs to see as of now.

    `seat`: a seat in it is enough; the answer then holds what the seat needs.

    `public` needs no token. `roles`: any one of them opens the route; none named: any caller. `rows`: the answer holds
    only what the caller may see. `subject`: the path names kind and id; `kind`: the path names the id of that kind.
    """

    public: bool = False
    roles: frozenset[str] = frozenset()
    subject: bool = False
    kind: str | None = None
    rows: bool = False
    seat: bool = False


PUBLIC = Policy(public=True)
SUBJECT = Policy(subject=True)
ROWS = Policy(rows=True)
FEED = Policy(roles=frozenset({HR, AUDITOR, SUBSCRIBER}))
OPERATION = Policy(roles=frozenset({OPERATOR, HR}))

POLICIES: Mapping[str, Policy] = {
    "/who-owns/{kind}/{id}": SUBJECT,
    "/who-owns/{kind}": SUBJECT,
    "/who-owns": ROWS,
    "/gaps": ROWS,
    "/conflicts": ROWS,
    "/hand-overs": ROWS,
    "/trail/{kind}/{id}": SUBJECT,
    "/trail/{kind}": SUBJECT,
    "/trail": ROWS,
    "/refused": Policy(roles=frozenset({AUDITOR})),
    "/control": Policy(roles=frozenset({AUDITOR})),
    "/control/{number}": Policy(roles=frozenset({AUDITOR})),
    "/control/{number}/proof": Policy(roles=frozenset({AUDITOR})),
    "/goals": ROWS,
    "/goals/{id}": Policy(kind="goal"),
    "/reviews": ROWS,
    "/reviews/{id}": Policy(kind="review", seat=True),
    "/cycles": ROWS,
    "/cycles/{id}": Policy(kind="cycle"),
    "/feedback": ROWS,
    "/feedback/{id}": Policy(kind="feedback"),
    "/comments": ROWS,  # about a subject that the route requires to be seen
    "/coachings": ROWS,
    "/coachings/{id}": Policy(kind="coaching"),
    "/coaching": ROWS,
    "/requisitions": ROWS,
    "/requisitions/{id}": Policy(kind="requisition"),
    "/applications/{id}": Policy(kind="application"),
    "/suggestions": ROWS,  # to whom they are put, and to auditors
    "/suggestions/rules": ROWS,
    "/job-analyses": ROWS,
    "/job-analyses/{id}": Policy(kind="job-analysis"),
    "/duties": ROWS,
    "/duties/{id}": Policy(kind="duty"),
    "/people/{id}": Policy(kind="person"),
    "/people/{id}/accesses": ROWS,  # to that person and to auditors
    "/people/{id}/export": ROWS,  # to that person alone
    "/key-epochs": OPERATION,
    "/holds": Policy(roles=frozenset({HR, AUDITOR}), rows=True),
    "/retention-schedules": ROWS,  # whoever is kept data about may know how long
    "/candidates/{id}/erasure": Policy(roles=frozenset({HR, AUDITOR})),
    "/people/{id}/erasure": Policy(roles=frozenset({HR, AUDITOR})),
    "/units/{id}": Policy(kind="unit"),
    "/goals/{id}/map": Policy(kind="goal"),
    "/units/{id}/map": Policy(kind="unit"),
    "/reports": ROWS,
    "/reports/{name}": ROWS,
    "/commands": ROWS,
    "/surveys/{id}/answer": Policy(kind="survey"),
    "/events": FEED,
    "/events/stream": FEED,
    "/events/{event_id}": ROWS,
    "/events/{event_id}/proof": ROWS,
    "/events/{event_id}/sealed": ROWS,
    "/bundles/who-owns/{kind}/{id}": SUBJECT,
    "/bundles/trail/{kind}/{id}": SUBJECT,
    "/bundles/goals/{id}": Policy(kind="goal"),
    "/bundles/decisions/{event_id}": ROWS,
    "/bundles/reports/{name}": ROWS,
    "/logs/{ledger}/checkpoint": PUBLIC,
    "/logs/{ledger}/verifier-key": PUBLIC,
    "/logs/{ledger}/successions": PUBLIC,
    "/logs/{ledger}/witnessed-checkpoint": PUBLIC,
    "/logs/{ledger}/tile/{name:path}": PUBLIC,  # entries need a token of the feed: the route asks for it
    "/logs/{ledger}/consistency": PUBLIC,
    "/logs/{ledger}/control/checkpoint": PUBLIC,
    "/logs/{ledger}/control/verifier-key": PUBLIC,
    "/logs/{ledger}/control/successions": PUBLIC,
    "/logs/{ledger}/control/consistency": PUBLIC,
    "/batches/{id}": ROWS,
    "/batches/{id}/reverse": ROWS,  # each event needs the authority to take it back alone
    "/imports": ROWS,  # a command file: each line is judged as a call of its own
    "/imports/ownership": Policy(roles=frozenset({HR})),
    "/imports/ownership/{id}/confirm": Policy(roles=frozenset({HR})),
    "/projections": OPERATION,
    "/projections/{name}/rebuild": Policy(roles=frozenset({OPERATOR})),
    "/health": PUBLIC,
    "/metrics": OPERATION,
    "/openapi.json": PUBLIC,
}
