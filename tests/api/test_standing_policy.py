"""The policy in force is part of the answer who owns what: of the day asked about, as known at the position."""

from ledger.kernel.policy import STANDING
from tests.api.service import recorded


def test_the_answer_names_the_policy_of_the_day_as_it_was_known(service):
    texts = {"label": "Performance", "text_zh": "绩效制度", "text_en": "How we do it", "terms": {"late_window_days": 7}}
    with service.client("hr_administrator") as hr:
        path = "/who-owns/document/policy-of-the-day"
        later = {"on": "2199-01-01"}
        before = hr.get(path, params=later).json()
        published = recorded(hr, f"/policies/{STANDING}/publish", **texts)
        version = published["version"]
        foreseen = hr.get(path, params=later).json()["policy"]
        assert foreseen in ({"id": STANDING, "version": version}, before["policy"])  # that of a day after today goes on
        scheduled = recorded(hr, f"/policies/{STANDING}/publish", **texts, effective_at="2199-01-01")
        assert hr.get(path).json()["policy"] == {"id": STANDING, "version": version}
        assert hr.get(path, params=later).json()["policy"] == {"id": STANDING, "version": scheduled["version"]}
        earlier = {**later, "known": f"position:{published['position']}"}
        assert hr.get(path, params=earlier).json()["policy"] == foreseen
        unknown = {**later, "known": f"position:{published['position'] - 1}"}
        assert hr.get(path, params=unknown).json()["policy"] == before["policy"]
        assert hr.get(path, params={"on": "2026-01-02"}).json()["policy"] is None
