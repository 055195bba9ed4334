"""Examples of policies, published, reviewed and read."""

from __future__ import annotations

from ledger.domain.policies import publishing, reading
from ledger.kernel.annulment import EntryAnnulled, EntryRedated
from ledger.kernel.policy import STANDING, PolicyTerms
from tests.domain.examples.company import day
from tests.domain.examples.example import Example, annul

KEEP = publishing.Finding.KEEP
POLICY = {"label": "Performance", "terms": {"late_window_days": 3}, "text_zh": "绩效制度", "text_en": "How we do it"}
POLICY_HOLDS = publishing.PolicyPublished(version=1, label="Performance", terms=PolicyTerms(late_window_days=3))
POLICY_COMES = (
    publishing.PolicyPublished(version=2, label="Performance", terms=PolicyTerms(late_window_days=5)),
    day("2026-07-01"),
)

EXAMPLES = (
    Example("policy", STANDING, publishing.PublishPolicy.model_validate(POLICY), publishing.PolicyPublished),
    Example(
        "policy", STANDING, publishing.ReviewPolicy(finding=KEEP), publishing.PolicyReviewed, before=(POLICY_HOLDS,)
    ),
    Example(
        "policy",
        STANDING,
        annul(publishing.AnnulPolicyEntry, publishing.PolicyPublished),
        EntryAnnulled,
        before=(POLICY_HOLDS, POLICY_COMES),
    ),
    Example(
        "policy",
        STANDING,
        lambda subject: publishing.RedatePolicyEntry.model_validate(
            {"entry": subject.entry(publishing.PolicyPublished), "new_effective_at": "2026-09-01"}
        ),
        EntryRedated,
        before=(POLICY_HOLDS, POLICY_COMES),
    ),
    Example("policy-reading", "p-ann", reading.ReadPolicy(policy="travel"), reading.PolicyRead, actor="p-ann"),
)
