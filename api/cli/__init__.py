"""The command line `pledger`: serves, asks, brings in, takes out and verifies."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from api.cli import (
    bench,
    bundle,
    control,
    conversations,
    demo,
    exports,
    hiring,
    imports,
    keys,
    ledgers,
    operation,
    performance,
    privacy,
    questions,
    reports,
    serve,
    signer,
    suggestions,
    tail,
    tokens,
    verify,
    witness,
)
from api.cli.console import UNUSABLE, say_error
from api.cli.faults import sentence_of

app = typer.Typer(
    name="pledger",
    help="A ledger of who answers for what, with proofs anyone can check.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("import")(imports.bring_in)
app.command("who-owns")(questions.who_owns)
app.command("trail")(questions.trail)
app.command("reviews")(performance.reviews)
app.command("review")(performance.review)
app.command("cycles")(performance.cycles)
app.command("cycle")(performance.cycle)
app.command("goals")(performance.goals)
app.command("goal")(performance.goal)
app.command("feedback")(conversations.feedback)
app.command("coaching")(conversations.coaching)
app.command("requisitions")(hiring.requisitions)
app.command("requisition")(hiring.requisition)
app.command("application")(hiring.application)
app.command("reports")(reports.reports)
app.command("report")(reports.report)
app.command("suggestions")(suggestions.suggestions)
app.command("suggestion-rules")(suggestions.suggestion_rules)
app.command("tail")(tail.tail)
app.command("control")(control.control)
app.command("verify")(verify.verify)
app.command("bundle")(bundle.bundle)
app.command("export")(exports.export)
app.command("rebuild")(operation.rebuild)
app.command("projections")(operation.projections)
app.add_typer(signer.app, name="signer")
app.add_typer(keys.app, name="keys")
app.add_typer(privacy.erase, name="erase")
app.add_typer(privacy.hold, name="hold")
app.add_typer(tokens.app, name="tokens")
app.add_typer(witness.app, name="witness")
app.add_typer(ledgers.app, name="ledgers")
app.command("bench")(bench.bench)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"pledger {version('performance-ledger')}")
        raise typer.Exit()


@app.callback()
def _everything(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A ledger of who answers for what, with proofs anyone can check."""


def main() -> None:
    """Run the command that the arguments name. What can be expected to fail ends with one sentence, not a trace."""
    try:
        app()
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        say_error(sentence)
        sys.exit(UNUSABLE)
