"""A date is read as it is meant, or refused with a reason; never guessed."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from api.exchange.dates import day_after, parse_cell
from api.exchange.faults import DateAmbiguous, DateUnreadable, TimeWithoutOffset
from api.exchange.table import read_table

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def offset(moment: date) -> timedelta | None:
    assert isinstance(moment, datetime)
    return moment.utcoffset()


@pytest.mark.parametrize(
    "text",
    ["2018-01-31", "2018/1/31", "2018.01.31", "20180131", "2018年1月31日", "2018 年 1 月 31 日",
     "２０１８年１月３１日", " 2018-01-31 ",
     "2018-01-31 00:00:00.000", "2018-01-31T00:00:00", "2018年1月31号"],
)  # fmt: skip
def test_one_day_in_many_writings(text):
    assert parse_cell(text) == date(2018, 1, 31)
    assert not isinstance(parse_cell(text), datetime)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2018-11-04T21:28:43+01:00", 1), ("2018-11-04 21:28:43+0100", 1), ("2018-11-04T21:28:43Z", 0)],
)
def test_an_instant_keeps_its_offset(text, hours):
    expected = datetime(2018, 11, 4, 21, 28, 43, tzinfo=timezone(timedelta(hours=hours)))
    assert parse_cell(text) == expected
    assert offset(parse_cell(text)) == timedelta(hours=hours)


def test_midnight_with_an_offset_is_an_instant():
    assert isinstance(parse_cell("2018-01-31T00:00:00+08:00"), datetime)


def test_day_and_month_are_never_guessed():
    with pytest.raises(DateAmbiguous):
        parse_cell("02/01/2014")
    with pytest.raises(DateAmbiguous):
        parse_cell("31/12/2012")
    assert parse_cell("02/01/2014", order="dmy") == date(2014, 1, 2)
    assert parse_cell("02/01/2014", order="mdy") == date(2014, 2, 1)
    with pytest.raises(DateUnreadable):
        parse_cell("31/12/2012", order="mdy")


@pytest.mark.parametrize(
    "text",
    ["", "x", "43466", "43466.5", "1/2/14", "18-01-01", "2018-02-30", "2018-13-01", "0000-00-00", "9999-12-31",
     "1753-01-01", "1996x-01-01", "2018年1月", "2018-1/31",
     "2018-01-01T25:00:00Z", "2018-01-01T00:00:00+99:00", "today", "NULL"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text):
    with pytest.raises(DateUnreadable):
        parse_cell(text)


def test_a_time_of_day_needs_to_be_placed():
    with pytest.raises(TimeWithoutOffset):
        parse_cell("2018-01-11 21:19:20")
    assert offset(parse_cell("2018-01-11 21:19:20", zone=SHANGHAI)) == timedelta(hours=8)


@pytest.mark.parametrize("text", ["2021-10-31 02:30:00", "2021-03-28 02:30:00"])
def test_a_time_that_came_twice_or_never_is_refused(text):
    with pytest.raises(TimeWithoutOffset):
        parse_cell(text, zone=BERLIN)


def test_the_day_after_a_closed_end():
    assert day_after(date(2012, 2, 29)) == date(2012, 3, 1)
    with pytest.raises(DateUnreadable):
        day_after(datetime.fromisoformat("2012-02-29T10:00:00Z"))


def test_both_writings_of_a_chinese_staff_table_say_the_same(shared_data: Path):
    iso = read_table((shared_data / "staff_zh" / "staff.utf8-bom.csv").read_bytes())
    chinese = read_table((shared_data / "staff_zh" / "staff.gb18030.csv").read_bytes())
    assert (iso.encoding, chinese.encoding, chinese.guessed) == ("utf-8-sig", "gb18030", True)
    assert iso.columns == chinese.columns
    assert len(iso.rows) == len(chinese.rows) == 617
    dated = [i for i, name in enumerate(iso.columns) if name.endswith("日期")]
    assert len(dated) == 6
    for one, other in zip(iso.rows, chinese.rows, strict=True):
        assert one.number == other.number
        for i, (left, right) in enumerate(zip(one.cells, other.cells, strict=True)):
            assert (parse_cell(left) == parse_cell(right)) if i in dated and left else left == right
    assert iso.rows[0].cells[0] == "00000001"
