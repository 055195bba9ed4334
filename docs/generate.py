"""Writes the reference pages from the code: run by `make docs`; `--check` only tells which pages are stale."""

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

import ledger
from api.app import ROUTERS
from api.cli import app as command_line
from api.policies import POLICIES, Policy
from api.settings import Settings
from docs.markdown import first_sentence, page, table
from docs.states import states_page
from ledger.domain import COMMANDS, STREAM_KINDS
from ledger.kernel.command import Command
from ledger.kernel.event import EVENTS, Event
from ledger.kernel.refusals import REFUSALS

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
Schema = dict[str, Any]


# --- forms of fields, read from JSON Schema


def form(schema: Schema, definitions: Schema) -> str:
    """Return in a few words what a field takes."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return form(definitions[name], definitions) if "enum" in definitions[name] else f"*{name}*"
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            kinds = [form(part, definitions) for part in schema[key] if part.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    if schema.get("type") == "array":
        return "list of " + form(schema.get("items", {}), definitions)
    return str(schema.get("format") or schema.get("type") or "any value")


def fields(schema: Schema, notes: dict[str, str]) -> str:
    """Return the table of a model's fields, and after it those of the values inside."""
    definitions: Schema = schema.get("$defs", {})
    required = set(schema.get("required", []))
    rows = [
        (f"`{name}`", form(shape, definitions), "" if name in required else "optional", notes.get(name, ""))
        for name, shape in schema.get("properties", {}).items()
    ]
    return table(("field", "takes", "", "note"), rows) if rows else "No fields of its own."


def values_inside(models: Iterable[type[Command] | type[Event]]) -> Iterator[str]:
    """Yield a section for each value that fields are made of, once, by name."""
    found: Schema = {}
    for model in models:
        found |= model.model_json_schema().get("$defs", {})
    for name, schema in sorted(found.items()):
        if "enum" not in schema:
            yield f"### {name}\n\n{schema.get('description', '')}\n\n{fields({**schema, '$defs': found}, {})}"


# --- pages


def commands_page() -> str:
    """Return the page of every command: its route, who may ask it, what it takes."""
    parts = [f"## {kind}\n\n" + "\n\n".join(commands_of(kind)) for kind in sorted(STREAM_KINDS)]
    inside = "## Values inside\n\n" + "\n\n".join(values_inside(COMMANDS.values()))
    opening = (
        "What can be asked, by kind of subject. A command is a `POST` to its route; an accepted one is one event as a "
        "rule. *May ask* names the bases on which an actor is allowed; [refusals](refusals.md) lists the answers to "
        "one that is not accepted. Every command also takes `effective_at` (when it holds in the business; now if "
        "absent) and `reason` (a code; needed for late entries)."
    )
    return page("Commands", opening, [*parts, inside])


def commands_of(kind: str) -> Iterator[str]:
    """Yield a section for each command of a kind of stream."""
    stream = STREAM_KINDS[kind]
    for command in stream.commands:
        path = "" if command.starts and not stream.caller_ids else "/{kind}/{id}" if stream.by_subject else "/{id}"
        bases = ", ".join(f"`{by.basis}`" + (f" of `{by.of}`" if by.of else "") for by in command.by) or "the ledger"
        schema = command.model_json_schema()
        for shared in ("effective_at", "reason"):
            schema["properties"].pop(shared, None)
        head = f"### `POST /{stream.plural}{path}/{command.verb}`"
        yield f"{head}\n\n{first_sentence(command)}\n\nMay ask: {bases}.\n\n{fields(schema, {})}"


def events_page() -> str:
    """Return the page of every event: its data, and which fields are sealed."""
    sections = []
    for event in EVENTS:
        sealed = {n: f"sealed to `{s.of}`, class `{s.retention}`" for n, s in event.sealed_fields.items()}
        notes = {n: f"subject `{kind}`" for n, kind in event.reference_fields.items()} | sealed
        head = f"## `{event.topic}` version {event.schema_version}"
        sections.append(f"{head}\n\n{first_sentence(event)}\n\n{fields(event.model_json_schema(), notes)}")
    inside = "## Values inside\n\n" + "\n\n".join(values_inside(EVENTS))
    opening = (
        "Every fact the ledger can hold, in the past tense. A released form never changes: a new one is a new version. "
        "A *sealed* field is encrypted for its data subject and can be erased; the event holds a commitment to it. "
        "`@` is the subject of the event's own stream."
    )
    return page("Events", opening, [*sections, inside])


def refusals_page() -> str:
    """Return the page of every refusal: code, HTTP status and sentences."""
    rows = [
        (f"`{code}`", str(refusal.status), refusal.en, refusal.zh, "yes" if refusal.markable else "")
        for code, refusal in sorted(REFUSALS.items())
    ]
    opening = (
        "Why a command is not recorded. The answer is `application/problem+json` with this code; its text follows "
        "`Accept-Language`. Imported history is not refused for one that is *markable*: the event carries its code as "
        "a mark instead."
    )
    return page("Refusals", opening, [table(("code", "status", "English", "中文", "markable"), rows)])


def settings_page() -> str:
    """Return the page of every setting with its default."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    schema = Settings.model_json_schema()
    rows = [
        (f"`{prefix}{name.upper()}`", default_of(shape), str(shape.get("description", "")))
        for name, shape in schema["properties"].items()
    ]
    opening = "Environment variables, read at start; the command line takes the same names."
    return page("Settings", opening, [table(("variable", "default", "what it does"), rows)])


def default_of(shape: Schema) -> str:
    """Return the default of a setting as it would be written in the environment; empty where there is none."""
    default = shape.get("default")
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def questions_page() -> str:
    """Return the page of every route that answers: who may ask, what it takes."""
    routes = sorted((r for router in ROUTERS for r in router.routes if isinstance(r, APIRoute)), key=lambda r: r.path)
    sections = [f"## `{' '.join(sorted(r.methods or ()))} {r.path}`\n\n" + "\n\n".join(question_of(r)) for r in routes]
    opening = (
        "What can be asked over HTTP. A token goes into the header `Authorization: Bearer …`. Lists take `limit` (at "
        "most 1,000) and `after`, and answer `text/csv` where `Accept` asks for it. `min_position` waits until the "
        "answer reflects that position. What the caller may not see is answered as if it were not there."
    )
    return page("Questions", opening, sections)


def question_of(route: APIRoute) -> Iterator[str]:
    """Yield the parts of a route's section."""
    yield first_sentence(route.endpoint)
    policy = POLICIES[route.path]
    who = (
        "everybody, without a token" if policy.public else ", ".join(sorted(policy.roles)) or "who may see the subject"
    )
    yield f"May ask: {who if not policy.rows else 'any caller; the answer holds what the caller may see'}."
    rows = list(parameters(route.dependant))
    if rows:
        yield table(("parameter", "in", "note"), rows)


def asker_of(policy: Policy) -> str:
    """Return in words whom a route's policy lets ask."""
    if policy.public:
        return "everybody, without a token"
    if policy.rows:
        return "any caller; the answer holds what the caller may see"
    return ", ".join(sorted(policy.roles)) or "who may see the subject"


def parameters(dependant: Dependant) -> Iterator[tuple[str, str, str]]:
    """Yield name, place and description of a route's parameters, those of what it depends on included."""
    for place, named in (("path", dependant.path_params), ("query", dependant.query_params)):
        for field in named:
            yield f"`{field.alias}`", place, str(field.field_info.description or "")
    for inner in dependant.dependencies:
        yield from parameters(inner)


def command_line_page() -> str:
    """Return the page of the command line: every command with its arguments and options."""
    sections = list(command_of("pledger", typer.main.get_command(command_line)))
    opening = (
        "Exit codes: 0 ok, 1 found false, 2 unusable input, 3 not yet provable, 4 policy not met. Data commands speak "
        "to the running service, whose address stands in `service.json` in the data folder, with the token in "
        "`PLEDGER_TOKEN`; on the demonstration and trial ledgers they take the fitting token by themselves."
    )
    return page("Command line", opening, sections)


def command_of(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401  # click's own types are not exported by typer
    """Yield a section for a command, or for each command of a group."""
    if hasattr(command, "commands"):
        for part, inner in sorted(command.commands.items()):
            yield from command_of(f"{name} {part}", inner)
        return
    rows = [
        (
            f"`{' '.join(p.opts) if p.param_type_name == 'option' else p.name.upper()}`",
            str(getattr(p, "help", "") or ""),
        )
        for p in command.params
        if p.name != "help"
    ]
    yield f"## `{name}`\n\n{' '.join((command.help or '').split())}\n\n{table(('argument', 'what it does'), rows)}"


def layout_page() -> str:
    """Return the page of every module with its caption, read without importing it."""
    sections = []
    for package in ("ledger", "projections", "api"):
        modules = sorted((ROOT / package).rglob("*.py"), key=lambda path: (path.parent, path.name != "__init__.py"))
        rows = [(f"`{path.relative_to(ROOT).as_posix()}`", caption(path)) for path in modules]
        sections.append(f"## {package}\n\n" + table(("module", "what it is for"), rows))
    return page(
        "Layout", "The code, module by module. Imports point from `api` to `projections` to `ledger`.", sections
    )


def caption(path: Path) -> str:
    """Return the first paragraph of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def pages() -> dict[Path, str]:
    """Return every generated page with its text. All of the ledger is loaded, so that each refusal is known."""
    for module in pkgutil.walk_packages(ledger.__path__, "ledger."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "events.md": events_page(),
        REFERENCE / "refusals.md": refusals_page(),
        REFERENCE / "states.md": states_page(),
        REFERENCE / "questions.md": questions_page(),
        REFERENCE / "command-line.md": command_line_page(),
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "layout.md": layout_page(),
    }


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check` write nothing and return 1 when one of them is stale."""
    stale = [p for p, text in pages().items() if not p.is_file() or p.read_text("utf-8") != text]
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run `make docs`")
        return 1 if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
