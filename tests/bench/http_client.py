"""A bare HTTP/1.1 client for benchmarks: keep-alive connections that post one request after the other."""

import asyncio
import json
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What to post: to which paths in turn and with which tokens, how often in all, over how many connections."""

    host: str
    port: int
    ways: list[tuple[str, str]]
    body: str
    requests: int
    connections: int


@dataclass(frozen=True)
class Measured:
    """Requests a second, latencies in milliseconds, and how often each status came."""

    per_second: float
    p50_ms: float
    p99_ms: float
    statuses: dict[str, int]


def request_bytes(load: Load, number: int) -> bytes:
    """Return one request as it goes over the wire."""
    body = load.body.replace("NUMBER", str(number)).encode()
    path, token = load.ways[number % len(load.ways)]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {load.host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def measure(load: Load) -> Measured:
    """Post all requests and measure."""
    numbers = iter(range(load.requests))
    latencies: list[float] = []
    statuses: dict[str, int] = {}

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(load.host, load.port)
        for number in numbers:
            began = time.perf_counter()
            writer.write(request_bytes(load, number))
            status = await answered(reader)
            latencies.append(time.perf_counter() - began)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()
        await writer.wait_closed()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(load.connections)))
    elapsed = time.perf_counter() - began
    latencies.sort()
    at = [latencies[int(len(latencies) * q)] * 1000 for q in (0.5, 0.99)]
    return Measured(load.requests / elapsed, at[0], at[1], statuses)


async def answered(reader: asyncio.StreamReader) -> str:
    """Read one answer whole; return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.index(b"content-length:") + len(b"content-length:")
    await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
    return head[9:12].decode()


def main() -> None:
    """Read the load from standard input, write what was measured to standard output; both JSON."""
    import uvloop

    load = Load(**json.load(sys.stdin))
    print(json.dumps(uvloop.run(measure(load)).__dict__))


if __name__ == "__main__":
    main()
