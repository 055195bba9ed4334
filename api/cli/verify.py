"""`pledger verify`: checks the ledgers of the data folder on their database, or files with nothing but a key."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import as_json, err, language, out, progress, say, stop
from api.cli.options import AsJson, Data, DatabaseUrl, Keys, Lang, LedgerName, settings_of

if TYPE_CHECKING:
    from ledger.evidence.verdict import Verdict


def verify(
    path: Annotated[
        Path | None,
        typer.Argument(help="Bundle, exported log, folder of proofs, or one .tlog-proof.", show_default=False),
    ] = None,
    data: Data = None,
    keys: Keys = None,
    database_url: DatabaseUrl = None,
    ledger: LedgerName = None,
    require: Annotated[
        str | None, typer.Option(help="checkpointed or witnessed; of files also complete.", show_default=False)
    ] = None,
    earlier: Annotated[Path | None, typer.Option(help="A checkpoint kept from before, or a folder of them.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Who must have witnessed (tlog-policy).")] = None,
    event: Annotated[Path | None, typer.Option(help="Files: stored bytes of the one proof.")] = None,
    key: Annotated[list[str] | None, typer.Option(help="Files: verifier key, or a file of them.")] = None,
    origin: Annotated[str | None, typer.Option(help="Files: the ledger that this must be.")] = None,
    disclosed: Annotated[Path | None, typer.Option(help="Files: disclosed sealed parts (JSON).")] = None,
    log: Annotated[Path | None, typer.Option(help="Bundles: exported log to find omissions with.")] = None,
    authority: Annotated[Path | None, typer.Option(help="Files: trusted time-stamping authorities (PEM).")] = None,
    json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Verify the ledgers of the data folder, with or without a running service; or PATH, with neither.

    Exit codes: 0 as recorded, 1 found false, 2 unusable input, 3 not yet provable, 4 policy not met.
    """
    if require not in (None, "checkpointed", "witnessed", "complete"):
        stop("--require takes checkpointed, witnessed or complete.")
    if path is not None:
        given = [("--event", event), ("--origin", origin), ("--earlier", earlier), ("--disclosed", disclosed)]
        given += [("--policy", policy), ("--require", require), *(("--key", one) for one in key or ())]
        given += [("--log", log), ("--authority", authority)]
        raise typer.Exit(_verify_files(path, given, machine=json, lang=language(lang)))
    _refuse_file_options({"--event": event, "--key": key, "--origin": origin, "--disclosed": disclosed})
    _refuse_file_options({"--log": log, "--authority": authority, "--require complete": require == "complete"})
    from api.cli.stored import Demand, verdicts

    settings = settings_of(data=data, keys=keys, database_url=database_url, ledger=ledger)
    with progress("Verifying", quiet=json) as advance:
        found = list(verdicts(settings, Demand(require, earlier, policy), advance))
    _report(found, machine=json, lang=language(lang))
    raise typer.Exit(max(int(verdict.exit_code) for _, verdict in found))


def _verify_files(path: Path, given: Iterable[tuple[str, object]], *, machine: bool, lang: str) -> int:
    """Run the stand-alone verifier, the very one that a stranger has; of a bundle the answer is replayed, too."""
    from ledger.evidence.__main__ import main
    from ledger.evidence.verify import is_bundle

    arguments = [str(path), "--lang", lang, *(["--json"] if machine else [])]
    for name, value in given:
        arguments += [] if value is None else [name, str(value)]
    if not is_bundle(path):
        return main(arguments)
    from api.bundles.replaying import verified

    return main(arguments, verified)


def _refuse_file_options(given: dict[str, object]) -> None:
    named = [name for name, value in given.items() if value]
    if named:
        stop(f"{' and '.join(named)}: only with a PATH to verify.")


def _report(found: "Sequence[tuple[str, Verdict]]", *, machine: bool, lang: str) -> None:
    if machine:
        as_json({"ledgers": {name: verdict.as_json() for name, verdict in found}})
        return
    for name, verdict in found:
        word = ("通过" if verdict.ok else "不通过") if lang == "zh" else ("ok" if verdict.ok else "failed")
        (out() if verdict.ok else err()).print(f"{name}: {word}", style="green" if verdict.ok else "red", markup=False)
        say(f"  {verdict.text(lang)}")
        if verdict.first_bad is not None:
            label = "首个出错位置" if lang == "zh" else "first position that fails"
            say(f"  {label}: {verdict.first_bad} ({verdict.kind})")
