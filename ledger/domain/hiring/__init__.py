"""Hiring: what a job requires, who asked for it, who applied, how each was judged, and who decided on which grounds."""

from ledger.domain.hiring import candidates, judging, profiles, requisitions

STREAMS = (profiles.STREAM, requisitions.STREAM, candidates.STREAM, judging.STREAM)
