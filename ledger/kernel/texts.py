"""Texts about people: the forms of names, notes and outside identifiers, which events keep only in sealed parts."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ledger.kernel.ids import Code

Name = Annotated[str, StringConstraints(min_length=1, max_length=400)]
Identifiers = Annotated[dict[Code, Name], Field(max_length=12)]
Note = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Pointer = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]  # a link or a file's name
