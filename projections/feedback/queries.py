"""Questions about feedback and comments: one with its whole thread, and lists by whom it is for, by or asked of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.domain.feedback.comments import CommentAdded, CommentAnswered
from ledger.domain.feedback.told import (
    FeedbackCorrected,
    FeedbackGiven,
    FeedbackRequested,
    FeedbackState,
    FeedbackWithdrawn,
    Visibility,
)
from ledger.domain.feedback.told import evolve as evolve_feedback
from ledger.kernel.event import Subject
from ledger.kernel.ids import stream_name
from projections.engine import View
from projections.engine.kept import Line, Times, folded, found_by, ids_of, known_at, lines_of, read_as
from projections.feedback.handlers import ALL, State, state_of

MOST = 1_000
FEEDBACK, COMMENT = "feedback/", "comment/"


@dataclass(frozen=True, slots=True)
class FeedbackStanding:
    """A piece of feedback at a time; persons are read as the ids they were merged into.

    `giver` is None where nobody is named: not given yet, or given under `pseudonym`. `wordings` are the first one and
    every correction, in order. `closed`: taken back as of now, so that no content is told, whatever `on`.
    """

    id: str
    position: int
    known: int
    state: State
    recipient: str
    giver: str | None
    pseudonym: str | None
    asked: str | None
    requester: str | None
    about: Subject | None
    kind: str | None
    visibility: Visibility | None
    readers: tuple[str, ...]
    wordings: tuple[Line, ...]
    closed: bool
    requested: Line | None
    given: Line | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CommentStanding:
    """A comment with its answers; `to` is whom it asks."""

    id: str
    about: Subject
    author: str
    to: str | None
    line: Line
    answers: tuple[Line, ...]

    @property
    def waits(self) -> bool:
        """Tell whether somebody is asked and nobody has answered."""
        return self.to is not None and not self.answers


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which feedback a list is to hold: for a person, by one, asked of one, in a state; None for any."""

    recipient: str | None = None
    giver: str | None = None
    asked: str | None = None
    state: State | None = None


def feedback(view: View, id: str, *, on: datetime | None = None, known: int | None = None) -> FeedbackStanding | None:
    """Return how a piece of feedback stood at `on` (None: by all that is recorded), as known at a position."""
    found = _standings(view, [stream_name("feedback", id)], Times(on, known_at(view, known)))
    return found[0] if found else None


def feedback_list(
    view: View,
    wanted: Wanted,
    *,
    on: datetime | None = None,
    known: int | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[FeedbackStanding], str | None]:
    """Return feedback in order of id after `after`, and the id to go on from, None at the end.

    A page may hold fewer than `limit` and yet not be the last: what no filter finds by itself is looked through.
    """
    times, rows = Times(on, known_at(view, known)), min(limit, MOST)
    start, now = stream_name("feedback", after) if after else "", on is None and known is None
    facet, values = _narrowest(view, wanted, times.known, now=now)
    streams = found_by(view, facet, values, now=facet == "state", after=start, limit=rows)
    whole = read_as(view, {p for p in (wanted.recipient, wanted.giver, wanted.asked) if p is not None}, times.known)
    found = [one for one in _standings(view, streams, times) if _fits(one, wanted, whole)]
    return found, streams[-1].removeprefix(FEEDBACK) if len(streams) == rows else None


def _narrowest(view: View, wanted: Wanted, known: int, *, now: bool) -> tuple[str, list[str]]:
    for facet, person in (("recipient", wanted.recipient), ("giver", wanted.giver), ("asked", wanted.asked)):
        if person is not None:
            return facet, ids_of(view, person, known)
    return ("state", [wanted.state.value]) if wanted.state is not None and now else ("feedback", [ALL])


def _fits(found: FeedbackStanding, wanted: Wanted, whole: Mapping[str, str]) -> bool:
    persons = ((wanted.recipient, found.recipient), (wanted.giver, found.giver), (wanted.asked, found.asked))
    same = all(asked_for is None or whole[asked_for] == has for asked_for, has in persons)
    return same and wanted.state in (None, found.state)


def _standings(view: View, streams: Sequence[str], times: Times) -> list[FeedbackStanding]:
    folds = []
    for stream, everything in sorted(lines_of(view, streams, view.position).items()):
        lines = times.of(everything)
        state = folded(FeedbackState(), evolve_feedback, lines)
        closed = any(isinstance(line.entry.event, FeedbackWithdrawn) for line in everything)
        if state.recipient is not None:
            folds.append((stream.removeprefix(FEEDBACK), state, state.recipient, lines, closed))
    named = {p for _, state, _, _, _ in folds for p in _persons(state)}
    whole = read_as(view, named, times.known)
    return [
        _standing(view, id, state, recipient, lines, whole, times.known, closed=closed)
        for id, state, recipient, lines, closed in folds
    ]


def _persons(state: FeedbackState) -> set[str]:
    giver = None if state.pseudonym is not None else state.giver
    seats = (giver, state.recipient, state.asked, state.requester, *state.readers)
    return {person for person in seats if person is not None}


def _standing(
    view: View,
    id: str,
    state: FeedbackState,
    recipient: str,
    lines: Sequence[Line],
    whole: Mapping[str, str],
    known: int,
    *,
    closed: bool,
) -> FeedbackStanding:
    given = next((line for line in lines if isinstance(line.entry.event, FeedbackGiven)), None)
    return FeedbackStanding(
        id=id,
        position=view.position,
        known=known,
        state=state_of(state),
        recipient=whole[recipient],
        giver=whole[state.giver] if state.giver is not None and state.pseudonym is None else None,
        pseudonym=state.pseudonym,
        asked=None if state.asked is None else whole[state.asked],
        requester=None if state.requester is None else whole[state.requester],
        about=state.about,
        kind=given.entry.event.kind.value if given and isinstance(given.entry.event, FeedbackGiven) else None,
        visibility=state.visibility,
        readers=tuple(dict.fromkeys(whole[reader] for reader in state.readers)),
        wordings=tuple(line for line in lines if isinstance(line.entry.event, FeedbackGiven | FeedbackCorrected)),
        closed=closed,
        requested=next((line for line in lines if isinstance(line.entry.event, FeedbackRequested)), None),
        given=given,
        lines=tuple(lines),
    )


# Comments


def comments_about(
    view: View,
    subject: str,
    *,
    on: datetime | None = None,
    known: int | None = None,
    after: str = "",
    limit: int = MOST,
) -> tuple[list[CommentStanding], str | None]:
    """Return the comments about a subject (`kind/id`) with their answers, in order of id; paged as `feedback_list`."""
    times, rows = Times(on, known_at(view, known)), min(limit, MOST)
    start = stream_name("comment", after) if after else ""
    streams = found_by(view, "about", [subject], now=False, after=start, limit=rows)
    everything = sorted(lines_of(view, streams, times.known).items())
    found = [_comment(stream.removeprefix(COMMENT), times.of(lines)) for stream, lines in everything]
    whole = read_as(view, {p for one in found if one is not None for p in (one.author, one.to) if p}, times.known)
    told = [_as_read(one, whole) for one in found if one is not None]
    return told, streams[-1].removeprefix(COMMENT) if len(streams) == rows else None


def _comment(id: str, lines: Sequence[Line]) -> CommentStanding | None:
    for line in lines:
        if isinstance(added := line.entry.event, CommentAdded):
            answers = tuple(line for line in lines if isinstance(line.entry.event, CommentAnswered))
            return CommentStanding(id, added.about, added.author, added.to, line, answers)
    return None


def _as_read(comment: CommentStanding, whole: Mapping[str, str]) -> CommentStanding:
    to = None if comment.to is None else whole[comment.to]
    return CommentStanding(comment.id, comment.about, whole[comment.author], to, comment.line, comment.answers)
