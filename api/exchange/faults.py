"""What can be wrong with a table: each fault with its code, a sentence in both languages and the place it stands at."""

from dataclasses import dataclass

from ledger.kernel.refusals import Refusal


class TableFault(Refusal):
    """A table, or one row of it, can't be taken; nothing is guessed in its place."""

    code, status = "table_fault", 422
    en = "The table can't be read."
    zh = "无法读取该表格。"


class TableTooLarge(TableFault):
    """More bytes, rows, columns or characters in a cell than are read."""

    code, status = "table_too_large", 413
    en = "The table has more than {limit} {unit}."
    zh = "表格超过上限：{limit} {unit}。"


class NotATable(TableFault):
    """The bytes are no format that is read here."""

    code = "not_a_table"
    en = "This is not a table that can be read."
    zh = "这不是可读取的表格。"
    accepted_en = "CSV or TSV text, an XLSX or XLS workbook, or an SQL dump with INSERT INTO … VALUES"
    accepted_zh = "CSV 或 TSV 文本、XLSX 或 XLS 工作簿，或含 INSERT INTO … VALUES 的 SQL 转储"


class EmptyTable(TableFault):
    """There is not even a header."""

    code = "table_empty"
    en = "The table has no rows."
    zh = "表格没有任何行。"


class UnknownEncoding(TableFault):
    """The bytes are not text in the stated encoding, nor in one that could be told."""

    code = "encoding_unknown"
    en = "The bytes from line {line} on are not text in {encoding}."
    zh = "自第 {line} 行起的内容不是 {encoding} 编码的文本。"
    accepted_en = "UTF-8, UTF-16, GB18030, or the encoding named in the mapping's table.encoding"
    accepted_zh = "UTF-8、UTF-16、GB18030，或在映射的 table.encoding 中写明编码"


class NulCharacter(TableFault):
    """A NUL is no text."""

    code = "nul_character"
    en = "There is a NUL character in the text."
    zh = "文本中含有空字符（NUL）。"


class OpenQuote(TableFault):
    """A quoted cell that is not closed, or that goes on after its closing quote."""

    code = "quote_not_closed"
    en = "A quoted cell is not closed, or text follows its closing quote."
    zh = "带引号的单元格未闭合，或闭合引号后还有文字。"


class BrokenStatement(TableFault):
    """A VALUES list of an SQL dump that can't be followed."""

    code = "sql_unreadable"
    en = "The list of values can't be followed from here."
    zh = "从此处起无法解析 VALUES 列表。"


class BrokenWorkbook(TableFault):
    """A workbook that can't be opened, or that would unpack to more than is read."""

    code = "workbook_unreadable"
    en = "The workbook can't be opened: it is damaged, protected or unpacks to too much."
    zh = "无法打开工作簿：文件损坏、受保护或解压后过大。"


class SheetNeeded(TableFault):
    """Several sheets hold rows, or the named one is not there."""

    code = "sheet_needed"
    en = "The file holds several tables, or not the one named: state table.sheet in the mapping. Found: {found}."
    zh = "文件中有多个表，或没有所指的表：请在映射的 table.sheet 中写明。现有：{found}。"


class MergedCells(TableFault):
    """Merged cells leave it open which rows a value belongs to."""

    code = "merged_cells"
    en = "These cells are merged: it is not said which rows the value belongs to."
    zh = "此处单元格已合并，无法确定该值属于哪些行。"


class RowTooShort(TableFault):
    """Fewer cells than the header has columns."""

    code = "row_too_short"
    en = "The row ends before this column: {cells} cells, {columns} columns."
    zh = "该行在此列之前结束：{cells} 个单元格，{columns} 列。"


class RowTooLong(TableFault):
    """More cells than the header has columns, and not just empty ones."""

    code = "row_too_long"
    en = "The row goes on past the last column: {cells} cells, {columns} columns."
    zh = "该行超出最后一列：{cells} 个单元格，{columns} 列。"


class MappingInvalid(TableFault):
    """The mapping file is not of the documented form."""

    code = "mapping_invalid"
    en = "The mapping does not have the documented form: {where}."
    zh = "映射文件不符合约定格式：{where}。"


class MappingNeeded(TableFault):
    """The headers are not among the documented ones."""

    code = "mapping_needed"
    en = "These headers do not say what the table means: bring a mapping."
    zh = "仅凭表头无法确定含义：请提供映射文件。"
    accepted_en = (
        "changed_at, a subject column such as team, role, member, change; "
        "or such a subject column, holder, role, from, until (first day after) or last_day"
    )
    accepted_zh = (
        "changed_at、事项列（如 team）、role、member、change；"
        "或事项列、holder、role、from、until（结束次日）或 last_day"
    )


class ColumnMissing(TableFault):
    """The mapping names a column that the table has not."""

    code = "column_missing"
    en = "The mapping names a column that the table does not have: {name}."
    zh = "映射所指的列不在表中：{name}。"


class ColumnRepeated(TableFault):
    """The mapping names a column that the table has twice."""

    code = "column_repeated"
    en = "Several columns are called {name}: name one by its place, such as #{place}."
    zh = "有多列名为 {name}：请用位置指明，如 #{place}。"


class CellEmpty(TableFault):
    """A cell that is needed is empty."""

    code = "cell_empty"
    en = "This cell is needed and is empty."
    zh = "此单元格必填，但为空。"


class CellInvalid(TableFault):
    """A cell that can be neither an id nor a label: control characters, too long."""

    code = "cell_invalid"
    en = "This can't be an id or a label."
    zh = "不能作为编号或名称。"
    accepted_en = "up to 128 characters without controls; a kind is lower-case letters, digits and hyphens"
    accepted_zh = "不超过 128 个字符且不含控制字符；类别只用小写字母、数字和连字符"


class FormulaCell(TableFault):
    """A cell that a spreadsheet would run as a formula."""

    code = "formula"
    en = "This is a spreadsheet formula, not a value."
    zh = "这是电子表格公式，不是值。"


class WordUnknown(TableFault):
    """A role or change that neither the mapping nor the defaults know."""

    code = "word_unknown"
    en = "This word is neither in the mapping nor among the known ones for {column}."
    zh = "{column} 中的此词既不在映射中，也不在已知词中。"


class DateUnreadable(TableFault):
    """A cell that is no date."""

    code = "date_unreadable"
    en = "This is not a date."
    zh = "这不是日期。"
    accepted_en = "2018-01-31, 2018年1月31日, or an instant with offset such as 2018-01-31T09:00:00+08:00"
    accepted_zh = "2018-01-31、2018年1月31日，或带时区的时刻，如 2018-01-31T09:00:00+08:00"


class DateAmbiguous(TableFault):
    """Day and month could be either way round."""

    code = "date_ambiguous"
    en = "Day or month first? State dates.order in the mapping: dmy or mdy."
    zh = "日在前还是月在前？请在映射的 dates.order 中写明：dmy 或 mdy。"


class TimeWithoutOffset(TableFault):
    """A time of day of which nobody says in which zone."""

    code = "time_without_offset"
    en = "A time of day needs an offset, or dates.zone in the mapping; in that zone it must exist, and once only."
    zh = "时刻需带时区偏移，或在映射的 dates.zone 中写明时区；且该时刻在此时区须存在且唯一。"


class SpellWithoutADay(TableFault):
    """A spell that ends before, or when, it begins."""

    code = "spell_without_a_day"
    en = "The spell ends before, or when, it begins."
    zh = "该时段的结束不晚于开始。"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One row, or one of the two facts in it, that was not taken, and at which column."""

    row: int
    column: str | None
    refusal: Refusal


class TableRefused(TableFault):
    """The whole table is not taken, for what stands at one place of it."""

    code = "table_refused"
    en = "Row {row}, column {column}: {why_en}"
    zh = "第 {row} 行，{column} 列：{why_zh}"

    def __init__(self, *, row: int, column: str, fault: Refusal) -> None:
        super().__init__(row=row, column=column, why_en=fault.text("en"), why_zh=fault.text("zh"))
        self.fault = RowFault(row, column, fault)
