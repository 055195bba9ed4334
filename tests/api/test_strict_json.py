"""The strict reader: what is JSON is read, what is ambiguous or none is refused, in bounded time."""

import json
import time
from decimal import Decimal

import pytest

from api.strict_json import BODY_MAX_BYTES, DEPTH_MAX, Ambiguous, TooLarge, Unreadable, read
from tests.api.json_suite import hostile_bodies

# Valid JSON that readers understand differently: repeated keys and NUL.
AMBIGUOUS = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
    "y_string_null_escape.json",
}


def verdict(body: bytes) -> str:
    try:
        read(body)
    except (Unreadable, Ambiguous, TooLarge) as refusal:
        return refusal.code
    return "read"


def test_every_text_that_must_be_accepted_is_json_to_the_reader(shared_data):
    verdicts = {name: verdict(body) for name, body in hostile_bodies(shared_data).items() if name.startswith("y_")}
    assert {name for name, said in verdicts.items() if said != "read"} == AMBIGUOUS
    assert {verdicts[name] for name in AMBIGUOUS} == {"ambiguous_json"}


def test_every_text_that_must_be_refused_is_refused(shared_data):
    refused = {name: verdict(body) for name, body in hostile_bodies(shared_data).items() if name.startswith("n_")}
    assert len(refused) > 150
    assert set(refused.values()) <= {"unreadable", "too_large"}


def test_what_is_read_equals_what_the_standard_library_reads(shared_data):
    for name, body in hostile_bodies(shared_data).items():
        if verdict(body) == "read":
            assert read(body) == json.loads(body, parse_float=Decimal), name


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"b":2}}',
        '["\\ud800"]',
        '{"\\udfff":1}',
        '"\\u0000"',
        "1e400",
        "[-1e400]",
        '{"a":[1,{"b":1e999}]}',
    ],
)
def test_more_than_one_reading_is_refused(text):
    with pytest.raises(Ambiguous):
        read(text.encode())


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "[-Infinity]", "", " ", "\ufeff{}", "{'a':1}", "[1,]", '"\t"', "01"]
)
def test_what_is_no_json_is_refused(text):
    with pytest.raises(Unreadable):
        read(text.encode())


def test_a_number_keeps_every_digit():
    assert read(b"[0.1000000000000000055511151231257827]") == [Decimal("0.1000000000000000055511151231257827")]


def test_brackets_inside_text_are_no_depth():
    assert read(json.dumps(["[" * 500, '\\"[[' * 100]).encode()) == ["[" * 500, '\\"[[' * 100]


def test_depth_is_bounded_exactly():
    deepest = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert verdict(deepest) == "read"
    assert verdict(b"[" + deepest + b"]") == "unreadable"


def test_size_is_bounded_exactly():
    assert verdict(b'"' + b"a" * (BODY_MAX_BYTES - 2) + b'"') == "read"
    assert verdict(b'"' + b"a" * (BODY_MAX_BYTES - 1) + b'"') == "too_large"


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'["', b'"\\', b"[{", b'\\"[', b"{}"])
def test_no_body_takes_the_reader_long(piece):
    body = (b"[" + piece * BODY_MAX_BYTES)[:BODY_MAX_BYTES]
    began = time.process_time()
    verdict(body)
    assert time.process_time() - began < 1
