"""Imports over HTTP: tried, proposed by one, confirmed by another; repeats and hostile bodies record nothing."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from ledger.domain.identity import Role
from tests.api.service import Service, running

TABLE = (
    b"team,role,holder,from,until\nhttp-t,manager,Ann,2020-01-01,\nhttp-t,manager,Bob,2020-02-01,\n"
    b"http-t,boss,C,2020-01-01,\n"
)
WHERE = "/imports/ownership"


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("imports"), "import_routes") as started:
        for who in ("one", "other"):
            started.join(who, Role.HR_ADMINISTRATOR)
        started.join("employee")
        yield started


def body(data: bytes = TABLE, **more: object) -> bytes:
    return json.dumps({"content_base64": base64.b64encode(data).decode(), **more}).encode()


def post(service: Service, who: str | None, path: str, sent: bytes, key: str | None, **headers: str) -> Any:
    keyed = {} if key is None else {"idempotency-key": key}
    with service.client(who) as client:
        return client.post(path, content=sent, headers={**keyed, **headers, "content-type": "application/json"})


def size(service: Service) -> int:
    return service.ledger.reader.head().size


def test_tried_proposed_and_confirmed(service: Service):
    before = size(service)
    tried = post(service, "one", f"{WHERE}?dry_run=true", body(), "k-try")
    assert tried.status_code == 200, tried.text
    assert tried.json()["counts"]["recorded"] == 2
    assert [(r["row"], r["column"], r["code"]) for r in tried.json()["refused"]] == [(4, "role", "word_unknown")]
    assert [(m["code"], m["rows"]) for m in tried.json()["marked"]] == [("already_accountable", [3])]
    assert size(service) == before

    proposed = post(service, "one", WHERE, body(), "k-propose")
    assert proposed.status_code == 201, proposed.text
    id = proposed.json()["import_id"]
    assert size(service) == before + 1
    assert post(service, "one", WHERE, body(), "k-propose").json()["import_id"] == id
    assert size(service) == before + 1

    own = post(service, "one", f"{WHERE}/{id}/confirm", body(), "k-own")
    assert (own.status_code, own.json()["code"]) == (403, "own_proposal")
    changed = post(service, "other", f"{WHERE}/{id}/confirm", body(TABLE.replace(b"Bob", b"Bo")), "k-changed")
    assert (changed.status_code, changed.json()["code"]) == (409, "other_table")
    assert size(service) == before + 1

    confirmed = post(service, "other", f"{WHERE}/{id}/confirm", body(), "k-confirm", **{"accept-language": "zh"})
    assert confirmed.status_code == 201, confirmed.text
    assert confirmed.json()["counts"]["recorded"] == 2
    assert confirmed.json()["refused"][0]["text"].startswith("role 中的此词")
    assert size(service) == before + 6  # proposed, confirmed, two people, two facts

    repeated = post(service, "other", f"{WHERE}/{id}/confirm", body(), "k-confirm")
    assert repeated.json()["counts"]["unchanged"] == 2
    reused = post(service, "other", f"{WHERE}/{id}/confirm", body(b"other"), "k-confirm")
    assert reused.status_code in (409, 422)
    assert size(service) == before + 6


def test_a_mapping_may_be_an_object_or_the_text_of_a_file(service: Service):
    mapping = {
        "form": "changes",
        "subject": {"kind": {"constant": "team"}, "id": "t"},
        "holder": {"id": "who"},
        "role": {"constant": "lead"},
        "change": "c",
        "when": "d",
    }
    data = b"t,who,c,d\nx,ann,added,2020-01-01\n"
    toml = 'form = "changes"\nchange = "c"\nwhen = "d"\nrole = { constant = "lead" }\nholder = { id = "who" }\n'
    toml += 'subject = { id = "t", kind = { constant = "team" } }\n'
    digests = set()
    for number, meant in enumerate((mapping, toml, json.dumps(mapping))):
        answer = post(service, "one", f"{WHERE}?dry_run=true", body(data, mapping=meant), f"m-{number}")
        assert answer.status_code == 200, answer.text
        digests.add(answer.json()["digest"])
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (body(b"a,b\n1,2\n"), 422, "mapping_needed"),
        (body(b'team,role\n"x,y\n'), 422, "table_refused"),
        (body(b"SQLite format 3\0"), 422, "not_a_table"),
        (body(mapping={"form": "x"}), 422, "mapping_invalid"),
        (body(mapping="form ="), 422, "mapping_invalid"),
        (b'{"content_base64": "***"}', 422, "invalid"),
        (b'{"content_base64": "YQ==", "more": 1}', 422, "invalid"),
        (b'{"content_base64": "YQ==", "content_base64": "YQ=="}', 400, "ambiguous_json"),
        (b"{}", 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"", 400, "unreadable"),
        (b"{" * 2000, 400, "unreadable"),
    ],
)
def test_a_body_that_is_none_is_refused_and_not_echoed(service: Service, sent: bytes, status: int, code: str):
    before = size(service)
    answer = post(service, "one", WHERE, sent, f"h-{hash((sent, code))}")
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert size(service) == before


def test_who_may_not_import_is_refused(service: Service):
    before = size(service)
    assert post(service, None, WHERE, body(), "n-1").status_code == 401
    assert post(service, "employee", WHERE, body(), "n-2").status_code == 403
    assert post(service, "employee", f"{WHERE}/i-1/confirm", body(), "n-3").status_code == 403
    assert post(service, "one", f"{WHERE}/i-none/confirm", body(), "n-4").status_code == 404
    assert size(service) == before


def test_a_key_is_required(service: Service):
    for path in (WHERE, f"{WHERE}?dry_run=true", f"{WHERE}/i-1/confirm"):
        answer = post(service, "one", path, body(), None)
        assert (answer.status_code, answer.json()["code"]) == (400, "header_missing")


def test_what_is_too_large_is_refused(service: Service, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("api.routes.imports.BODY_MAX_BYTES", 1000)
    answer = post(service, "one", WHERE, body(b"x" * 2000), "l-1")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_the_document_describes_both_routes(service: Service):
    with service.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    for path in (WHERE, WHERE + "/{id}/confirm"):
        schema = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert "content_base64" in schema["properties"]
