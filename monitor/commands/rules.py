"""`rules test` and `rules replay`: what would rules have said?"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitor.commands.options import (
    DEFAULT_CONFIG,
    FAILED,
    OK,
    USAGE,
    Commands,
    add_config,
    configured,
    database_of,
    moment_or_ago,
)
from monitor.replay.by_hand import replay_rules
from monitor.replay.replaying import Asked
from monitor.replay.wording import as_json, as_text
from monitor.rule_tests.by_hand import run_rule_tests


def add(commands: Commands) -> None:
    """Add `rules`."""
    rules = commands.add_parser(
        "rules",
        description="Try rules out before anybody is called by them.",
    )
    each = rules.add_subparsers(title="commands", required=True, metavar="COMMAND")
    test = each.add_parser(
        "test",
        help="run tests of rules that are written as data",
        description="Run the tests in each FILE (TOML): what is seen of one thing over time, and at which moments "
        "which state its alert is to be in.  Nothing is read but these files and the rules of the configuration.",
        epilog="The format is described in docs/rule-tests.md.  Exit codes: 0 every test passed, 1 one did not, 2 a "
        "file is wrong, 78 wrong configuration.",
    )
    test.add_argument("files", nargs="+", type=Path, metavar="FILE", help="tests")
    test.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="whose rules; only its rules are looked at; default: config.toml if there is one, else the shipped rules",
    )
    test.set_defaults(command=_test_rules)
    replay = each.add_parser(
        "replay",
        help="say what would have been sent",
        description="Run the configured rules over what is on record of a time, as if it happened now, and print "
        "what would have been sent, to whom and why; then how often each rule fired, and which could not be replayed.  "
        "The daemon may go on meanwhile; nothing is sent and nothing is changed.",
        epilog="T is how long ago (90m, 7d), a date (2026-11-21, from its beginning, UTC), a time with its zone "
        "(2026-11-21T09:00:00+01:00), or `now`.  See docs/replay.md for what a replay can know.  Exit codes: 0 it is "
        "all said, 1 it cannot be, 2 wrong usage, 78 wrong configuration.",
    )
    add_config(replay)
    replay.add_argument("--from", dest="from_ms", type=moment_or_ago, required=True, metavar="T", help="from when on")
    replay.add_argument(
        "--to", dest="to_ms", type=moment_or_ago, default="now", metavar="T", help="until when (default: now)"
    )
    replay.add_argument("--room", default="", metavar="ROOM", help="of one room only, by its SID or name")
    replay.add_argument("--rule", action="append", default=[], metavar="NAME", help="of one rule only; may be repeated")
    replay.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    replay.set_defaults(command=_replay_rules)


def _test_rules(options: argparse.Namespace) -> int:
    tested = run_rule_tests(options.files, options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None))
    print(*tested.lines(), sep="\n")
    return USAGE if tested.faults else FAILED if tested.failures else OK


def _replay_rules(options: argparse.Namespace) -> int:
    if options.from_ms >= options.to_ms:
        print("roomwatch rules replay: expected --from to be before --to", file=sys.stderr)
        return USAGE
    config = configured(options)
    asked = Asked(options.from_ms, options.to_ms, options.room)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    replayed = replay_rules(database_of(config), config, asked, now_ms, options.rule)
    print(*([as_json(replayed)] if options.format == "json" else as_text(replayed)), sep="\n")
    return OK
