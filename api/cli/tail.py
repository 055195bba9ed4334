"""`pledger tail`: follows the feed, and goes on where it stood when the service comes back."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.console import Fields, as_json, err, printable, say
from api.cli.options import AsJson, AsRole, Data, LedgerName
from api.cli.questions import moment
from api.cli.serve import stopping

if TYPE_CHECKING:
    import httpx2

    from api.cli.service import Way

WAIT_S = 20
RETRY_S = (0.2, 0.5, 1.0, 2.0)
PAGE = 500
Subjects = Annotated[list[str] | None, typer.Option("--subject", help="Only events on these, as in goal/g-1.")]


def tail(
    after: Annotated[str | None, typer.Option("--after", help="Cursor to go on from; none: the start.")] = None,
    type: Annotated[list[str] | None, typer.Option("--type", help="Only these types of event.")] = None,
    subject: Subjects = None,
    once: Annotated[bool, typer.Option("--once", help="Stop at the head.")] = False,
    data: Data = None,
    ledger: LedgerName = None,
    as_role: AsRole = None,
    json: AsJson = False,
) -> None:
    """Print events as they are recorded, each once, in order. Ctrl-C stops; a restart of the service does not."""
    from api.cli.service import way

    asked: Fields = {"limit": PAGE, "type": type or [], "subject": subject or []}
    asked |= {} if after is None else {"after": after}
    following = Tail(way(data, ledger, as_role or "subscriber"), asked, once=once, machine=json)
    with stopping():
        following.follow()


class Tail:
    """One following of the feed. The cursor moves when its page is printed, so that nothing is lost or told twice."""

    def __init__(self, way: "Way", asked: Fields, *, once: bool, machine: bool) -> None:
        self._way, self._asked, self._once, self._machine = way, asked, once, machine
        self._failures = 0

    def follow(self) -> None:
        """Print page after page; return only with `once`, at the head."""
        import httpx2

        from api.cli.service import NotRunning, address_in, opened

        while True:
            try:
                self._way = replace(self._way, address=address_in(self._way.data))  # it may come back on another port
                with opened(self._way) as service:
                    self._pages(service)
                return
            except (httpx2.TransportError, NotRunning):
                self._pause()

    def _pages(self, service: "httpx2.Client") -> None:
        from api.cli.service import refuse

        while True:
            response = service.get("/events", params={**self._asked, "wait": 0 if self._once else WAIT_S})
            if response.status_code == 503:
                self._pause()
                continue
            if not response.is_success:
                refuse(response, machine=self._machine)
            for event in response.json():
                as_json(event) if self._machine else say(line_of(event))
            self._asked["after"] = response.headers["pledger-cursor"]
            self._failures = 0
            if self._once and response.headers["pledger-at-head"] == "true":
                return

    def _pause(self) -> None:
        if self._failures == 1:  # once is a connection that was closed between two pages
            err().print("The service is away; waiting for it.", style="yellow")
        time.sleep(RETRY_S[min(self._failures, len(RETRY_S) - 1)])
        self._failures += 1


def line_of(event: Fields) -> str:
    """Return the line of one event."""
    told = (f"{event['position']:>8}", moment(event["time"]), event["type"], event["subject"], f"by {event['actor']}")
    return printable("  ".join(told))
