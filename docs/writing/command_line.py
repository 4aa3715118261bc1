"""What can be typed, as a page: every command with its arguments, made of the parser that reads them."""

import argparse
from collections.abc import Iterator

from docs.writing.markdown import code, page, prose, table
from monitor.cli import parser

_INTRODUCTION = """\
# Commands

Every command of `roomwatch` with all its arguments; `roomwatch COMMAND --help` says the same. Where a command takes
`--config` and is given none, it goes by `config.toml` in the present folder if there is one, else by the
[environment](environment.md) alone.

This page is written by `python -m docs.writing` from the parser that reads the arguments.

## Exit codes

| code | what it means |
|---|---|
| 0 | well |
| 1 | failed at run time: what went wrong is on standard error |
| 2 | wrong usage: nothing was done |
| 78 | wrong configuration: every error is on standard error, with its line |

Some commands say more by them; it is written there.
"""


_NUMBERS: dict[str | int | None, str] = {"?": "[{}]", "*": "[{} ...]", "+": "{} ..."}


def commands(of: argparse.ArgumentParser | None = None) -> Iterator[argparse.ArgumentParser]:
    """Yield every command that does something, those in groups of commands among them."""
    of = parser() if of is None else of
    below = [action for action in of._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - there is no other way to ask
    if not below:
        yield of
    for action in below:
        for each in action.choices.values():
            yield from commands(each)


def markdown() -> str:
    """Return the page."""
    return page([_INTRODUCTION, *(line for command in commands() for line in _section(command))])


def _section(command: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## `{command.prog}`"
    yield ""
    yield prose(command.description or "")
    yield ""
    arguments = _arguments(command)
    yield from ("```text", " ".join((command.prog, *(_typed(each) for each in arguments))), "```", "")
    if arguments:
        yield from table(("argument", "what it is"), ((_names(each), _said(each)) for each in arguments))
    if command.epilog:
        yield prose(command.epilog)
        yield ""


def _arguments(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the arguments, options first, but for `--help`."""
    actions = [each for each in command._actions if not isinstance(each, argparse._HelpAction)]  # noqa: SLF001
    return sorted(actions, key=lambda each: not each.option_strings)


def _typed(action: argparse.Action) -> str:
    """Return how an argument is typed, in brackets where it may be left out."""
    name = action.option_strings[-1] if action.option_strings else ""
    typed = " ".join(part for part in (name, _value(action)) if part)
    if action.option_strings:
        return typed if action.required else f"[{typed}]"
    return _NUMBERS.get(action.nargs, "{}").format(typed)


def _value(action: argparse.Action) -> str:
    """Return what stands for the value of an argument; switches have none."""
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return "{" + ",".join(str(each) for each in action.choices) + "}"
    return str(action.metavar or action.dest.upper())


def _names(action: argparse.Action) -> str:
    names = action.option_strings or [""]
    return ", ".join(code(" ".join(part for part in (name, _value(action)) if part)) for name in names)


def _said(action: argparse.Action) -> str:
    said = prose((action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%"))
    return f"*required*; {said}" if action.required and action.option_strings else said
