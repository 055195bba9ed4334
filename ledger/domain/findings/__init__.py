"""Findings: what somebody says against a line of a report, and what is answered; shown beside the line for ever."""

from ledger.domain.findings import contesting

STREAMS = (contesting.STREAM,)

__all__ = ["STREAMS", "contesting"]
