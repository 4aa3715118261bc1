"""What went wrong in a command, so that whoever typed it can put it right?"""


class CommandFailed(Exception):
    """A command could not do what it was asked; `str()` says what was expected, what came, and where."""
