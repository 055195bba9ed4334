"""`pledger suggestions` and `suggestion-rules`: what is suggested to somebody, on which data, and by which rule."""

from typing import Annotated

import typer

from api.cli.console import Fields, as_json, language, say, show_table
from api.cli.options import AsJson, AsRole, Data, Lang, LedgerName
from api.cli.questions import READER, Known

Person = Annotated[str, typer.Option("--person", help="To whom: `me`; for auditors p-….")]
State = Annotated[str, typer.Option("--state", help="open, taken, dismissed or all.")]
COLUMNS = ("suggestion", "state", "rule", "about", "text")
RULE_COLUMNS = ("rule", "title", "addressed", "needs", "measure", "days")
OPEN = "open"


def suggestions(
    person: Person = "me",
    state: State = "all",
    known: Known = None,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    lang: Lang = None,
    json: AsJson = False,
) -> None:
    """List what is suggested, each with its figures and its rule; what is new to oneself is recorded as shown."""
    asked: Fields = {"person": person, "state": state, "known": known}
    rows = _rows("/suggestions", asked, data, ledger, as_role, lang, json=json)
    if json:
        as_json({"rows": rows})
        return
    show_table("Suggestions", COLUMNS, [{**row, "about": row["about"]["label"] or row["about"]["id"]} for row in rows])
    say(f"{sum(row['state'] == OPEN for row in rows)} of {len(rows)} are not answered.")


def suggestion_rules(
    data: Data = None, ledger: LedgerName = None, as_role: AsRole = None, lang: Lang = None, json: AsJson = False
) -> None:
    """List the rules: whom each tells what, and the least data that it needs."""
    rows = _rows("/suggestions/rules", {}, data, ledger, as_role, lang, json=json)
    as_json({"rows": rows}) if json else show_table("Rules", RULE_COLUMNS, rows)


def _rows(
    path: str, asked: Fields, data: Data, ledger: LedgerName, as_role: AsRole, lang: Lang, *, json: bool
) -> list[Fields]:
    from api.cli.service import answered, client, way

    given = {name: value for name, value in asked.items() if value is not None}
    with client(way(data, ledger, as_role or READER), language=language(lang)) as service:
        rows: list[Fields] = answered(service.get(path, params=given), machine=json)["rows"]
        return rows
