"""House rules that read the code: reasons beside ignores, no waiting by the clock, the verifier alone, no dead SQL."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.tidy.tree import PRODUCT, ROOT, modules, parsed, places, texts

IGNORE = re.compile(r"#\s*(?:type:\s*ignore|noqa)")
IGNORE_WITH_REASON = re.compile(
    r"#\s*(?:type:\s*ignore\[[\w, -]+\]|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)[\s#—:-]+\w.{5,}"
)
SLEEP = re.compile(r"\b(?:time|asyncio|anyio)\.sleep\((?!0\))")
STATEMENT = re.compile(r"^-- name: (\w+)", re.MULTILINE)
BASE_DATABASE_MODULES = {"eventsourcing.postgres", "eventsourcing.sqlite", "eventsourcing.popo"}


def imported(path: Path) -> set[str]:
    """Return the full names of the modules that a module imports, at its top or later."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = path.parts[: -node.level] if node.level else ()
            names.add(".".join([*above, *filter(None, [node.module])]))
    return names


def test_each_ignore_carries_its_code_and_its_reason():
    bare = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in modules().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if IGNORE.search(line) and not IGNORE_WITH_REASON.search(line) and path != Path("tests/tidy/test_code.py")
    ]
    assert not bare


def test_no_test_waits_by_the_clock():
    assert not places(modules("tests"), SLEEP)


def test_nothing_prints_a_warning_away():
    quiet = re.compile(r"simplefilter\(|filterwarnings\(\s*[\"']ignore")
    assert not places(modules(*PRODUCT), quiet)


def test_the_verifier_imports_only_the_standard_library_and_cryptography():
    allowed = {*sys.stdlib_module_names, "cryptography"}
    strangers = [
        f"{path}: {name}"
        for path in modules("ledger")
        if path.parts[1] == "evidence"
        for name in imported(path)
        if name.split(".")[0] not in allowed and not (name + ".").startswith("ledger.evidence.")
    ]
    assert not strangers


def test_the_verifier_loads_without_the_rest():
    names = [
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in modules("ledger")
        if path.parts[1] == "evidence" and path.name != "__main__.py"
    ]
    program = f"import sys, {', '.join(names) or 'ledger'}; print(*sorted({{n.split('.')[0] for n in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"pydantic", "psycopg", "eventsourcing", "orjson", "fastapi"} & set(run.stdout.split())


def test_only_the_store_knows_the_base_library_databases():
    users = [p for p in modules(*PRODUCT) if BASE_DATABASE_MODULES & imported(p)]
    assert not [str(path) for path in users if path.parts[:2] != ("ledger", "store")]


COMPOSED = re.compile(r'f"([a-z_]*)\{\w+\}([a-z_]*)"')


def test_each_named_statement_is_used():
    # The statements of a schema are run as a whole, under any name.
    code = "\n".join(modules(*PRODUCT).values())
    words = set(re.findall(r"\w+", code))
    unused = [
        f"{path}: {name}"
        for path, text in texts().items()
        if path.suffix == ".sql" and not path.name.endswith("schema.sql")
        for name in STATEMENT.findall(text)
        if name not in words
        and not any(assembled(name, before, after, words) for before, after in COMPOSED.findall(code))
    ]
    assert not unused


def assembled(name: str, prefix: str, suffix: str, words: set[str]) -> bool:
    """Tell whether code makes a statement's name of a word it knows, as in f"insert_{table}" or f"{name}_backwards"."""
    whole = len(prefix) + len(suffix)
    middle = name[len(prefix) : len(name) - len(suffix)]
    return whole > 4 and name.startswith(prefix) and name.endswith(suffix) and middle in words


def test_each_named_statement_is_named_once_in_its_file():
    files = {path: STATEMENT.findall(text) for path, text in texts().items() if path.suffix == ".sql"}
    assert not [f"{path}: {name}" for path, names in files.items() for name in names if names.count(name) > 1]


def test_the_console_script_leads_to_a_function():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    module, _, function = settings["project"]["scripts"]["pledger"].partition(":")
    places_of_module = [Path(*module.split("."), "__init__.py"), Path(*module.split(".")).with_suffix(".py")]
    defined = [p for p in places_of_module if p in modules() and re.search(rf"\b{function}\b", modules()[p])]
    assert defined


def test_each_package_of_the_product_is_typed():
    assert all((ROOT / package / "py.typed").is_file() for package in PRODUCT)
