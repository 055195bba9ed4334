"""The one error of the embedded PostgreSQL: a sentence that says what to do."""

from __future__ import annotations


class EmbeddedUnavailable(Exception):
    """The embedded PostgreSQL cannot be used.

    `str()` is a sentence a user can act on, followed by the last lines of the server's log where there are any.
    """

    def __init__(self, sentence: str, *, log: str = "") -> None:
        self.sentence = sentence
        self.log = log
        super().__init__(f"{sentence}\nLast lines of the server's log:\n{log}" if log else sentence)
