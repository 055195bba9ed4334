"""One's own record: everything held about oneself with its proofs, and nobody else in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.service import Service, company, recorded, running


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("export"), "own_export") as started:
        company(started)
        with started.client("lead") as lead:
            words = {"recipient": started.ids["employee"], "kind": "praise", "text": "Very well done"}
            recorded(lead, "/feedback/give", **words)
        started.settle()
        yield started


def test_a_person_gets_all_of_it_with_proofs_and_without_others(world: Service):
    id = world.ids["employee"]
    with world.client("employee") as own:
        answered = own.get(f"/people/{id}/export")
        assert answered.status_code == 200, answered.text
        text = own.get(f"/people/{id}/export", params={"form": "markdown"})
    told = answered.json()
    texts = [one["texts"] for one in told["records"]]
    assert {"name": "Name of employee"} in texts
    assert {"text": "Very well done"} in texts
    assert any(one["proof"] for one in told["records"])
    assert told["left_out"]["identities_of_others"] > 0
    others = [other for who, other in world.ids.items() if who != "employee" and other.startswith("p-")]
    assert [other for other in others if other in answered.text or other in text.text] == []
    assert "Very well done" in text.text


@pytest.mark.parametrize("who", ["lead", "hr_administrator", "auditor", "outsider"])
def test_nobody_exports_another(world: Service, who: str):
    with world.client(who) as client:
        assert client.get(f"/people/{world.ids['employee']}/export").status_code == 404
