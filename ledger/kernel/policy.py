"""Policy terms: the codes, numbers and offices that rules go by, dated and versioned, with what holds without any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kernel.event import Value
from ledger.kernel.ids import Code, Grade, PersonId
from ledger.kernel.moments import months_after, whole_months

STANDING = "performance"  # the policy whose terms hold for the whole ledger; others are texts to be read

Days = Annotated[int, Field(ge=0, le=3660)]
Months = Annotated[int, Field(ge=0, le=120)]
Part = Annotated[Decimal, Field(ge=0, le=1, max_digits=11, decimal_places=10)]


class Boundary(StrEnum):
    """What becomes of an act of HR in a lead's place: refused, or recorded with the mark `overstepping`."""

    REFUSE = "refuse"
    MARK = "mark"


class RollUp(StrEnum):
    """How figures of parts make the figure of the whole."""

    WEIGHTED_MEAN = "weighted_mean"
    MEAN = "mean"
    LOWEST = "lowest"


class FallingAttainment(StrEnum):
    """How the attainment of a falling metric is inverted: target ÷ actual, or 2 − actual ÷ target."""

    QUOTIENT = "quotient"
    MIRROR = "mirror"


class ManagerChange(StrEnum):
    """Who judges a period in which the manager changed: each their part, or the manager at its end."""

    SPLIT = "split"
    LAST = "last"


class Scale(Value):
    """Grades by code, the lowest first."""

    code: Code
    grades: tuple[Grade, ...] = Field(min_length=2, max_length=20)


class GradeShare(Value):
    """The largest part of a cohort that a grade of a scale is meant for."""

    scale: Code
    grade: Grade
    largest: Part


class ProbationLimit(Value):
    """The longest probation under a jurisdiction's law, from a contract term on; of any kind of contract if none."""

    jurisdiction: Code
    contract: Code | None = None
    term_from_months: Months = 0
    months: Months


# Labour Contract Law of the People's Republic of China (中华人民共和国劳动合同法), article 19: none below three months
# and for a fixed task; then one month, from one year on two, from three years on and without a term six.
LABOUR_CONTRACT_LAW_CN = (
    *(
        ProbationLimit(jurisdiction="cn", term_from_months=term, months=months)
        for term, months in ((0, 0), (3, 1), (12, 2), (36, 6))
    ),
    ProbationLimit(jurisdiction="cn", contract="fixed_task", months=0),
)


class DutyTerms(Value):
    """Where the standing duty matrix is departed from: other holders, another time, or no such duty."""

    duty: Code
    accountable: Code | None = None
    support: Code | None = None
    days: Days | None = None
    suspended: bool = False


class Offices(Value):
    """The persons who hold named offices; an office without a holder is a gap."""

    hr: PersonId | None = None
    privacy_officer: PersonId | None = None
    top: PersonId | None = None  # decides for whom no lead stands above

    def holders(self) -> dict[str, str]:
        """Return office -> person for the offices that are held."""
        return {name: holder for name in type(self).model_fields if (holder := getattr(self, name)) is not None}


class PolicyTerms(Value):
    """What rules go by. The defaults hold while nothing is published."""

    boundary: Boundary = Boundary.REFUSE
    late_window_days: Days = 7
    reporting_rhythm_days: Days = 30
    coaching_rhythm_days: Days = 90
    deviation_share: Part = Decimal("0.8")  # of the expected path, below which a figure deviates
    small_group_limit: int = Field(default=5, ge=1, le=1000)
    roll_up: RollUp = RollUp.WEIGHTED_MEAN
    weights_total: int | None = Field(default=None, ge=1, le=10_000)  # that the weights of one owner must sum to
    falling_attainment: FallingAttainment = FallingAttainment.QUOTIENT
    manager_change: ManagerChange = ManagerChange.SPLIT
    disputed_goal_binds: bool = True
    administrators_read_feedback: bool = False
    acceptance_days: Days = 7
    appeal_days: Days = 15
    pausing_absences: tuple[Code, ...] = ("maternity", "parental", "long_illness", "military")
    scales: tuple[Scale, ...] = ()
    distribution: tuple[GradeShare, ...] = ()
    duties: tuple[DutyTerms, ...] = ()
    probation_months: Months = 6  # where no limit of a jurisdiction fits
    probation_limits: tuple[ProbationLimit, ...] = LABOUR_CONTRACT_LAW_CN
    probation_notice_days: Days = 30  # before its end, when it has to be decided
    offices: Offices = Offices()
    alike_ratings: int = Field(default=3, ge=2, le=1000)  # of a judge in a cycle, from which on one grade for all tells
    bulk_ratings: int = Field(default=5, ge=2, le=1000)  # by one judge within `bulk_minutes`, from which on they tell
    bulk_minutes: int = Field(default=5, ge=1, le=1440)
    reading_seconds: int = Field(default=10, ge=0, le=86_400)  # sooner after its publication nobody has read a result
    impact_ratio_floor: Part = Decimal("0.8")  # a selection rate below it is looked into (US 29 CFR 1607.4 D)
    system_questions: tuple[Code, ...] = Field(default=("satisfaction", "collaboration"), max_length=40)  # of surveys

    @model_validator(mode="after")
    def _each_named_once(self) -> "PolicyTerms":
        """Refuse a scale, grade or duty that is named twice, and shares of grades that no scale has."""
        grades = {(scale.code, grade) for scale in self.scales for grade in scale.grades}
        once: tuple[Sequence[object], ...] = (
            [scale.code for scale in self.scales],
            [duty.duty for duty in self.duties],
            [(share.scale, share.grade) for share in self.distribution],
            *(scale.grades for scale in self.scales),
        )
        if any(len(set(names)) < len(names) for names in once):
            raise ValueError("named twice")
        if not {(share.scale, share.grade) for share in self.distribution} <= grades:
            raise ValueError("no such grade")
        return self

    def scale(self, code: str) -> Scale | None:
        """Return a scale by its code."""
        return next((scale for scale in self.scales if scale.code == code), None)

    def duty(self, code: str) -> DutyTerms | None:
        """Return where a duty departs from the standing matrix, or None."""
        return next((duty for duty in self.duties if duty.duty == code), None)

    def probation_limit(self, *, jurisdiction: str | None, contract: str, term_months: int | None) -> int:
        """Return the longest probation in months; a contract without a term counts as the longest term.

        A limit for this very kind of contract goes before those for any kind.
        """
        fitting = [
            limit
            for limit in self.probation_limits
            if limit.jurisdiction == jurisdiction
            and limit.contract in (None, contract)
            and (term_months is None or limit.term_from_months <= term_months)
        ]
        if not fitting:
            return self.probation_months
        return max(fitting, key=lambda limit: (limit.contract is not None, limit.term_from_months)).months

    def probation_over_by(
        self, *, jurisdiction: str | None, contract: str, starts_on: date, ends_on: date | None
    ) -> date:
        """Return the latest first day after a probation; `ends_on` is the first day after the contract's term."""
        term_months = None if ends_on is None else whole_months(starts_on, ends_on)
        limit = self.probation_limit(jurisdiction=jurisdiction, contract=contract, term_months=term_months)
        return months_after(starts_on, limit)


UNPUBLISHED = PolicyTerms()
"""What holds while nothing is published; made once, for every decision asks."""


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The version of a policy that holds at a time; version 0 is what holds while nothing is published."""

    id: str = STANDING
    version: int = 0
    terms: PolicyTerms = UNPUBLISHED

    @property
    def name(self) -> str | None:
        """Return `<id>@<version>`, or None while nothing is published."""
        return f"{self.id}@{self.version}" if self.version else None
