"""Time: a day is a day in its zone, an instant keeps its offset, and clocks that jump confuse neither."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.kernel.moments import (
    ONE_TICK,
    begins,
    day_of,
    effective_text,
    last_instant,
    parse_day,
    parse_effective,
    utc_text,
)

BERLIN, NEW_YORK, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
# Places whose midnight has been skipped or has come twice, or that dropped a whole day.
ZONES = [BERLIN, NEW_YORK, SHANGHAI, *map(ZoneInfo, ("America/Sao_Paulo", "Africa/Cairo", "Asia/Kathmandu"))]
EARLY, LATE = map(datetime.fromisoformat, ("1990-01-01", "2040-01-01"))
DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))


@given(day=DAYS, zone=st.sampled_from(ZONES))
def test_days_follow_each_other_without_gap_or_overlap(day: date, zone: ZoneInfo):
    assert last_instant(day, zone) + ONE_TICK == begins(day + timedelta(days=1), zone)
    assert begins(day, zone) <= last_instant(day, zone)
    assert timedelta(hours=22) < begins(day + timedelta(days=1), zone) - begins(day, zone) < timedelta(hours=26)


@given(day=DAYS, zone=st.sampled_from(ZONES), seconds=st.integers(3 * 3600, 20 * 3600))
def test_an_instant_within_a_day_is_of_that_day(day: date, zone: ZoneInfo, seconds: int):
    assert day_of(begins(day, zone) + timedelta(seconds=seconds), zone) == day


@given(instant=st.datetimes(EARLY, LATE, timezones=st.just(UTC)))
def test_an_instant_is_the_same_wherever_it_was_said(instant: datetime):
    for hours in (-11, 0, 8, 13):
        said = instant.astimezone(timezone(timedelta(hours=hours)))
        assert begins(said, SHANGHAI) == instant == last_instant(said, BERLIN)
        assert parse_effective(effective_text(said)) == said
        assert effective_text(parse_effective(effective_text(said))) == effective_text(said)


def test_a_day_of_23_and_of_25_hours():
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert begins(spring + timedelta(days=1), BERLIN) - begins(spring, BERLIN) == timedelta(hours=23)
    assert begins(autumn + timedelta(days=1), BERLIN) - begins(autumn, BERLIN) == timedelta(hours=25)
    for day in (spring, autumn):
        assert last_instant(day, BERLIN) + ONE_TICK == begins(day + timedelta(days=1), BERLIN)


def test_a_date_begins_where_people_are():
    day = date(2026, 3, 31)
    assert begins(day, SHANGHAI) == datetime(2026, 3, 30, 16, tzinfo=UTC)
    assert begins(day, NEW_YORK) == datetime(2026, 3, 31, 4, tzinfo=UTC)


def test_both_hours_of_a_fold_are_told_apart_by_their_offset():
    first, second = parse_effective("2026-10-25T02:30:00+02:00"), parse_effective("2026-10-25T02:30:00+01:00")
    assert begins(second, BERLIN) - begins(first, BERLIN) == timedelta(hours=1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-3-1",
        "26-03-01",
        "2026-02-30",
        "2026-03-31T09:00:00",
        "2026-03-31T09:00",
        "2026-03-31T24:00:00Z",
        "2026-03-31 ",
        "20260331",
        "2026-W14-2",
        "1849-12-31",
        "2300-01-01",
        "0026-03-31",
        "٢٠٢٦-٠٣-٣١",
        "",
        20260331,
        1.5,
        None,
        True,
        datetime.fromisoformat("2026-03-31T09:00:00"),
    ],
)
def test_what_could_mean_several_things_is_no_time(text: object):
    with pytest.raises(ValueError):
        parse_effective(text)


def test_a_day_takes_no_time_of_day():
    assert parse_day("2026-03-31") == date(2026, 3, 31)
    with pytest.raises(ValueError):
        parse_day("2026-03-31T00:00:00Z")


def test_recorded_times_always_have_six_decimals():
    assert utc_text(datetime(2026, 3, 31, 8, tzinfo=UTC)) == "2026-03-31T08:00:00.000000Z"
    assert utc_text(datetime(2026, 3, 31, 8, 0, 0, 5, tzinfo=SHANGHAI)) == "2026-03-31T00:00:00.000005Z"
