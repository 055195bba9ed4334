"""Problems: the caller's language, the same body for all that may not be seen, and nothing echoed."""

import json

import orjson
import psycopg
import psycopg_pool
import pytest

from api.gateway import refused
from api.problems import as_refusal, describe, invalid, language_of, problem
from ledger.kernel.append import (
    EventKnown,
    KeyReused,
    LookupTaken,
    OutcomeUnknown,
    PositionTaken,
    StaleVersion,
    StoreUnavailable,
    TrackedAlready,
    Unrecordable,
    WriterBusy,
)
from ledger.kernel.refusals import REFUSALS, Invalid, NotAllowed, NotFound


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.3, zh-Hans;q=0.7", "zh"),
        ("zh;q=0.3, en-GB;q=0.7", "en"),
        ("fr, zh;q=0.1", "zh"),
        ("zh;q=0, *", "en"),
        ("zh;q=nan", "en"),
        ("zh;q=x", "en"),
        ("*", "en"),
        (",;,=;q=", "en"),
    ],
)
def test_the_language_follows_the_quality_values(accepts, language):
    assert language_of(accepts) == language


def test_a_problem_has_the_standard_members_in_both_languages():
    for language in ("zh", "en"):
        response = problem(NotAllowed(needed="lead"), language)
        document = orjson.loads(response.body)
        assert response.media_type == "application/problem+json"
        assert response.headers["content-language"] == language
        assert document["status"] == 403
        assert document["code"] == "not_allowed"
        assert "lead" in document["detail"]
        assert document["title"]


def test_every_refusal_has_a_client_or_retry_status():
    assert {refusal.status for refusal in REFUSALS.values()} <= {
        400,
        401,
        403,
        404,
        405,
        409,
        410,
        412,
        413,
        422,
        500,
        503,
    }


def test_whatever_may_not_be_seen_gives_one_and_the_same_body():
    assert problem(NotFound(), "en").body == problem(NotFound(kind="person"), "en").body


def test_a_place_names_only_what_the_schema_names():
    errors: list[dict[str, object]] = [
        {"loc": ("holder", "<script>", 3), "type": "extra_forbidden"},
        {"loc": (), "type": "missing"},
    ]
    refusal = invalid(errors, frozenset({"holder"}))
    assert refusal.errors == (("/holder/*/3", "extra_forbidden"), ("", "missing"))
    assert "script" not in str(describe(refusal, "en"))


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (StaleVersion("goal/g", 1, 2), "conflict", 409),
        (KeyReused(), "idempotency_key_reused", 422),
        (WriterBusy(2.4), "busy", 503),
        (StoreUnavailable(), "busy", 503),
        (PositionTaken(), "busy", 503),
        (OutcomeUnknown(), "outcome_unknown", 503),
        (Unrecordable(), "invalid", 422),
        (EventKnown(b"0" * 16), "conflict", 409),
        (TrackedAlready(), "conflict", 409),
        (LookupTaken("e-mail", "person/p-1"), "identifier_taken", 409),
    ],
)
def test_each_reason_of_the_writer_has_its_answer(error, code, status):
    refusal = as_refusal(error)
    assert (refusal.code, refusal.status) == (code, status)
    assert "p-1" not in refusal.text("en")


def test_a_stale_version_is_a_failed_precondition_where_one_was_stated():
    assert as_refusal(StaleVersion("goal/g", 1, 2), if_match=True).status == 412


def test_503_says_when_to_try_again_and_401_how_to_be_known():
    assert problem(as_refusal(WriterBusy()), "en").headers["retry-after"] == "1"
    assert "bearer" in problem(REFUSALS["unauthenticated"](), "en").headers["www-authenticate"].lower()


def test_an_invalid_command_lists_places_and_codes():
    document = describe(Invalid(errors=(("/value", "decimal_parsing"),)), "zh")
    assert document["errors"] == [{"at": "/value", "code": "decimal_parsing"}]


@pytest.mark.parametrize("error", [psycopg.errors.QueryCanceled(), psycopg_pool.PoolTimeout(), TimeoutError()])
def test_a_database_that_does_not_answer_in_time_is_busy_not_broken(error: Exception) -> None:
    response = refused(error, "zh", "request")
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert json.loads(bytes(response.body))["code"] == "busy"
