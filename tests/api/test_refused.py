"""Refused attempts over HTTP: for auditors alone, with ids and codes and nothing of what was sent."""


def test_auditors_read_who_was_refused_what_and_nothing_of_the_body(service):
    with service.client("outsider") as outsider:
        assert outsider.post("/units/ops/rename", json={"label": "A secret label"}).status_code == 403
        assert outsider.post("/units/ops/rename", json={"label": 7}).status_code == 422
    service.run(service.ledger.refused.keep())
    with service.client("auditor") as auditor:
        response = auditor.get("/refused", params={"limit": 1000})
        rows = [row for row in response.json()["rows"] if row["actor"] == service.ids["outsider"]]
        assert [(row["kind"], row["id"], row["verb"], row["code"]) for row in rows[-2:]] == [
            ("unit", "ops", "rename", "not_allowed"),
            ("unit", "ops", "rename", "invalid"),
        ]
        assert all(row["credential"].startswith("token/") for row in rows)
        assert "secret" not in response.text
        last = response.json()["after"]
        assert auditor.get("/refused", params={"after": last}).json()["rows"] == []
    for who in ("employee", "lead", "outsider", "operator", "subscriber"):
        with service.client(who) as client:
            assert client.get("/refused").status_code == 403, who
