"""Notices outside the ledger: real e-mails and real posts, recorded once each, without anything personal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pytest

from api.notices import Message, Noticing, SmtpOutlet, Undelivered, WebhookOutlet
from api.notices.addresses import is_public
from tests.rules.conftest import Play
from tests.rules.world import SET_UP, World

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class MailServer:
    """A mail server on a local port: keeps what it is given, and answers RCPT with the replies set, then 250."""

    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 local\r\n")
        while line := await reader.readline():
            verb = line.decode().strip()
            if verb.upper().startswith("RCPT"):
                reply = self.replies.pop(0) if self.replies else "250 ok"
                self.recipients += [verb] if reply.startswith("250") else []
                writer.write(f"{reply}\r\n".encode())
            elif verb.upper() == "DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 kept\r\n")
            elif verb.upper() == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
        writer.close()


@dataclass
class Hook:
    """A web server on a local port: keeps what is posted, and answers with the statuses set, then 204."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    port: int = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        status = self.statuses.pop(0) if self.statuses else 204
        self.posted += [orjson.loads(body)] if status == 204 else []
        writer.write(f"HTTP/1.1 {status} said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(server: MailServer | Hook) -> AsyncIterator[None]:
    async with await asyncio.start_server(server.handle, "127.0.0.1", 0) as listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield


async def at_once(position: int, timeout_s: float) -> None:
    """Nobody waits for more in these stories."""


def noticing(world: World, *outlets: Any) -> Noticing:
    return Noticing(
        world.ledger, outlets, link=lambda duty: f"https://pledger.example/duties/{duty}", wait=at_once, first_pause_s=0
    )


def recorded(world: World, channel: str) -> list[tuple[str, str, str]]:
    found = [entry.data for entry in world.entries("duties.DutyNotified")]
    return [(d["holder"], d["occasion"], d["delivery"]) for d in found if d["channel"] == channel]


async def lead_with_address(world: World) -> str:
    """Put somebody whose e-mail address is known at the head of sales; return their id."""
    named: dict[str, Any] = {"name": "Gao Lan", "identifiers": {"email": "gao@example.org"}}
    lead = await world.does("hr", "people", "register", **named)
    await world.does("hr", "people", "start-employment", lead, **SET_UP)
    await world.does("hr", "people", "assign-to-unit", lead, unit="company", **SET_UP)
    await world.does("hr", "units", "appoint-lead", "sales", lead=lead)
    return lead


def test_a_holder_gets_one_e_mail_with_a_link_and_nothing_personal(play: Play) -> None:
    async def story(world: World) -> None:
        mail = MailServer(replies=["451 later"])
        lead = await lead_with_address(world)
        async with listening(mail):
            outlet = SmtpOutlet("127.0.0.1", mail.port, "ledger@example.org", tls=False)
            sender = noticing(world, outlet)
            await sender.load()
            goal = await world.goal(by="boss")
            await world.does("wang", "goals", "raise-difficulty", goal, concern="resources", note="Secret trouble")
            while await sender.page():
                pass
            again = noticing(world, outlet)  # as after a restart
            await again.load()
            while await again.page():
                pass
        owed = [e for e in world.entries("duties.DutyOpened") if e.data.get("holder") == lead]
        told = [e.stream.partition("/")[2] for e in owed if e.data["kind"] in {"answer_difficulty", "coach"}]
        assert len(mail.mails) == len(told) == 2
        for duty in told:
            (text,) = [one for one in mail.mails if duty in one]
            assert f"https://pledger.example/duties/{duty}" in text
            assert not any(word in text for word in ("Wang", "Gao", "Secret", "Customers", world.id("wang"), goal))
        assert recorded(world, "email").count((lead, "opened", "delivered")) == 2
        assert (world.id("wang"), "opened", "bounced") in recorded(world, "email")  # no address of hers is known

    play(story)


def test_a_post_is_tried_again_and_a_duty_that_is_done_is_not_told(play: Play) -> None:
    async def story(world: World) -> None:
        hook = Hook(statuses=[503, 429])
        async with listening(hook):
            outlet = WebhookOutlet(f"http://127.0.0.1:{hook.port}/chat", frozenset({"127.0.0.1"}))
            sender = noticing(world, outlet)
            await sender.load()
            goal = await world.goal()
            await world.does("wang", "goals", "accept", goal)
            while await sender.page():
                pass
        answer = await world.duty("answer_goal")
        kinds = {entry.stream: entry.data["kind"] for entry in world.entries("duties.DutyOpened")}
        told = {kinds[f"duty/{post['duty']}"] for post in hook.posted}
        assert answer.standing == "discharged"
        assert told == {"report_progress", "coach"}
        assert len({post["id"] for post in hook.posted}) == len(hook.posted) == 2
        assert {delivery for _, _, delivery in recorded(world, "webhook")} == {"delivered"}

    play(story)


def test_a_server_that_refuses_for_good_is_a_bounce(play: Play) -> None:
    async def story(world: World) -> None:
        hook = Hook(statuses=[404] * 10)
        async with listening(hook):
            sender = noticing(world, WebhookOutlet(f"http://127.0.0.1:{hook.port}/", frozenset({"127.0.0.1"})))
            await sender.load()
            await world.goal()
            while await sender.page():
                pass
        assert len(hook.statuses) == 7  # one try for each of three duties
        assert [delivery for _, _, delivery in recorded(world, "webhook")] == ["bounced"] * 3

    play(story)


def test_as_a_service_it_follows_by_itself(play: Play) -> None:
    async def story(world: World) -> None:
        hook, moved = Hook(), asyncio.Event()

        async def wait(position: int, timeout_s: float) -> None:
            await moved.wait()

        async with listening(hook):
            outlet = WebhookOutlet(f"http://127.0.0.1:{hook.port}/", frozenset({"127.0.0.1"}))
            await noticing(world, outlet).load()  # notices begin before the goal
            await world.goal()
            service = Noticing(world.ledger, [outlet], link=lambda duty: duty, wait=wait)
            service.start()
            async with asyncio.timeout(10):
                while len(recorded(world, "webhook")) < 3:
                    await asyncio.to_thread(world.ledger.reader.head)
            await service.stop()
        assert len(hook.posted) == 3

    play(story)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.5.5", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "::1", "fe80::1", "fd00:ec2::254", "::ffff:10.0.0.1", "2002:0a00:0001::", "224.0.0.1",
    ],
)  # fmt: skip
def test_an_address_inside_the_network_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_webhook_does_not_lead_inside_unless_allowed() -> None:
    assert is_public("93.184.215.14")
    message = Message("m", "d-1", "opened", date(2026, 3, 2), "https://pledger.example/duties/d-1")
    for url in ("http://127.0.0.1:9/", "http://169.254.169.254/latest", "http://localhost:9/", "ftp://example.org/"):
        with pytest.raises(Undelivered) as refused:
            WebhookOutlet(url).send(message, None)
        assert not refused.value.again
