"""Questions about acts: those of a period, of persons, of streams, as known at a position; persons read as merged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from projections.accountability.handlers import about
from projections.accountability.report import Circumstances, Source
from projections.engine import View
from projections.engine.kept import ids_of, read_as

NAME = "accountability"


@dataclass(frozen=True, slots=True)
class Act:
    """One act as recorded; `actor` and `about` are read as the ids they were merged into, `begins` as re-dated."""

    event_id: str
    position: int
    topic: str
    stream: str
    actor: str
    about: str
    basis: str
    marks: tuple[str, ...]
    begins: datetime
    recorded_at: datetime
    source: str
    data: dict[str, Any]

    @property
    def evidence(self) -> Source:
        """Return the act as evidence of a line."""
        return Source(self.position, self.event_id)

    @property
    def id(self) -> str:
        """Return the id of the act's own subject."""
        return self.stream.partition("/")[2]


def in_period(view: View, topics: Iterable[str], asked: Circumstances) -> list[Act]:
    """Return the acts of these kinds that took effect in the period asked about, in order of recording."""
    return _read(view, "acts_in_period", {**_period(asked), "topics": list(topics)}, asked.known)


def read_acts(view: View, period: Mapping[str, object], known: int) -> list[Act]:
    """Return the acts of a period given as `since`, `until`, `known` and `topics`, in order of recording."""
    return _read(view, "acts_in_period", dict(period), known)


def about_persons(
    view: View, persons: Iterable[str], topics: Iterable[str], *, since: datetime, until: datetime, known: int
) -> list[Act]:
    """Return the acts of these kinds that concern these persons, under whatever id, and took effect in a period."""
    ids = sorted({id for person in persons for id in ids_of(view, person, known)})
    asked = {"about": ids, "topics": list(topics), "since": since, "until": until, "known": known}
    return _read(view, "acts_about", asked, known)


def of_streams(view: View, streams: Iterable[str], topics: Iterable[str], known: int) -> list[Act]:
    """Return the acts of these kinds of some streams, as known at a position, in order of recording."""
    asked = {"streams": sorted(set(streams)), "topics": list(topics), "known": known}
    return _read(view, "acts_of_streams", asked, known)


def overstepping(view: View, asked: Circumstances) -> list[Act]:
    """Return the acts of the period that were done in another party's place and marked so."""
    return _read(view, "overstepping_acts", _period(asked), asked.known)


def _period(asked: Circumstances) -> dict[str, object]:
    return {"since": asked.since, "until": asked.last, "known": asked.known}


def _read(view: View, statement: str, asked: dict[str, object], known: int) -> list[Act]:
    rows: Sequence[tuple[str, datetime]] = [(body, begins) for body, begins in view.rows(statement, asked)]
    found = [_act(orjson.loads(body), begins) for body, begins in rows]
    whole = read_as(view, {name for one in found for name in (one.actor, one.about) if name.startswith("p-")}, known)
    return [one if not whole else _merged(one, whole) for one in found]


def _merged(act: Act, whole: dict[str, str]) -> Act:
    actor, person = whole.get(act.actor, act.actor), whole.get(act.about, act.about)
    return act if (actor, person) == (act.actor, act.about) else replace(act, actor=actor, about=person)


def _act(raw: dict[str, Any], begins: datetime) -> Act:
    return Act(
        event_id=raw["event_id"],
        position=raw["position"],
        topic=raw["topic"],
        stream=raw["stream"],
        actor=raw["actor"],
        about=about(raw),
        basis=raw["authority"]["basis"],
        marks=tuple(raw.get("marks", ())),
        begins=begins,
        recorded_at=datetime.fromisoformat(raw["recorded_at"]),
        source=raw["source"],
        data=raw["data"],
    )
