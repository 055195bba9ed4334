"""`pledger suggestions` and `suggestion-rules` against a service that runs."""

from projections.suggestions.rules import RULES
from tests.cli.program import Program, Serving


def test_the_rules_are_told_for_people_and_for_machines(program: Program, serving: Serving) -> None:
    listed = program.run("suggestion-rules", "--ledger", "trial", "--json")
    assert listed.code == 0, listed.err
    assert [row["rule"] for row in listed.json["rows"]] == [rule.source for rule in RULES.values()]
    shown = program.run("suggestion-rules", "--ledger", "trial", "--lang", "zh")
    assert shown.code == 0, shown.err
    assert "mentor@1" in shown.out


def test_nothing_is_suggested_on_less_than_a_rule_states(program: Program, serving: Serving) -> None:
    told = program.run("suggestions", "--ledger", "trial")
    assert told.code == 0, told.err
    assert "0 of 0 are not answered." in told.out
    assert program.run("suggestions", "--state", "perhaps", "--ledger", "trial").code != 0
    assert program.run("report", "job-analysis", "--ledger", "trial", "--json").json["lines"] == []
