"""The list of every projection."""

from projections import responsibility
from projections.engine import Catalogue

CATALOGUE: Catalogue = (responsibility.PROJECTION,)
