"""The engine that leads projections along the ledger: pages, checkpoints, rebuilds, waiting. It knows no projection."""

from projections.engine.following import Fenced, Moved, Stopped
from projections.engine.projection import Build, Catalogue, Events, Projection, RawEvent, Reader, Tables
from projections.engine.rebuild import Progress, Rebuild
from projections.engine.runner import Runner
from projections.engine.standing import ParkedEvent, ProjectionStatus
from projections.engine.views import NotBuilt, View, Views

__all__ = [
    "Build",
    "Catalogue",
    "Events",
    "Fenced",
    "Moved",
    "NotBuilt",
    "ParkedEvent",
    "Progress",
    "Projection",
    "ProjectionStatus",
    "RawEvent",
    "Reader",
    "Rebuild",
    "Runner",
    "Stopped",
    "Tables",
    "View",
    "Views",
]
