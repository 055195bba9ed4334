"""The tree tells the story: no drawer names, no nameless functions, a caption on each module."""

import ast
import re
from pathlib import Path

from tests.tidy.tree import files, functions, modules, parsed

# "Manager" and "base" are drawers alone; within a longer name they may be the trade's own words.
DRAWERS = {"util", "utils", "helper", "helpers", "common", "core", "misc", "manager", "managers", "base", "bases"}
DRAWERS_WITHIN = DRAWERS - {"manager", "managers", "base", "bases"}
CAPTION_LENGTH = 140


def is_drawer(name: str) -> bool:
    return name.lower() in DRAWERS or bool(DRAWERS_WITHIN & set(re.split(r"[^a-z0-9]+", name.lower())))


def test_no_folder_or_file_is_named_as_a_drawer_for_anything():
    assert not [str(path) for path in files() for part in path.parts if is_drawer(Path(part).stem)]


def test_no_class_is_named_as_a_drawer_for_anything():
    ends = re.compile(r"(Utils?|Helpers?|Misc|Common)$")
    named_so = [
        f"{path}:{node.lineno} {node.name}"
        for path in modules("ledger", "projections", "api")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef) and ends.search(node.name)
    ]
    assert not named_so


def test_no_function_is_nameless():
    assert not [f"{path}:{node.lineno}" for path in modules() for node in functions(path) if set(node.name) == {"_"}]


def test_each_module_begins_with_a_caption_of_one_sentence():
    faults = []
    for path, text in modules().items():
        if path.name == "__init__.py" and not text.strip():
            continue
        caption = (ast.get_docstring(parsed(path)) or "").split("\n\n")[0].replace("\n", " ")
        if not caption.endswith((".", "?", "。", "？")) or len(caption) > CAPTION_LENGTH:
            faults.append(f"{path}: {caption or 'no docstring'}")
    assert not faults


def test_product_packages_say_what_they_are_for():
    empty = [p for p, text in modules("ledger", "projections", "api").items() if not text.strip()]
    assert not empty
