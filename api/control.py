"""What the service keeps in the control log: how it was started, and what was taken out or built anew through it."""

from collections.abc import Mapping
from importlib.metadata import version

from api.reading import Asked
from api.settings import Settings
from ledger.application import Ledger
from ledger.control import SERVICE, SERVICE_STARTED, SETUP, Noted

# Whatever changes who can reach what, who signs, and what the service does by itself; no secret, and no machine's path.
_NAMED = ("host", "port", "origin", "proxy", "rules", "time_stamp_every_s", "smtp_tls", "webhook_allow", "log_level")
_WHETHER = (
    "signed",
    "witness_policy",
    "time_stamp_url",
    "database_url",
    "tls_certificate",
    "smtp_host",
    "webhook_url",
)


def started(settings: Settings, ledger: Ledger) -> Noted:
    """Return the entry that says with which version and settings a service began: values, or whether one is set."""
    told = {name: getattr(settings, name) for name in _NAMED}
    told |= {name: getattr(settings, name) is not None for name in _WHETHER}
    said = {"version": version("performance-ledger"), "settings": told}
    return Noted(SERVICE_STARTED, SERVICE, SETUP, "none", ledger.clock.now(), said)


async def note(asked: Asked, topic: str, said: Mapping[str, object]) -> None:
    """Keep what the caller does through the service, before it is answered."""
    now = asked.ledger.clock.now()
    await asked.ledger.control.note([Noted(topic, SERVICE, asked.caller.id, asked.caller.credential, now, said)])
