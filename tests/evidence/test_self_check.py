"""The service checks itself in the background: figures while all is well, the first wrong position once it is not."""

from collections.abc import Iterator

import psycopg
import pytest

from api.self_check import SelfCheck
from tests.api.service import Service, company, running

NAME = "self_check_tests"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("checked"), NAME) as started:
        company(started)
        yield started


def checked(service: Service, passes: int) -> SelfCheck:
    signing = service.server.services.ledgers[NAME].signing
    check = SelfCheck(service.ledger.reader, signing, service.ledger.secrets, pause_s=0.0, between_s=0.01)
    check.start()
    try:
        assert check.ended(passes, 30)
    finally:
        check.stop()
    return check


def test_a_pass_counts_what_it_found_good_and_then_a_changed_event_is_named(service: Service, database_url: str):
    size = service.ledger.reader.head().size
    good = checked(service, 2)
    assert good.fault is None
    assert good.checked >= size  # rules may have recorded more meanwhile
    with service.client("operator") as operator:
        assert operator.get("/health").json()["ledgers"][NAME]["self_check"]["fault"] is None
        assert "pledger_self_check_events" in operator.get("/metrics").text
    with psycopg.connect(database_url) as connection:
        connection.execute(f"set search_path to ledger_{NAME}")
        connection.execute("alter table events disable trigger refuse_change")
        connection.execute("update events set actor = 'p-another' where position = 7")
    bad = checked(service, 1)
    assert bad.fault is not None
    assert (bad.fault["kind"], bad.fault["first_bad"]) == ("column_changed", 7)
    with psycopg.connect(database_url) as connection:
        connection.execute(f"set search_path to ledger_{NAME}")
        connection.execute("update events set actor = convert_from(stored, 'UTF8')::jsonb ->> 'actor'")


def test_a_sealed_part_that_was_exchanged_is_named(service: Service, database_url: str):
    with psycopg.connect(database_url) as connection:
        connection.execute(f"set search_path to ledger_{NAME}")
        row = connection.execute(
            "select position, event_id, part, box from events join sealed using (event_id) order by position limit 1"
        ).fetchone()
        assert row is not None
        position, event_id, part, box = row
        place = (event_id, part)
        connection.execute("update sealed set box = sha256(box) where (event_id, part) = (%s, %s)", place)
    bad = checked(service, 1)
    assert bad.fault is not None
    assert (bad.fault["kind"], bad.fault["first_bad"]) == ("sealed_changed", position)
    with psycopg.connect(database_url) as connection:
        connection.execute(f"set search_path to ledger_{NAME}")
        connection.execute("update sealed set box = %s where (event_id, part) = (%s, %s)", (box, *place))
