"""Addresses: where a webhook may go. The very address that was judged is connected to, so that no name turns inward."""

import http.client
import socket
import ssl
from ipaddress import ip_address
from urllib.parse import SplitResult


def allowed_address(parts: SplitResult, allow: frozenset[str]) -> str:
    """Return the address to connect to. Raises PermissionError for one inside the network that is not allowed."""
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or host is None:
        raise PermissionError("a webhook has an http or https address")
    found = socket.getaddrinfo(host, _port(parts), type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    if host not in allow and not all(is_public(address) for address in addresses):
        raise PermissionError("a webhook does not lead inside the network")
    return addresses[0]


def is_public(address: str) -> bool:
    """Tell whether everybody may reach an address: not private, loopback, link-local (as metadata are) or reserved."""
    ip = ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    return bool(ip.is_global and inner.is_global) and not ip.is_multicast


def connected(parts: SplitResult, address: str, timeout_s: float) -> http.client.HTTPConnection:
    """Return a connection to this very address; the certificate has to be of the name."""
    host, port = parts.hostname or "", _port(parts)
    joined = socket.create_connection((address, port), timeout_s)
    if parts.scheme == "http":
        plain = http.client.HTTPConnection(host, port, timeout=timeout_s)
        plain.sock = joined
        return plain
    context = ssl.create_default_context()
    try:
        secured = context.wrap_socket(joined, server_hostname=host)
    except BaseException:
        joined.close()
        raise
    connection = http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    connection.sock = secured
    return connection


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
