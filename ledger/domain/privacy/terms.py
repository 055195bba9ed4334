"""Retention terms: which class is kept for how long after what, and the schedules that this program comes with."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import Field

from ledger.kernel.event import Value
from ledger.kernel.ids import Code
from ledger.kernel.moments import months_after

MAX_MONTHS = 1200


class Kept(StrEnum):
    """What a term is about. The first are texts, sealed per data subject; the rest are whole streams of events."""

    IDENTITY = "identity"
    PERFORMANCE = "performance"
    FEEDBACK = "feedback"
    HIRING = "hiring"
    DECLARED_GROUP = "declared_group"
    ABSENCE = "absence"
    PRIVACY = "privacy"
    GOAL_RECORDS = "goal-records"
    FEEDBACK_RECORDS = "feedback-records"
    REVIEW_RECORDS = "review-records"
    HIRING_RECORDS = "hiring-records"
    TRAINING_RECORDS = "training-records"
    OUTCOME_RECORDS = "outcome-records"
    DUTY_RECORDS = "duty-records"
    REQUEST_RECORDS = "request-records"


RECORDS: Mapping[str, Kept] = {  # kind of stream → its class; a kind that is not named is kept as long as the ledger
    "goal": Kept.GOAL_RECORDS,
    "feedback": Kept.FEEDBACK_RECORDS,
    "coaching": Kept.FEEDBACK_RECORDS,
    "comment": Kept.FEEDBACK_RECORDS,
    "review": Kept.REVIEW_RECORDS,
    "draft": Kept.REVIEW_RECORDS,
    "candidate": Kept.HIRING_RECORDS,
    "application": Kept.HIRING_RECORDS,
    "onboarding": Kept.HIRING_RECORDS,
    "probation": Kept.HIRING_RECORDS,
    "training": Kept.TRAINING_RECORDS,
    "outcome": Kept.OUTCOME_RECORDS,
    "attendance": Kept.OUTCOME_RECORDS,
    "pay": Kept.OUTCOME_RECORDS,
    "suggestion": Kept.DUTY_RECORDS,
    "duty": Kept.DUTY_RECORDS,
    "data-request": Kept.REQUEST_RECORDS,
}


class Since(StrEnum):
    """From when a period runs: the end of the employment, or the last that was recorded of the class."""

    END = "end"
    LAST = "last"


class RetentionTerm(Value):
    """How long one class is kept, from when, and the code of the law or need that it rests on."""

    of: Kept
    since: Since
    months: Annotated[int, Field(ge=1, le=MAX_MONTHS)]
    basis: Code

    @property
    def of_records(self) -> bool:
        """Tell whether it is about events, and not about sealed texts."""
        return self.of in RECORDS.values()

    def runs_out(self, since: date) -> date:
        """Return the first day on which the class is kept no more."""
        return months_after(since, self.months)


class Preset(NamedTuple):
    """A schedule to begin with: its terms, and in both languages what they rest on."""

    terms: tuple[RetentionTerm, ...]
    text_zh: str
    text_en: str


def _terms(*rows: tuple[Kept, Since, int, str]) -> tuple[RetentionTerm, ...]:
    return tuple(RetentionTerm(of=of, since=since, months=months, basis=basis) for of, since, months, basis in rows)


_CHECK_ZH = "本表为程序附带的默认值，并非法律意见；生效前须由法律顾问核对。"
_CHECK_EN = "These are the program's defaults and no legal advice: have counsel check them before they take effect."

_CN = Preset(
    _terms(
        (Kept.IDENTITY, Since.END, 24, "labour-contract-law-50"),
        (Kept.PERFORMANCE, Since.END, 24, "labour-contract-law-50"),
        (Kept.FEEDBACK, Since.END, 12, "labour-dispute-law-27"),
        (Kept.HIRING, Since.LAST, 12, "pipl-19-47"),
        (Kept.DECLARED_GROUP, Since.LAST, 12, "pipl-19-47"),
        (Kept.ABSENCE, Since.LAST, 24, "wage-payment-6"),
        (Kept.PRIVACY, Since.LAST, 36, "pipl-56"),
        (Kept.GOAL_RECORDS, Since.LAST, 120, "legitimate-need"),
        (Kept.FEEDBACK_RECORDS, Since.LAST, 60, "legitimate-need"),
        (Kept.REVIEW_RECORDS, Since.LAST, 120, "legitimate-need"),
        (Kept.HIRING_RECORDS, Since.LAST, 36, "pipl-19-47"),
        (Kept.TRAINING_RECORDS, Since.LAST, 60, "labour-contract-law-22"),
        (Kept.OUTCOME_RECORDS, Since.LAST, 60, "legitimate-need"),
        (Kept.DUTY_RECORDS, Since.LAST, 120, "legitimate-need"),
        (Kept.REQUEST_RECORDS, Since.LAST, 60, "pipl-56"),
    ),
    f"{_CHECK_ZH}依据：《劳动合同法》第五十条（解除或终止的劳动合同文本至少保存二年）、第二十二条（专项培训与服务期）；"
    "《劳动争议调解仲裁法》第二十七条（仲裁时效一年）；《工资支付暂行规定》第六条（工资支付书面记录保存二年以上）；"
    "《个人信息保护法》第十九条（保存期限为实现处理目的所必要的最短时间）、第四十七条（期满删除）、第五十六条（评估报告和"
    "处理情况记录至少保存三年）。legitimate-need 为本组织自定的必要期限，须说明理由。",
    f"{_CHECK_EN} Bases: Labour Contract Law art. 50 (ended contracts are kept for at least two years) and art. 22 "
    "(training with a service period); Labour Dispute Mediation and Arbitration Law art. 27 (one year to go to "
    "arbitration); Interim Provisions on Payment of Wages art. 6 (wage records are kept for more than two years); PIPL "
    "art. 19 (no longer than the purpose needs), art. 47 (erasure when the period is over), art. 56 (assessments and "
    "records of processing are kept for at least three years). legitimate-need is the organisation's own period, to "
    "be given reasons for.",
)

_DE = Preset(
    _terms(
        (Kept.IDENTITY, Since.END, 48, "bgb-195-199"),
        (Kept.PERFORMANCE, Since.END, 48, "bgb-195-199"),
        (Kept.FEEDBACK, Since.END, 12, "gdpr-5-1-e"),
        (Kept.HIRING, Since.LAST, 6, "agg-15-4"),
        (Kept.DECLARED_GROUP, Since.LAST, 6, "agg-15-4"),
        (Kept.ABSENCE, Since.LAST, 24, "arbzg-16-2"),
        (Kept.PRIVACY, Since.LAST, 36, "bdsg-41-owig-31"),
        (Kept.GOAL_RECORDS, Since.LAST, 72, "bgb-195-199"),
        (Kept.FEEDBACK_RECORDS, Since.LAST, 36, "gdpr-5-1-e"),
        (Kept.REVIEW_RECORDS, Since.LAST, 72, "bgb-195-199"),
        (Kept.HIRING_RECORDS, Since.LAST, 12, "agg-15-4"),
        (Kept.TRAINING_RECORDS, Since.LAST, 36, "bgb-195-199"),
        (Kept.OUTCOME_RECORDS, Since.LAST, 36, "gdpr-5-1-e"),
        (Kept.DUTY_RECORDS, Since.LAST, 72, "bgb-195-199"),
        (Kept.REQUEST_RECORDS, Since.LAST, 36, "bdsg-41-owig-31"),
    ),
    f"{_CHECK_ZH}依据：《通用数据保护条例》第5条第1款(e)项（存储限制）、第17条（删除）；德国《民法典》第195、199条（普通时效三年，自年末起算，"
    "故至多四年）；《一般平等待遇法》第15条第4款（两个月内主张，另加起诉期与余量，合计六个月）；《工作时间法》第16条第2款（工时记录"
    "保存两年）；《联邦数据保护法》第41条与《违反秩序法》第31条（罚款时效三年）。",
    f"{_CHECK_EN} Bases: GDPR art. 5(1)(e) (storage limitation) and art. 17 (erasure); German Civil Code §§ 195, 199 "
    "(three years' limitation, from the end of the year: up to four); General Equal Treatment Act § 15(4) (claims "
    "within two months; with the time to sue and to be served, six months); Working Time Act § 16(2) (two years for "
    "working time); Federal Data Protection Act § 41 with Administrative Offences Act § 31 (three years for fines).",
)

PRESETS: Mapping[str, Preset] = {"cn": _CN, "de": _DE}  # by jurisdiction
