"""Hiring: what a job requires, who applied and was judged how, on which terms they came, and how probation ended."""

from ledger.domain.hiring import analyses, candidates, onboarding, probations, profiles, requisitions, stream

STREAMS = (
    profiles.STREAM,
    analyses.STREAM,
    requisitions.STREAM,
    candidates.STREAM,
    stream.STREAM,
    onboarding.STREAM,
    probations.STREAM,
)
