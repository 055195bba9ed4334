"""Drafts: what somebody has written for a review and not submitted; theirs alone, until the review is handed over."""

from dataclasses import dataclass
from typing import Annotated

from ledger.kernel.command import Act, By, Command, StreamKind
from ledger.kernel.event import Entry, Event, Seal
from ledger.kernel.ids import Grade, Id, PersonId, ReviewId
from ledger.kernel.refusals import NotFound, Refusal
from ledger.kernel.texts import Note

# Events


class AssessmentDrafted(Event, context="reviews"):
    """Somebody has written this much; it judges nothing. `writer` is whoever wrote this version."""

    review: ReviewId
    writer: PersonId
    grade: Annotated[Grade | None, Seal("writer", "performance")] = None
    note: Annotated[Note | None, Seal("writer", "performance")] = None


# State


@dataclass(frozen=True, slots=True)
class DraftState:
    """A draft: for which review, and who began it."""

    review: str | None = None
    writer: str | None = None


def evolve_draft(state: DraftState, entry: Entry) -> DraftState:
    """Return the state after `entry`."""
    if isinstance(entry.event, AssessmentDrafted):
        return DraftState(entry.event.review, state.writer or entry.event.writer)
    return state


# Commands


class SaveDraft(Command, stream="draft", verb="save", by=(By("employee"),), starts=True, repeats=True, on_behalf=False):
    """Keep what is written so far, seen by nobody else."""

    review: Id
    grade: Grade | None = None
    note: Note | None = None


class EmptyDraft(Refusal):
    """A draft holds something."""

    code, status = "empty_draft", 422
    en = "There is nothing in this draft."
    zh = "草稿内容为空。"


# Decide


def decide_draft(command: SaveDraft, state: DraftState, act: Act) -> Event:
    """Return AssessmentDrafted; only the keeper goes on writing, and only until a result is published."""
    act.require_happened()
    if command.grade is None and command.note is None:
        raise EmptyDraft()
    if not act.facts.exists("review", command.review) or state.review not in (None, command.review):
        raise NotFound()
    review = act.facts.state("review", command.review)
    keeper = review.drafts.get(act.id, state.writer)
    if state.writer is not None and act.facts.resolved(keeper) not in act.parties:
        raise NotFound()  # a draft of somebody else is not even there
    review.in_force()
    review.require_unpublished()
    return AssessmentDrafted(review=command.review, writer=act.actor, grade=command.grade, note=command.note)


STREAM = StreamKind("draft", "drafts", "w", DraftState(), decide_draft, evolve_draft, (SaveDraft,))
