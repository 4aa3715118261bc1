"""What does `roomwatch explain` do?  It reads the database, with a daemon at work on it or without, and tells."""

import argparse
import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from alerts.times_in_words import clock
from monitor.commands.options import OK, Commands, add_config, configured, database_of, moment_or_ago
from monitor.config import Config
from monitor.explanation import Asked, Explained, Explainer
from monitor.on_record import recollected
from monitor.places import resolve
from monitor.privacy import pseudonyms_of
from monitor.store.sqlite import SqliteStore


def add(commands: Commands) -> None:
    """Add the command to those that can be typed."""
    command = commands.add_parser(
        "explain",
        description="Tell from what is on record why an alert fired at a moment, or why not; into which group it was "
        "put, what held it back, who was told, at which attempt, with which answer; and why others were not asked.  "
        "Of an alert that did not fire: what was measured then, and how long it would have had to last.",
        epilog="T is `now` (the default), how long ago (90m), a date, or a time with its zone "
        "(2026-11-21T14:05:00+01:00).  It changes nothing, and the daemon may go on meanwhile.  Exit codes: 0 it is "
        "told, 1 there is no such thing on record, 2 wrong usage, 78 wrong configuration.",
    )
    add_config(command)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--room", metavar="ROOM", help="alerts about a room, by its SID or name")
    what.add_argument("--alert", metavar="FINGERPRINT", help="one alert: f1-…")
    who = command.add_mutually_exclusive_group()
    who.add_argument("--participant", default="", metavar="PA…", help="about somebody in it, by SID")
    who.add_argument("--identity", default="", metavar="NAME", help="about somebody in it, by identity")
    command.add_argument("--rule", default="", metavar="NAME", help="of one rule only")
    command.add_argument("--at", dest="at_ms", type=moment_or_ago, metavar="T", help="at which moment (default: now)")
    command.set_defaults(command=_explain)


def _explain(options: argparse.Namespace) -> int:
    config = configured(options)
    at_s = time.time() if options.at_ms is None else options.at_ms / 1000
    with SqliteStore.opened_to_read(database_of(config)) as store:
        found = asyncio.run(_found(store, config, options, at_s))
    for number, each in enumerate(found):
        print(*([""] if number else []), *lines_of(each), sep="\n")
    return OK


async def _found(store: SqliteStore, config: Config, options: argparse.Namespace, at_s: float) -> list[Explained]:
    live = await recollected(store)
    explainer = Explainer(store, live, partial(resolve, live), lambda: config)
    if options.alert is not None:
        return [await explainer.of_alert(options.alert, at_s)]
    person, pseudonyms = options.participant or options.identity, pseudonyms_of(config.privacy)
    also = frozenset({pseudonyms.of(options.identity)} if pseudonyms is not None and options.identity else ())
    return (await explainer.of_call(Asked(options.room, at_s, person, options.rule, also)))[1]


def lines_of(found: Explained) -> Iterator[str]:
    """Return an explanation in words, line by line."""
    subject, told = found
    yield f"{subject.rule} for {subject.name} ({subject.fingerprint})"
    yield from (f"  {sentence}" for sentence in told.answer)
    yield from _story((each.at, each.text) for each in told.story)
    yield from (f"  {sentence}" for sentence in told.not_asked)


def _story(sentences: Iterable[tuple[float, str]]) -> Iterator[str]:
    """Return dated sentences, with the day where it is another one."""
    day = ""
    for at, text in sentences:
        today = datetime.fromtimestamp(at, UTC).date().isoformat()
        if today != day:
            yield f"  on {today}, UTC:"
            day = today
        yield f"    {clock(at)}  {text}"
