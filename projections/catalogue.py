"""The list of every projection."""

from projections import (
    accountability,
    audit_trail,
    directory,
    duties,
    feedback,
    goals,
    hiring,
    responsibility,
    reviews,
    statistics,
    suggestions,
)
from projections.engine import Catalogue

CATALOGUE: Catalogue = (
    directory.PROJECTION,
    responsibility.PROJECTION,
    audit_trail.PROJECTION,
    goals.PROJECTION,
    duties.PROJECTION,
    reviews.PROJECTION,
    feedback.PROJECTION,
    hiring.PROJECTION,
    accountability.PROJECTION,
    statistics.PROJECTION,
    suggestions.PROJECTION,
)
