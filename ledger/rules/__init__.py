"""What the ledger does by itself: one pure function per rule, an event or a tick in, commands of the system out."""

from ledger.rules.catalogue import BY_TOPIC, RULES
from ledger.rules.engine import Engine, Recorder
from ledger.rules.holders import support_of
from ledger.rules.live import LiveDuties, NoSight, Sight
from ledger.rules.matrix import MATRIX, Kind, Row
from ledger.rules.rule import RULES_CALLER, Looked, Rule

__all__ = [
    "BY_TOPIC",
    "MATRIX",
    "RULES",
    "RULES_CALLER",
    "Engine",
    "Kind",
    "LiveDuties",
    "Looked",
    "NoSight",
    "Recorder",
    "Row",
    "Rule",
    "Sight",
    "support_of",
]
