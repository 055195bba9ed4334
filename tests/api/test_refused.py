"""Refused attempts over HTTP: for auditors alone, with ids and codes and nothing of what was sent."""

import json

import httpx2


def _refused(auditor: httpx2.Client) -> tuple[list[dict[str, object]], int]:
    """Return all refused attempts, page by page, and the number of the last."""
    rows: list[dict[str, object]] = []
    after = 0
    while page := auditor.get("/refused", params={"after": after, "limit": 1000}).json():
        if not page["rows"]:
            break
        rows, after = rows + page["rows"], page["after"]
    return rows, after


def test_auditors_read_who_was_refused_what_and_nothing_of_the_body(service):
    with service.client("outsider") as outsider:
        assert outsider.post("/units/ops/rename", json={"label": "A secret label"}).status_code == 403
        assert outsider.post("/units/ops/rename", json={"label": 7}).status_code == 422
    service.run(service.ledger.refused.keep())
    with service.client("auditor") as auditor:
        told, last = _refused(auditor)
        rows = [row for row in told if row["actor"] == service.ids["outsider"]]
        acts = [(row["kind"], row["id"], row["verb"], row["code"]) for row in rows]  # among what other tests tried
        assert ("unit", "ops", "rename", "not_allowed") in acts
        assert ("unit", "ops", "rename", "invalid") in acts
        assert all(str(row["credential"]).startswith("token/") for row in rows)
        assert "secret" not in json.dumps(told)
        assert auditor.get("/refused", params={"after": last}).json()["rows"] == []
    for who in ("employee", "lead", "outsider", "operator", "subscriber"):
        with service.client(who) as client:
            assert client.get("/refused").status_code == 403, who
