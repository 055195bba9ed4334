"""Codes of grades and jobs: what companies write is taken, and no name of a person fits in."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from ledger.domain.reviews.events import AppealDecided, CalibrationCancelled, RatingCalibrated
from ledger.kernel.event import Event
from ledger.kernel.ids import Grade, JobCode

GRADES = ("P7", "M3", "三级", "优秀", "不合格", "B+", "3.5", "A", "IC5", "T3-1", "meets")


@pytest.mark.parametrize("grade", GRADES)
def test_a_grade_is_taken_as_companies_write_it(grade: str):
    assert TypeAdapter(Grade).validate_python(grade) == grade


@pytest.mark.parametrize("event", [RatingCalibrated, CalibrationCancelled, AppealDecided])
def test_a_grade_is_put_in_the_place_of_another_as_companies_write_it(event: type[Event]):
    for field in ("before", "after"):
        assert event.model_fields[field].rebuild_annotation() == Grade


@pytest.mark.parametrize("job", ["SDE-2", "HRBP", "100234", "sales_rep"])
def test_a_job_is_taken_as_companies_write_it(job: str):
    assert TypeAdapter(JobCode).validate_python(job) == job


@pytest.mark.parametrize("name", ["Alice", "Wang Wei", "张伟", "李优秀", "王秀", "x y", ""])
def test_no_name_of_a_person_is_a_grade_or_a_job(name: str):
    for kind in (Grade, JobCode):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(name)
