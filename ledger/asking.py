"""What the ledger is asked, and what it answers: plain values at the border of the use cases."""

from dataclasses import dataclass
from typing import Literal

from ledger.kernel.command import Command
from ledger.kernel.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person's id, or `system:<name>`; the credential is the token it came by."""

    id: str
    credential: str
    kind: Literal["person", "system"] = "person"


@dataclass(frozen=True, slots=True)
class Testimony:
    """A row of an imported history: the confirmed import and the row's number in its file.

    `trial`: nobody has confirmed it; an HR administrator may have it judged, and nothing of it is ever recorded.
    """

    batch: str
    row: int
    trial: bool = False

    @property
    def source(self) -> str:
        """Return the source that the event will name."""
        return f"import:{self.batch}#{self.row}"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's key and the fingerprint of the whole request."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """A command to a stream, by a caller. Without an id the server makes one.

    `continues`: the id was given by who asks, and is the server's to make: the stream must be there already.
    `key`: within a batch, the command's own; a repeat of it records nothing and has the same receipt.
    """

    command: Command
    kind: str
    id: str | None
    caller: Caller
    if_match: int | None = None
    principal: str | None = None
    cause: str | None = None
    source: str = "api"
    testimony: Testimony | None = None
    key: Idempotency | None = None
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event stands. The same for ever, but for `repeated`."""

    event_id: str
    position: int
    stream: str
    version: int
    recorded_at: str  # UTC, as stored
    batch_id: str | None = None
    repeated: bool = False
    marks: tuple[str, ...] = ()  # what imported history is marked with


@dataclass(frozen=True, slots=True)
class Refused:
    """A command of a batch that was refused; the others stand."""

    index: int
    refusal: Refusal


class Unauthenticated(Refusal):
    """No token, or one that opens nothing."""

    code, status = "unauthenticated", 401
    en = "A valid token is needed."
    zh = "需要有效的令牌。"


class AfterCutOver(Refusal):
    """Imported history must lie before the ledger's cut-over date."""

    code, status = "after_cut_over", 422
    en = "Imported history takes effect before the cut-over date {date}."
    zh = "导入的历史须在切换日期 {date} 之前生效。"


class NotConfirmed(Refusal):
    """Imported history needs a confirmed import by its proposer or confirmer."""

    code, status = "import_not_confirmed", 403
    en = "The import has not been confirmed by a second person."
    zh = "该导入尚未由第二人确认。"


class Contended(Refusal):
    """The stream kept changing while the command was decided."""

    code = "contended"
    en = "Others keep changing this; try again."
    zh = "该对象正被频繁修改，请重试。"
