"""The public suite of hostile JSON texts, read from the shared data."""

import json
from pathlib import Path


def hostile_bodies(shared_data: Path) -> dict[str, bytes]:
    """Return name -> body; `y_` must be accepted as JSON, `n_` refused, `i_` either."""
    text = (shared_data / "hostile_input" / "json_suite" / "parsing.js").read_text("utf-8")
    cases = json.loads(text[text.index("[") :].rstrip().rstrip(";"))
    return {case["name"]: case["input"].encode("utf-8", "surrogatepass") for case in cases}
