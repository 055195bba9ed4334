"""The OpenAPI document: every command with its schema, and every route answers as it says."""

from collections.abc import Iterator

import orjson
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from api.commands import PLURALS
from api.routes.imports import COMMAND_FILES
from tests.api.service import Service, company, running

EXAMPLES = 2


@schemathesis.serializer(*COMMAND_FILES)
def as_lines(context: object, value: object) -> bytes:
    """Return a command file as it was made up: text as it is, anything else as one line of JSON."""
    return value.encode() if isinstance(value, str) else orjson.dumps(value, default=str)


@pytest.fixture(scope="module")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own: what is tried here leaves people and units that others would count."""
    with running(database_url, tmp_path_factory.mktemp("openapi"), "openapi_tests") as started:
        company(started)
        yield started


def test_every_command_is_described_with_its_fields(service):
    with service.client() as client:
        document = client.get("/openapi.json").json()
    described = {path for path, item in document["paths"].items() if "post" in item}
    for stream in PLURALS.values():
        for command in stream.commands:
            id = "/{kind}/{id}" if stream.by_subject else "/{id}" if not command.starts or stream.caller_ids else ""
            path = f"/{stream.plural}{id}/{command.verb}"
            assert path in described
            schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert schema["$ref"].startswith("#/components/schemas/")
    assert "/batch" in described
    assert document["openapi"].startswith("3.1")


def test_operation_ids_are_unique(service):
    with service.client() as client:
        document = client.get("/openapi.json").json()
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def is_busy(response) -> bool:
    """A loaded machine may say so, with a time to come back at; nothing else may fail."""
    return response.status_code == 503 and "retry-after" in response.headers


# The service runs in a thread beside the strategies and draws random numbers of its own, which hypothesis can't tell.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")
def test_no_request_that_the_document_allows_or_forbids_gives_a_server_error(service):
    with service.client("hr_administrator") as client:
        document = client.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    headers = {"authorization": f"Bearer {service.tokens['hr_administrator']}"}

    tried = 0
    for result in schema.exclude(path_regex="^/events$|stream|rebuild").get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # a broken one fails here, as it should

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) | operation.as_strategy())
        def check(case):
            nonlocal tried
            tried += 1
            response = case.call(base_url=service.address, headers=headers, timeout=30)
            assert response.status_code < 500 or is_busy(response), response.text

        check()
    assert tried > 100
