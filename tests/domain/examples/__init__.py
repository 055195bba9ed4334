"""One company, and for every command one valid example in it: who asks for what, about which subject, after what."""

from __future__ import annotations

from tests.domain.examples import (
    duties,
    feedback,
    goals,
    hiring,
    identity,
    ledgers,
    people,
    policies,
    progress,
    responsibilities,
    reviews,
)
from tests.domain.examples.company import (
    ANN,
    ANN_HOLDS,
    BOB,
    BOB_HOLDS,
    DIGEST,
    GOAL,
    HIRED,
    PROFILE,
    SALES,
    company,
    day,
    q,
)
from tests.domain.examples.duties import DUTY, LAPSED, OWED
from tests.domain.examples.example import Example
from tests.domain.examples.feedback import FEEDBACK
from tests.domain.examples.goals import (
    ACCEPTED,
    ASSIGNED,
    CLOSED,
    DISPUTED,
    GOAL_ASKED,
    PROPOSED,
    REOPENED,
    REPORTED,
    REVISED,
    WITHDRAWN,
)
from tests.domain.examples.hiring import ANN_SCORED, APPLIED, BOB_SCORED, GOOD, HIRE, OPENED, PANEL, POOR, decided
from tests.domain.examples.people import AT_HOME, EMPLOYED, LED, MANAGED, PARTNERED, PERSON, UNIT
from tests.domain.examples.policies import KEEP, POLICY, POLICY_COMES, POLICY_HOLDS
from tests.domain.examples.progress import CALLED, DIFFICULT
from tests.domain.examples.responsibilities import ANN_ACCOUNTABLE, OFFERED, REGISTERED

EXAMPLES = (
    *ledgers.EXAMPLES,
    *identity.EXAMPLES,
    *people.EXAMPLES,
    *policies.EXAMPLES,
    *responsibilities.EXAMPLES,
    *goals.EXAMPLES,
    *progress.EXAMPLES,
    *feedback.EXAMPLES,
    *hiring.EXAMPLES,
    *duties.EXAMPLES,
    *reviews.EXAMPLES,
)

__all__ = [
    "ACCEPTED",
    "ANN",
    "ANN_ACCOUNTABLE",
    "ANN_HOLDS",
    "ANN_SCORED",
    "APPLIED",
    "ASSIGNED",
    "AT_HOME",
    "BOB",
    "BOB_HOLDS",
    "BOB_SCORED",
    "CALLED",
    "CLOSED",
    "DIFFICULT",
    "DIGEST",
    "DISPUTED",
    "DUTY",
    "EMPLOYED",
    "EXAMPLES",
    "FEEDBACK",
    "GOAL",
    "GOAL_ASKED",
    "GOOD",
    "HIRE",
    "HIRED",
    "KEEP",
    "LAPSED",
    "LED",
    "MANAGED",
    "OFFERED",
    "OPENED",
    "OWED",
    "PANEL",
    "PARTNERED",
    "PERSON",
    "POLICY",
    "POLICY_COMES",
    "POLICY_HOLDS",
    "POOR",
    "PROFILE",
    "PROPOSED",
    "REGISTERED",
    "REOPENED",
    "REPORTED",
    "REVISED",
    "SALES",
    "UNIT",
    "WITHDRAWN",
    "Example",
    "company",
    "day",
    "decided",
    "q",
]
