"""Nothing in the files names a machine, an index, work left over, or words that do not belong to the trade."""

import hashlib
import re

import pytest

from tests.tidy.tree import modules, places, texts

# Spelt in parts, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~}\])/-])/(?:" + "|".join(["work", "root", "home", "opt", "Users"]) + r")/\w")
TEMPORARY_PATH = re.compile(r"(?<![\w.])/tmp" + r"/\w")
INDEX = re.compile(
    "|".join(
        [
            r"(?:index-url|find-links|trusted-host)[ =]+\S*[/:]",
            r"https?://\S+/simple\b",
            r"py" + r"pi\.org",
            "python" + "hosted",
            r"^-" + r"-(?:extra-)?(?:index|find)",
            r"fi" + r"le:///",
        ]
    )
)
LEFTOVER = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
UNFINISHED = re.compile(r"raise NotImplementedError\b")

# Words kept out of every file, by digest, so that the list itself does not bring them in.
KEPT_OUT = {
    "053ea4804ef1bb33",
    "29447fab346b1477",
    "35d997d39e4fa219",
    "3ea125d0bff386e6",
    "487b91042c7cf27a",
    "57de4cf40144bdf7",
    "5d72436256ada538",
    "60965168ce762e94",
    "6f7ac1823da81d2e",
    "71bdb49241f17b2a",
    "746d1113c358e1c9",
    "7d3194f79e645c42",
    "94a168d2da574b00",
    "c70eca6b0f88f44d",
    "c857d09db23e6822",
    "de2187af3fb01170",
}


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()[:16]


def test_no_file_names_a_path_of_one_machine():
    assert not places(texts(), MACHINE_PATH)


def test_no_file_names_a_temporary_path():
    assert not places(texts(), TEMPORARY_PATH)


def test_no_file_names_a_package_index():
    assert not places(texts(), INDEX)


def test_nothing_is_left_over():
    assert not places(texts(), LEFTOVER)


def test_no_function_of_the_product_is_unfinished():
    assert not places(modules("ledger", "projections", "api"), UNFINISHED)


def test_no_file_holds_a_word_that_is_kept_out():
    found = [
        f"{path}: {word}"
        for path, text in texts().items()
        for word in set(re.findall(r"[a-z][a-z-]+", text.lower()))
        if digest(word) in KEPT_OUT
    ]
    assert not found


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (MACHINE_PATH, "data in /" + "root/ledger"),
        (MACHINE_PATH, 'open("/' + 'home/me/x")'),
        (TEMPORARY_PATH, "cd /" + "tmp/x"),
        (INDEX, "--find" + "-links /somewhere"),
        (INDEX, "--extra-index" + "-url https://example.org/sim" + "ple"),
        (LEFTOVER, "# TO" + "DO later"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str):
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["GET /who-owns/{kind}/{id}", "a frame/work/thing", "pip-compile --no-emit-index-url"])
def test_the_patterns_leave_the_trade_alone(line: str):
    assert not any(pattern.search(line) for pattern in (MACHINE_PATH, TEMPORARY_PATH, INDEX, LEFTOVER))
