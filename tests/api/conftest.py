"""The service that the tests of the interface talk to: one for the whole run, real in every part."""

from collections.abc import Iterator

import pytest

from tests.api.service import Service, company, running


@pytest.fixture(scope="session")
def service(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(database_url, tmp_path_factory.mktemp("service"), "api_tests") as started:
        company(started)
        yield started
