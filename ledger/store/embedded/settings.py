"""The settings the server is started with, given as arguments so that nothing needs a shell's quoting."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PORT = 5432
"""Only a part of the socket's name; nothing listens on TCP."""

_TUNED = {
    "max_connections": "200",
    "max_locks_per_transaction": "256",
    "shared_buffers": "256MB",
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
    # A new write-ahead segment stalls commits while it is filled with zeros, a recycled one does not.
    "min_wal_size": "1GB",
    "max_wal_size": "4GB",
    "wal_compression": "off",
    "checkpoint_timeout": "15min",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

_LOGGING = {
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "server-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
    # Messages of failed statements quote values ("invalid input syntax for type integer: …") and details quote rows:
    # above ERROR, terse, and without statements or parameters no personal data reaches the log. In this scale LOG
    # ranks above ERROR, so starts, stops, checkpoints and crashes are still written.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_duration": "off",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}

_FIXED = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "unix_socket_group": "",
    "password_encryption": "scram-sha-256",
}

_PARALLEL_ROOM_BYTES = 512 * 1024 * 1024

_OURS = frozenset(
    {*_FIXED, "unix_socket_directories", "data_directory", "hba_file", "ident_file", "config_file", "external_pid_file"}
)


def _dynamic_memory() -> str:
    """Containers often give /dev/shm 64 MB, too little for a parallel query; System V memory has no such bound."""
    place = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    if sys.platform != "linux" or not place.is_dir():
        return "sysv"
    room = os.statvfs(place)
    return "posix" if room.f_blocks * room.f_frsize >= _PARALLEL_ROOM_BYTES else "sysv"


def check_settings(wanted: Mapping[str, str]) -> None:
    """Raise ValueError when a caller asks for a setting that would open the server to others."""
    refused = sorted(_OURS.intersection(name.lower() for name in wanted))
    if refused:
        raise ValueError(f"settings the embedded server decides itself: {', '.join(refused)}")


def server_arguments(wanted: Mapping[str, str], *, socket_folder: str) -> list[str]:
    """The `-c name=value` arguments for `postgres`; a caller's settings replace the tuned ones."""
    # This one setting is a list of names, so a name is quoted as PostgreSQL quotes an identifier.
    quoted = '"' + socket_folder.replace('"', '""') + '"'
    memory = {"dynamic_shared_memory_type": _dynamic_memory()}
    chosen = {**_TUNED, **_LOGGING, **memory, **wanted, **_FIXED, "unix_socket_directories": quoted}
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
