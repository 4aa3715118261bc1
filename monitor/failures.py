"""What went wrong in a command, so that whoever typed it can put it right?

These end a command with a line instead of a traceback.  They are told apart here, and not where they are raised, so
that the command line need not load what raises them.
"""

from collections.abc import Sequence


class Failure(Exception):
    """Something could not be done, through no fault of the program; `str()` says all there is to say."""


class CommandFailed(Failure):
    """A command could not do what it was asked; `str()` says what was expected, what came, and where."""


class Misconfigured(Exception):
    """The configuration is wrong; `errors` says it all, a line each."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors
