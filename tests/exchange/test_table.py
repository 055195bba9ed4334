"""Every way a table can be written gives the right rows, or a fault that names row and column."""

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook  # type: ignore[import-untyped]  # openpyxl ships no types

from api.exchange.faults import (
    BrokenWorkbook,
    ColumnMissing,
    ColumnRepeated,
    EmptyTable,
    NotATable,
    OpenQuote,
    SheetNeeded,
    TableFault,
    TableRefused,
    TableTooLarge,
    UnknownEncoding,
)
from api.exchange.table import MAX_CELL, Layout, Table, read_table


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


def as_dicts(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]


def faults(table: Table) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.refusal.code) for fault in table.faults]


# Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
def test_the_same_rows_come_out_of_every_encoding(encoding):
    text = "工号,姓名,部门\n0001,赵安清,市场部\n0002,钱文,技术部\n" * 3
    assert cells(read_table(text.encode(encoding)))[:2] == [("0001", "赵安清", "市场部"), ("0002", "钱文", "技术部")]


@pytest.mark.parametrize(
    ("encoding", "guessed"), [("utf-8", False), ("utf-8-sig", False), ("utf-16", False), ("gb18030", True)]
)
def test_a_guess_is_told_as_one(encoding, guessed):
    assert read_table("姓名,日期\n张三,2018年1月1日\n".encode(encoding)).guessed is guessed


def test_a_stated_encoding_is_not_guessed_and_not_bent():
    data = "name,since\nMüller,2018-01-01\n".encode("latin-1")
    assert cells(read_table(data, Layout(encoding="latin-1"))) == [("Müller", "2018-01-01")]
    with pytest.raises(UnknownEncoding) as caught:
        read_table(data, Layout(encoding="utf-8"))
    assert caught.value.details == {"line": 2, "encoding": "utf-8"}


@pytest.mark.parametrize("name", ["no-such", "base64", "rot13", "../x", "hex"])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(UnknownEncoding):
        read_table(b"a,b\n1,2\n", Layout(encoding=name))


# Separators, newlines, quotes


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_newlines_are_told_from_the_text(separator, newline):
    lines = [separator.join(row) for row in (("a", "b", "c"), ("1.5 €", "x", ""), ("2.5 €", "y", "z"))]
    data = newline.join(lines).encode()
    table = read_table(data)
    assert (table.columns, table.separator) == (("a", "b", "c"), separator)
    assert [row[1:] for row in cells(table)] == [("x", ""), ("y", "z")]


def test_a_spreadsheet_s_own_line_about_the_separator_is_not_a_row():
    table = read_table(b"sep=;\na;b\n1;2\n")
    assert table.columns == ("a", "b")
    assert [(row.number, row.line, row.cells) for row in table.rows] == [(3, 3, ("1", "2"))]


def test_rows_and_lines_are_the_true_ones():
    table = read_table(b'a,b\n\n"two\nlines",x\r\n,\ny,z\n')
    assert [(row.number, row.line, row.cells) for row in table.rows] == [
        (3, 3, ("two\nlines", "x")),
        (5, 6, ("y", "z")),
    ]


@pytest.mark.parametrize(
    ("data", "row", "column"),
    [(b'a,b\n1,2\n3,"open\n4,5\n', 3, "#2"), (b'a,b\n"x"y,2\n', 2, "#1"), (b'a,"b\n', 1, "#2")],
)
def test_a_quote_that_is_not_closed_is_named_by_row_and_column(data, row, column):
    with pytest.raises(TableRefused) as caught:
        read_table(data)
    fault = caught.value.fault
    assert (fault.row, fault.column, type(fault.refusal)) == (row, column, OpenQuote)
    assert str(row) in caught.value.text("en")
    assert column in caught.value.text("zh")


def test_separators_of_several_characters_and_records_over_lines():
    layout = Layout(separator="+|", record_separator="&|", quote=None, header=False)
    table = read_table(b'1+|<a b="x">\nline</a>+|z&|\n2+||+|"&|\n', layout)
    assert cells(table) == [("1", '<a b="x">\nline</a>', "z"), ("2", "|", '"')]
    assert [row.line for row in table.rows] == [1, 3]


# Rows that do not fit, columns without a name of their own


def test_ragged_rows_are_set_aside_by_row_and_column():
    table = read_table(b"a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n5,6,7\n")
    assert faults(table) == [(2, "c", "row_too_short"), (3, "#4", "row_too_long")]
    assert cells(table) == [("1", "2", "3"), ("5", "6", "7")]


def test_a_nul_is_named_and_its_row_set_aside():
    table = read_table(b"a,b\n1,\0\n2,3\n")
    assert faults(table) == [(2, "b", "nul_character")]
    assert cells(table) == [("2", "3")]


def test_a_cell_too_long_is_named():
    assert faults(read_table(b"a,b\n1," + b"x" * (MAX_CELL + 1) + b"\n")) == [(2, "b", "table_too_large")]


def test_repeated_and_empty_headers_can_be_named_by_place():
    table = read_table(b"day,,day\n1,2,3\n")
    assert table.columns == ("day", "#2", "day")
    assert [table.place(name) for name in ("#1", "#2", "#3")] == [0, 1, 2]
    with pytest.raises(ColumnRepeated):
        table.place("day")
    with pytest.raises(ColumnMissing):
        table.place("#4")


@pytest.mark.parametrize("data", [b"", b"\n\n\n", b",,\n,,\n", b"\xef\xbb\xbf"])
def test_a_table_without_anything_says_so(data):
    with pytest.raises(EmptyTable):
        read_table(data)


@pytest.mark.parametrize(
    "data", [b"SQLite format 3\0rest", b'[{"a": 1}]', b'{\n"a": 1}\n', b"%PDF-1.7 x", b"\x1f\x8b00"]
)
def test_what_is_no_table_is_called_so(data):
    with pytest.raises(NotATable):
        read_table(data)


# Workbooks


def workbook(rows, merge=None, more=None) -> bytes:
    book, out = Workbook(), BytesIO()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if more:
        book.create_sheet("more").append(more)
    book.save(out)
    return out.getvalue()


def test_a_workbook_gives_text_as_it_would_be_typed():
    table = read_table(workbook([("id", "share", "yes"), (7, 0.25, True), ("007", None, False)]))
    assert (table.kind, table.columns) == ("xlsx", ("id", "share", "yes"))
    assert cells(table) == [("7", "0.25", "true"), ("007", "", "false")]
    assert [row.number for row in table.rows] == [2, 3]


def test_merged_cells_are_refused_where_they_are():
    with pytest.raises(TableRefused) as caught:
        read_table(workbook([("a", "b"), (1, 2), (None, 3)], merge="A2:A3"))
    assert (caught.value.fault.row, caught.value.fault.column) == (2, "#1")


def test_of_several_sheets_one_must_be_named():
    data = workbook([("a",), (1,)], more=("b",))
    with pytest.raises(SheetNeeded):
        read_table(data)
    assert read_table(data, Layout(sheet="more")).columns == ("b",)


@pytest.mark.parametrize("data", [b"PK\x03\x04 no archive", b"\xd0\xcf\x11\xe0 no workbook"])
def test_a_damaged_workbook_is_refused(data):
    with pytest.raises(BrokenWorkbook):
        read_table(data)


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("api.exchange.workbook.UNPACKED_BYTES", 100)
    with pytest.raises(TableTooLarge):
        read_table(workbook([("a",), (1,)]))


# SQL dumps


def test_a_dump_s_lists_of_values_are_rows():
    text = """-- a dump
CREATE TABLE `t` (a int);
INSERT INTO `t` (`a`, `b`, `c`) VALUES
(1,'it''s; (a) \\'test\\'',NULL), -- one
(2,'two
lines',-1.5e3);
INSERT INTO `t` VALUES (3,'','x');
"""
    table = read_table(text.encode())
    assert (table.kind, table.sheet, table.columns) == ("sql", "t", ("a", "b", "c"))
    assert cells(table) == [("1", "it's; (a) 'test'", ""), ("2", "two\nlines", "-1.5e3"), ("3", "", "x")]
    assert [(row.number, row.line) for row in table.rows] == [(1, 4), (2, 5), (3, 7)]


def test_a_dump_that_breaks_off_is_named_by_row_and_column():
    with pytest.raises(TableRefused) as caught:
        read_table(b"INSERT INTO t VALUES (1,'a'),(2,'b")
    assert (caught.value.fault.row, caught.value.fault.column) == (2, "#2")


def test_of_several_tables_in_a_dump_one_must_be_named():
    data = b"INSERT INTO t VALUES (1);\nINSERT INTO u VALUES (2);\n"
    with pytest.raises(SheetNeeded):
        read_table(data)
    assert cells(read_table(data, Layout(sheet="u"))) == [("2",)]


# Whatever comes


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_fault(data):
    try:
        table = read_table(data)
    except TableFault:
        return
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_quoted_comes_back_as_it_was(rows):
    quoted = ["a,b,c", *(",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)]
    table = read_table("\r\n".join(quoted).encode())
    assert cells(table) == [tuple(row) for row in rows if any(row)]


# Files that break importers, none of them written here

NAMED = {
    "csvkit/bad.csv": [(2, "#4", "row_too_long"), (3, "column_c", "row_too_short")],
    "csvkit/null_byte.csv": [(2, "a", "nul_character")],
    "csvkit/test_extra_header.csv": [(2, "d", "row_too_short")],
    "csvkit/test_empty_columns.csv": [(3, "#5", "row_too_short")],
}
ROWS = {
    "csvkit/blanks.csv": [("", "NA", "N/A", "NONE", "NULL", ".")],
    "csvkit/mac_newlines.csv": [("1", "2", "3"), ("Once upon\ra time", "5", "6")],
    "csvkit/sniff_limit.csv": [("1", "2", "3")],
    "csvkit/test_header_newline.csv": [("d", "e", "f")],
    "csvkit/test_latin1.csv": [("1", "2", "3"), ("4", "5", "©")],
    "csvkit/test_locale.csv": [("1,7", "200.000.000", "")],
    "csvkit/test_no_leading_zeroes.csv": [("01", "00.11", "0.1")],
    "csvkit/test_skip_lines.csv": [("1", "2", "3")],
    "csvkit/test_utf16_big.csv": [("1", "2", "3"), ("4", "5", "ʤ")],
    "csvkit/test_utf16_little.csv": [("1", "2", "3"), ("4", "5", "ʤ")],
    "csvkit/test_utf8_bom.csv": [("1", "2", "3"), ("4", "5", "ʤ")],
    "django-import-export/books-ISO-8859-1.csv": [("1", "Merci à toi", "test@example.com")],
    "django-import-export/books-mac.csv": [("1", "Some book", "test@example.com")],
    "django-import-export/books-unicode.tsv": [("1", "Some bookš", "test@example.com")],
    "django-import-export/books.xls": [("1", "Some book", "test@example.com")],
    "tablib/dates.xls": [("2015-04-12",)],
    "tablib/founders.xlsx": [("John", "Adams", "90"), ("George", "Washington", "67"), ("Thomas", "Jefferson", "50")],
    "tablib/ragged.xlsx": [("1", "")],
}


def test_no_file_that_breaks_importers_breaks_this_one(shared_data: Path):
    files = [f for f in sorted((shared_data / "csv_torture").rglob("*")) if f.is_file()]
    assert len(files) >= 60
    refused: dict[str, str] = {}
    for file in files:
        try:
            table = read_table(file.read_bytes())
        except TableFault as fault:
            refused[file.name] = fault.code
            continue
        assert all(len(row.cells) == len(table.columns) for row in table.rows), file
        assert all(fault.row >= 1 and fault.column for fault in table.faults), file
    not_json = {name: code for name, code in refused.items() if not name.endswith(".json")}
    assert not_json == {"empty.csv": "table_empty", "sheets.xlsx": "sheet_needed"}
    assert {code for name, code in refused.items() if name.endswith(".json")} == {"not_a_table"}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_bad_rows_of_others_files_are_named(shared_data: Path, name):
    assert faults(read_table((shared_data / "csv_torture" / name).read_bytes())) == NAMED[name]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_others_files_give_their_known_rows(shared_data: Path, name):
    assert cells(read_table((shared_data / "csv_torture" / name).read_bytes())) == ROWS[name]


def test_the_spectrum_of_csv_gives_what_its_authors_say(shared_data: Path):
    folder = shared_data / "csv_torture" / "csv-spectrum"
    checked = 0
    for file in sorted(folder.glob("*.csv")):
        expected = json.loads((folder / "json" / f"{file.stem}.json").read_text("utf-8"))
        if isinstance(expected, list):  # location_coordinates.json is not made from its table: other numbers
            assert as_dicts(read_table(file.read_bytes())) == expected, file.name
            checked += 1
    assert checked == 11


def test_resumes_with_their_own_separators(shared_data: Path):
    layout = Layout(separator="+|", record_separator="&|", quote=None, header=False)
    table = read_table((shared_data / "sales_company" / "JobCandidate.csv").read_bytes(), layout)
    assert [row.cells[0] for row in table.rows] == [str(i) for i in range(1, 14)]
    assert all(row.cells[2].startswith("<ns:Resume") and row.cells[2].endswith("</ns:Resume>") for row in table.rows)
    assert not table.faults
