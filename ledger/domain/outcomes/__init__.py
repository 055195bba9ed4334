"""Outcomes: what came of the work — results, surveys, pay and attendance — for figures to be held against."""

from ledger.domain.outcomes import attendance, pay, results, surveys

STREAMS = (results.STREAM, attendance.STREAM, pay.STREAM, surveys.STREAM)

__all__ = ["STREAMS", "attendance", "pay", "results", "surveys"]
