"""Holds over HTTP: listed record by record, with a cursor that only the service makes."""

import pytest

from tests.api.service import Service, recorded


def test_every_hold_is_listed_once_however_short_the_pages(service: Service) -> None:
    with service.client("hr_administrator") as hr:
        persons = [
            recorded(hr, "/people/register", name=f"Held {n}")["stream"].removeprefix("person/") for n in range(3)
        ]
        for person in persons:
            recorded(hr, f"/personal-records/person/{person}/place-hold", ground="litigation", matter="case-1")
        seen: list[str] = []
        page = hr.get("/holds", params={"limit": 1}).json()
        while True:
            seen += [row["subject"] for row in page["rows"]]
            if page["next"] is None:
                break
            page = hr.get("/holds", params={"limit": 1, "after": page["next"]}).json()
    assert len(seen) == len(set(seen))
    assert {f"person/{person}" for person in persons} <= set(seen)


@pytest.mark.parametrize("after", ["\x00", "person/p-1", "x" * 400])
def test_a_cursor_that_the_service_did_not_make_is_refused(service: Service, after: str) -> None:
    with service.client("hr_administrator") as hr:
        response = hr.get("/holds", params={"after": after})
    assert response.status_code in (400, 422), response.text
    assert "accepted" in response.text or response.json()["code"] == "cursor_mismatch"
