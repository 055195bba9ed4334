"""Licence, pins, README, links and changelog: what a stranger meets first is in order."""

import re
import subprocess
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.tidy.tree import ROOT, texts

README_LINES = 100
FIRST_SCREEN_LINES = 30
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")

PERMISSIVE = re.compile(r"\b(?:MIT|BSD|0BSD|Apache|ISC|PSF|PSFL|Python Software Foundation|Zlib|CC0|Unlicense)\b")
# Licences that bind changes to the library itself and leave what calls it free.
LIBRARY_ONLY = {"psycopg": "LGPL", "psycopg-binary": "LGPL", "psycopg-pool": "LGPL"}


def settings() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(package: Distribution) -> str:
    """Return what a package says of its licence, from whichever field it uses."""
    about = package.metadata
    stated = about.get_all("License-Expression") or []
    classified = [text for text in about.get_all("Classifier") or [] if text.startswith("License ::")]
    return " ".join(stated or [*classified, *(text[:80] for text in about.get_all("License") or [])])


def runtime_packages() -> dict[str, Distribution]:
    """Return the packages that the product needs at run time, and what these need in turn."""
    waiting = [Requirement(text) for text in settings()["project"]["dependencies"]]
    found: dict[str, Distribution] = {}
    while waiting:
        wanted = waiting.pop()
        extras = {"", *wanted.extras}
        if wanted.marker and not any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        try:
            package = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        if found.setdefault(normal(wanted.name), package) is package:
            waiting += needs_of(package, extras)
    return found


def needs_of(package: Distribution, extras: set[str]) -> list[Requirement]:
    """Return what a package needs when asked for with these extras."""
    needs = [Requirement(text) for text in package.requires or []]
    return [n for n in needs if not n.marker or any(n.marker.evaluate({"extra": extra}) for extra in extras)]


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert settings()["project"]["license"] == "Apache-2.0"


def test_what_the_product_needs_allows_a_permissive_product():
    packages = runtime_packages()
    assert {"pydantic", "psycopg", "cryptography", "starlette"} <= set(packages)
    refused = {
        name: licence_of(package)
        for name, package in packages.items()
        if not PERMISSIVE.search(licence_of(package)) and LIBRARY_ONLY.get(name, "none") not in licence_of(package)
    }
    assert not refused


def test_no_package_is_under_a_licence_that_binds_the_product():
    binding = re.compile(r"\bA?GPL|Business Source|SSPL|Commons Clause")
    assert not {n: licence_of(p) for n, p in runtime_packages().items() if binding.search(licence_of(p))}


def test_each_dependency_is_pinned_by_hash():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    pins = {normal(name) for name, _ in PIN.findall(text)}
    wanted = settings()["project"]["dependencies"] + settings()["project"]["optional-dependencies"]["dev"]
    assert not {normal(Requirement(text).name) for text in wanted} - pins
    entries = re.split(r"(?m)^(?=[A-Za-z0-9._-]+==)", text)[1:]
    assert not [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]


def test_the_pins_hold_no_address():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert not [line for line in lines if "://" in line or line.startswith("-")]


def test_the_readme_is_short_and_begins_with_the_first_command():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) < README_LINES
    assert "    make run" in lines[:FIRST_SCREEN_LINES]


def test_each_link_between_pages_leads_somewhere():
    dead = [
        f"{path}: {target}"
        for path, text in texts().items()
        if path.suffix == ".md"
        for target in LINK.findall(text)
        if not re.match(r"[a-z]+:", target) and not (ROOT / path.parent / target).exists()
    ]
    assert not dead


def test_each_page_of_the_documentation_is_reached_from_its_index():
    index = (ROOT / "docs/README.md").read_text("utf-8")
    pages = [p for p in texts() if p.parts[0] == "docs" and p.suffix == ".md" and p != Path("docs/README.md")]
    assert not [str(p) for p in pages if p.relative_to("docs").as_posix() not in index]


def test_each_decision_says_question_choice_refusals_and_when_to_look_again():
    parts = ["## Question", "## Choice", "## Refused", "## Look again"]
    decisions = {p: text for p, text in texts().items() if p.parts[:2] == ("docs", "decisions")}
    assert decisions
    assert not [f"{p}: {part}" for p, text in decisions.items() for part in parts if part not in text]


def test_each_release_in_the_changelog_has_its_part_on_the_stored_form():
    releases = re.split(r"(?m)^## ", (ROOT / "CHANGELOG.md").read_text("utf-8"))[1:]
    assert releases
    assert not [release.splitlines()[0] for release in releases if "### Stored form" not in release]


def test_every_target_of_make_that_a_page_names_exists():
    targets = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8")))
    pages = [text for path, text in texts().items() if path.suffix == ".md"]
    named = {name for text in pages for name in re.findall(r"(?:^    |`|\$ )make ([a-z][a-z-]*)", text, re.MULTILINE)}
    assert not named - targets


def test_make_alone_lists_the_targets():
    listing = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert {"make run", "make test", "make check"} <= {" ".join(line.split()[:2]) for line in listing.splitlines()}
