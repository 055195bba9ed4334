"""Members: who belongs to a unit on a day, as the directory knew it."""

from api.reading import Asked
from api.snapshots import put
from api.times import Moment
from projections.directory import queries as directory
from projections.engine import View


async def members_of(asked: Asked, unit: str, moment: Moment, known: int | None) -> frozenset[str]:
    """Return the ids of a unit's members. Raises NotFound for a unit that the caller may not see."""
    await asked.require("unit", unit)

    def question(view: View) -> set[str]:
        found, after = set[str](), ("", "")
        while page := directory.members(view, unit, on=moment.at, known=known, after=after):
            found |= {member.subject.removeprefix("person/") for member in page}
            after = (page[-1].relation.kind, page[-1].subject)
        return found

    return frozenset(await put(asked, "directory", question))
