"""Command files: live acts line by line, resumable, with names for ids; hostile lines are told and record nothing."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ledger.domain.identity import Role
from tests.api.json_suite import hostile_bodies
from tests.api.service import Service, company, recorded, running

WHERE = "/imports"
KIND = "application/jsonl"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("files"), "command_files") as started:
        company(started)
        started.join("other_hr", Role.HR_ADMINISTRATOR)
        with started.client("hr_administrator") as hr:
            recorded(
                hr,
                "/metrics/sales/define",
                label="Sales",
                unit_of_measure="units",
                direction="increase",
                combines="sum",
            )
        yield started


def text(*lines: dict[str, Any] | str) -> bytes:
    return "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()


def forming(unit: str, **more: Any) -> dict[str, Any]:
    return {"path": f"/units/{unit}/form", "body": {"label": f"Unit {unit}"}, **more}


def fresh() -> str:
    return f"u{uuid4().hex[:12]}"


def goal(service: Service, **more: Any) -> dict[str, Any]:
    body = {
        "owner": {"kind": "person", "id": service.ids["employee"]},
        "title": "Sell",
        "metric": "sales",
        "target": "10",
        "starts_on": "2026-01-01",
        "ends_on": "2030-12-31",
    }
    return {"path": "/goals/assign", "body": body | more.pop("body", {}), **more}


def send(
    service: Service, data: bytes, *, who: str | None = "hr_administrator", key: str | None = "file", **query: Any
):
    headers = {"content-type": query.pop("kind", KIND), **({} if key is None else {"idempotency-key": key})}
    with service.client(who) as client:
        return client.post(WHERE, content=data, headers=headers | query.pop("headers", {}), params=query)


def size(service: Service) -> int:
    """Return how many events stand there but for those of rules, which follow in their own time."""
    stored = service.ledger.reader.page(0, 1_000_000)
    return sum(b'"source":"rule:' not in event for _, event in stored)


def raw(service: Service, position: int) -> dict[str, Any]:
    stored = service.ledger.reader.at(position)
    assert stored is not None
    found: dict[str, Any] = json.loads(stored)
    return found


def counts(answer: Any) -> tuple[int, int, int]:
    told = answer.json()["counts"]
    return told["recorded"], told["repeated"], told["refused"]


def test_lines_are_recorded_as_the_senders_own_acts_and_a_second_run_adds_nothing(service: Service):
    first, second, before = fresh(), fresh(), size(service)
    data = text(forming(first), forming(second, body={"label": "Below", "parent": first}), forming(first))
    answer = send(service, data)
    assert (answer.status_code, counts(answer)) == (201, (2, 0, 1)), answer.text
    report = answer.json()
    assert [(r["line"], r["code"]) for r in report["refused"]] == [(3, "already_exists")]
    assert report["last_position"] == report["first_position"] + 1
    event = raw(service, report["last_position"])
    assert event["source"] == f"file:{report['batch_id']}#2"
    assert (event["actor"], event["batch"]) == (service.ids["hr_administrator"], report["batch_id"])
    assert event["authority"]["basis"] == "role:hr_administrator"

    again = send(service, data)
    assert (again.status_code, counts(again), again.json()["batch_id"]) == (200, (0, 2, 1), None)
    assert size(service) == before + 2


def test_a_file_that_has_grown_or_was_mended_adds_only_what_is_new(service: Service):
    units, before = [fresh() for _ in range(4)], size(service)
    bad = forming(units[1], body={"label": ""})
    assert counts(send(service, text(forming(units[0]), bad, forming(units[2])), key="g")) == (2, 0, 1)
    mended = text(forming(units[0]), forming(units[1]), forming(units[2]), "", forming(units[3]))
    assert counts(send(service, mended, key="g")) == (2, 2, 0)
    assert counts(send(service, mended, key="g")) == (0, 4, 0)
    assert size(service) == before + 4


def test_what_differs_only_in_form_is_the_same_line(service: Service):
    unit, before = fresh(), size(service)
    send(service, json.dumps(forming(unit)).encode(), key="form")
    turned = json.dumps(dict(reversed(forming(unit).items())), indent=None, separators=(" , ", " : ")).encode()
    assert counts(send(service, b"\xef\xbb\xbf\r\n" + turned + b"\r\n\r\n", key="form")) == (0, 1, 0)
    assert size(service) == before + 1


def test_the_same_line_twice_is_two_acts_and_stays_two(service: Service):
    one, other = goal(service), goal(service, body={"title": "Other"})
    assert counts(send(service, text(one, other, one), who="lead", key="twice")) == (3, 0, 0)
    assert counts(send(service, text(one, other, one), who="lead", key="twice")) == (0, 3, 0)
    assert counts(send(service, text(one, other, one, one), who="lead", key="twice")) == (1, 3, 0)


def test_another_file_may_say_the_same_again(service: Service):
    unit = fresh()
    send(service, text(forming(unit)), key="one-file")
    assert counts(send(service, text(forming(unit)), key="one-file")) == (0, 1, 0)
    other = send(service, text(forming(unit)), key="other-file")
    assert [r["code"] for r in other.json()["refused"]] == ["already_exists"]


def test_names_stand_for_ids_that_the_server_makes(service: Service):
    lines = (
        goal(service, let="top"),
        goal(service, let="below", body={"parent": "$top", "share": "0.5", "title": "$$top"}),
        {"path": "/goals/$below/set-milestone", "body": {"milestone": "half", "due_on": "2027-01-01", "share": "0.5"}},
    )
    answer = send(service, text(*lines), who="lead", key="names")
    assert counts(answer) == (3, 0, 0), answer.text
    names, first = answer.json()["names"], answer.json()["first_position"]
    child = raw(service, first + 1)
    assert (child["stream"], child["data"]["parent"]) == (f"goal/{names['below']}", names["top"])
    assert raw(service, first + 2)["stream"] == f"goal/{names['below']}"
    opened = service.ledger.open_parts(child["event_id"])
    assert [part["title"] for part in opened.values()] == ["$top"]

    milestone = {"milestone": "end", "due_on": "2028-01-01", "share": "1"}
    grown = send(
        service, text(*lines, {"path": "/goals/$top/set-milestone", "body": milestone}), who="lead", key="names"
    )
    assert (counts(grown), grown.json()["names"]) == ((1, 3, 0), names)
    assert raw(service, grown.json()["last_position"])["stream"] == f"goal/{names['top']}"


def test_a_name_that_no_line_took_is_refused(service: Service):
    data = text(
        goal(service, let="a", body={"metric": "nothing"}),
        {"path": "/goals/$a/close"},
        goal(service, body={"parent": "$never"}, let="b"),
        goal(service, let="c"),
        goal(service, let="c", body={"title": "Twice"}),
    )
    answer = send(service, data, who="lead", key="unbound").json()
    told = [(r["line"], r["code"]) for r in answer["refused"]]
    assert told == [(1, "unknown_reference"), (2, "not_found"), (3, "unbound_name"), (5, "name_taken")]
    assert list(answer["names"]) == ["c"]


def test_given_keys_are_kept_and_belong_to_one_request(service: Service):
    one, two, before = fresh(), fresh(), size(service)
    key = uuid4().hex
    data = text(forming(one, idempotency_key=key), forming(one, idempotency_key=key))
    assert counts(send(service, data, key="given")) == (1, 1, 0)
    other = send(service, text(forming(two, idempotency_key=key)), key="whatever").json()
    assert [r["code"] for r in other["refused"]] == ["idempotency_key_reused"]
    both = text(forming(one, idempotency_key=key), forming(two, idempotency_key=key))
    told = send(service, both, key="whatever").json()
    assert [(r["line"], r["code"]) for r in told["refused"]] == [(2, "idempotency_key_reused")]
    assert size(service) == before + 1


def test_all_records_a_chunk_whole_or_not_at_all_and_stops_there(service: Service):
    units, before = [fresh() for _ in range(5)], size(service)
    lines = [forming(unit) for unit in units]
    lines[3] = forming(units[3], body={"label": "x", "parent": "nowhere"})
    answer = send(service, text(*lines), key="chunks", mode="all", chunk=2)
    assert (counts(answer), answer.json()["stopped_at"]) == ((2, 0, 1), 3)
    assert size(service) == before + 2
    lines[3] = forming(units[3])
    assert counts(send(service, text(*lines), key="chunks", mode="all", chunk=2)) == (3, 2, 0)
    broken = send(service, text(forming(fresh()), "{", forming(fresh())), key="chunks", mode="all", chunk=2)
    assert [(r["line"], r["code"]) for r in broken.json()["refused"]] == [(2, "unreadable")]
    assert size(service) == before + 5


def test_a_dry_run_judges_later_lines_by_earlier_ones_and_records_nothing(service: Service):
    above, below, before = fresh(), fresh(), size(service)
    data = text(forming(above), forming(below, body={"label": "B", "parent": above}), forming(above))
    for mode in ("each", "all"):
        tried = send(service, data, key="dry", mode=mode, chunk=1, dry_run=True)
        assert (tried.status_code, counts(tried)) == (200, (2, 0, 1)), tried.text
        assert [r["line"] for r in tried.json()["refused"]] == [3]
    assert size(service) == before


def test_live_acts_keep_to_the_limits_of_live_acts(service: Service):
    late = forming(fresh(), body={"label": "x", "effective_at": "2020-01-01"})
    answer = send(service, text(late), key="late", headers={"accept-language": "zh"}).json()
    assert [r["code"] for r in answer["refused"]] == ["late_needs_reason"]
    assert answer["refused"][0]["accepted"] == "附上原因代码的同一命令"


@pytest.mark.parametrize(
    "line", ["[]", "1", '"x"', "null", "{}", '{"path": 1}', '{"path": "/units/x/form", "as": "p"}']
)
def test_a_line_that_is_no_command_is_invalid(service: Service, line: str):
    answer = send(service, text(line), key="no-command").json()
    assert [(r["line"], r["code"]) for r in answer["refused"]] == [(1, "invalid")]


@pytest.mark.parametrize("path", ["", "units/x/form", "//", "/units", "/nothing/x/form", "http://[", "/units/%ff/form"])
def test_a_path_that_leads_nowhere_is_told(service: Service, path: str):
    answer = send(service, text({"path": path}), key="nowhere").json()
    assert [r["code"] for r in answer["refused"]] in (["not_found"], ["invalid"])


def test_hostile_lines_are_told_one_by_one_and_record_nothing(service: Service, shared_data: Path):
    bodies = hostile_bodies(shared_data)
    before = size(service)
    for name, body in bodies.items():
        answer = send(service, b'{"path":"/units/x/form","body":' + body + b"}\n" + body, key=f"hostile-{name}")
        assert answer.status_code in (200, 422), (name, answer.text)
        if answer.status_code == 200:
            assert counts(answer)[0] == 0, name
            assert all(body.decode("utf-8", "replace") not in str(r) for r in answer.json()["refused"] if len(body) > 9)
    assert size(service) == before


@pytest.mark.parametrize("data", [b"", b"\n\r\n", b"\xef\xbb\xbf", b" \t\n"])
def test_a_file_without_commands_is_refused(service: Service, data: bytes):
    answer = send(service, data, key="empty")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_commands")


def test_limits_and_headers(service: Service, monkeypatch: pytest.MonkeyPatch):
    good = text(forming(fresh()))
    assert send(service, good, who=None).status_code == 401
    assert send(service, good, key=None).json()["code"] == "header_missing"
    assert send(service, good, kind="text/plain").json()["code"] == "header_invalid"
    assert send(service, good, mode="some").status_code == 422
    long = send(service, text({"path": "/units/x/form", "body": {"label": "x" * 70_000}}), key="long").json()
    assert [r["code"] for r in long["refused"]] == ["too_large"]
    monkeypatch.setattr("api.exchange.command_lines.LINES_MAX", 2)
    assert send(service, text(*["{}"] * 3)).json()["code"] == "too_many_lines"
    monkeypatch.setattr("api.routes.imports.COMMANDS_MAX_BYTES", 100)
    assert (send(service, b"x" * 101).status_code) == 413


def test_two_runs_at_once_record_each_line_once(service: Service):
    data = text(*(goal(service, body={"title": f"Goal {n}"}) for n in range(40)))
    with ThreadPoolExecutor(4) as hands:
        answers = list(hands.map(lambda _: send(service, data, who="lead", key="at-once"), range(4)))
    assert sorted(sum(counts(a)[:2]) for a in answers) == [40] * 4, [a.text[:200] for a in answers]
    assert sum(counts(a)[0] for a in answers) == 40
