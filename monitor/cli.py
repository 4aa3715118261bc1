"""What can be asked of Roomwatch on the command line?

Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any, TypeVar

from alerts.matchers import MatcherError, parse_matchers
from alerts.rules import RuleError, parse_duration
from alerts.silences import SilenceError
from collectors.events import CanarySeen
from monitor import __version__, incidents_by_hand, log
from monitor.app import Daemon, open_store, pseudonyms_of
from monitor.bundle.putting import is_too_old
from monitor.by_hand import export_call, export_samples, import_call
from monitor.canary_by_hand import by_hand
from monitor.commands.explain import add as _add_explain
from monitor.commands.options import CONFIG, DEFAULT_CONFIG, FAILED, OK, USAGE, Commands
from monitor.commands.options import add_config as _add_config
from monitor.commands.options import configured as _configured
from monitor.commands.options import database_of as _database_of
from monitor.commands.options import moment as _moment
from monitor.commands.receivers import add as _add_receivers
from monitor.commands.routes import add as _add_routes
from monitor.config import Config, ConfigInvalid, load
from monitor.config_warnings import warnings_about
from monitor.dead_letters import dead_letters, line_of, replay
from monitor.doctor.examination import examine
from monitor.doctor.findings import is_failed, report
from monitor.erasing import account_of, erase_person
from monitor.export.layout import FORMATS, files_at
from monitor.failures import CommandFailed
from monitor.incident_answers import AcknowledgeAsked, IncidentOver, NoSuchIncident
from monitor.naming import shortened
from monitor.policy import links_of, policy_of
from monitor.replay.by_hand import replay_rules
from monitor.replay.replaying import Asked
from monitor.replay.wording import as_json, as_text
from monitor.rule_tests.by_hand import run_rule_tests
from monitor.silence_answers import NoSuchSilence, PreviewAsked, SilenceAsked
from monitor.silences_by_hand import Answers, lines_of, lines_of_preview, whoever_has
from monitor.sizes import in_words
from monitor.store.backup import back_up
from monitor.store.copying import untold
from monitor.store.ports import IncidentsWanted, StoreFailed, Wanted
from monitor.store.restore import restore
from monitor.store.schema import SchemaTooNew

T = TypeVar("T")

PROGRESS_FROM_BYTES = 64_000_000  # a smaller copy is made before anyone could read how far it is
GC_THRESHOLDS = (50_000, 20, 50)  # new objects before the youngest are looked over, and how often the next are not


class WrongUsage(Exception):
    """Arguments that do not go together; `str()` says which would."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ConfigInvalid as invalid:
        print(*invalid.errors, sep="\n", file=sys.stderr)
        return CONFIG
    except (CommandFailed, StoreFailed, SchemaTooNew, OSError) as error:
        print(f"roomwatch: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="roomwatch",
        description="Watch Twilio Video calls while they run, and page someone once when one goes bad.",
        epilog="Exit codes: 0 well, 1 failed at run time, 2 wrong usage, 78 wrong configuration.",
    )
    parser.add_argument("--version", action="version", version=f"roomwatch {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (
        _add_run,
        _add_demo,
        _add_doctor,
        _add_backup,
        _add_restore,
        _add_erase,
        _add_export,
        _add_import,
        _add_incidents,
        _add_acknowledge,
        _add_silences,
        _add_dead_letters,
        _add_receivers,
        _add_routes,
        _add_explain,
        _add_canary,
        _add_pseudonym,
        _add_check,
        _add_rules,
    ):
        add(commands)
    return parser


def _add_run(commands: Commands) -> None:
    command = commands.add_parser("run", help="run the daemon", description="Run the daemon until Ctrl-C or SIGTERM.")
    _add_config(command)
    command.set_defaults(command=_run)


def _add_demo(commands: Commands) -> None:
    command = commands.add_parser(
        "demo",
        help="run the daemon against a simulated Twilio",
        description="Run the daemon against the built-in simulator, with people in its rooms, until Ctrl-C.",
    )
    command.add_argument("--scenario", default="demo", metavar="NAME", help="what happens in the rooms (default: demo)")
    command.add_argument("--seed", type=int, default=1, metavar="N", help="same seed, same calls (default: 1)")
    command.add_argument("--port", type=int, default=8471, metavar="PORT", help="port of the pages (default: 8471)")
    command.add_argument(
        "--public-port", type=int, default=8470, metavar="PORT", help="port for telemetry and callbacks (default: 8470)"
    )
    command.set_defaults(command=_demo)


def _add_doctor(commands: Commands) -> None:
    command = commands.add_parser(
        "doctor",
        help="say whether a configuration will work, here and now",
        description="Look at the database, ask Twilio, and call the public address as Twilio would: is the file sound, "
        "and is there room on its disk, do the keys open the accounts, what may they read, does the clock agree, does "
        "the budget suffice, do callbacks arrive and forgeries not?  Each check is a line: ok, warn or fail, what was "
        "found, and what to do.",
        epilog="It changes nothing.  The daemon should be running; it gets one callback of an unknown event, and "
        "refuses one with a wrong signature.  Exit codes: 0 nothing failed, 1 something did, 78 wrong configuration.",
    )
    _add_config(command)
    command.set_defaults(command=_doctor)


def _add_backup(commands: Commands) -> None:
    command = commands.add_parser(
        "backup",
        help="copy the database while the daemon runs",
        description="Copy the database to FILE, as it is at one moment, also while the daemon writes to it.  The copy "
        "is checked, is one file that only its owner can read, and has no free pages in it.",
        epilog="Exit codes: 0 the backup is whole and on disk, 1 there is none, 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument("file", type=Path, metavar="FILE", help="where to")
    command.add_argument("--force", action="store_true", help="replace FILE if it exists, once the copy is whole")
    command.set_defaults(command=_backup)


def _add_restore(commands: Commands) -> None:
    command = commands.add_parser(
        "restore",
        help="put a backup in the place of the database",
        description="Check the backup FILE and put a copy of it in the place of the configured database, which no "
        "daemon may have meanwhile.  The database that was there is not deleted: it gets another name.",
        epilog="Exit codes: 0 it is in place, 1 nothing was changed, 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument("file", type=Path, metavar="FILE", help="a backup")
    command.set_defaults(command=_restore)


def _add_erase(commands: Commands) -> None:
    command = commands.add_parser(
        "erase",
        help="leave nothing of a person in the database",
        description="Erase a person from the database, which no daemon may have meanwhile: what they said, what Twilio "
        "and others said of them, under their name and under the participant SIDs that they had; then write the file "
        "anew, so that nothing is left in free pages.  Without --yes it only counts what that would be.",
        epilog="It says at the end what it cannot reach: backups, copies of before upgrades, who was told.  "
        "Exit codes: 0 erased, or counted, or nothing is known of them; 1 nothing was erased, or traces are left, and "
        "which; 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument(
        "--identity",
        required=True,
        metavar="NAME",
        help="as in Twilio's access token, also where people are known by pseudonyms; -: read it from the input, which "
        "leaves no name in the history of the shell",
    )
    command.add_argument("--yes", action="store_true", help="erase; there is no way back")
    command.set_defaults(command=_erase)


def _add_export(commands: Commands) -> None:
    command = commands.add_parser(
        "export",
        help="write all of one call, or the samples of a time, to a file",
        usage="roomwatch export ROOM FILE [--redact] [--force] [--config FILE]\n"
        "       roomwatch export --from T --to T [--format parquet|csv] [--room ROOM] [--identity NAME] [--force]\n"
        "                        [--config FILE] FILE",
        description="Write all that is on record of the call in ROOM, a SID or a name, to FILE: a zip file that a "
        "person can look into and `roomwatch import` can read.  Or, with --from and --to, write all that was measured "
        "in a time as tables: to two files in the folder FILE, or to FILE and one beside it if its name ends in "
        ".parquet, .csv or .csv.gz.  The daemon may go on meanwhile.",
        epilog="T is a date (2026-11-21, from its beginning, UTC) or a time with its zone (2026-11-21T09:00:00+01:00); "
        "what happened at --to itself is not among it.  Only their owner can read what is written.  Exit codes: 0 it "
        "is whole and on disk, 1 there is nothing, 2 wrong usage, 78 wrong configuration.",
    )
    command.add_argument("names", nargs="+", metavar="ROOM FILE", help="of which call, and where to")
    command.add_argument("--redact", action="store_true", help="pseudonyms for names, and no addresses")
    command.add_argument("--from", dest="from_ms", type=_moment, metavar="T", help="from when on")
    command.add_argument("--to", dest="to_ms", type=_moment, metavar="T", help="until when")
    command.add_argument("--format", choices=FORMATS, help="default: as FILE is named, else parquet")
    command.add_argument("--room", default="", metavar="ROOM", help="of one room only, by its SID or name")
    command.add_argument("--identity", default="", metavar="NAME", help="of one person only")
    command.add_argument("--force", action="store_true", help="replace what exists, once the new one is whole")
    _add_config(command)
    command.set_defaults(command=_export)


def _add_import(commands: Commands) -> None:
    command = commands.add_parser(
        "import",
        help="put an exported call into the database",
        description="Check FILE, which `roomwatch export` has made, and add the call in it to the configured database, "
        "which no daemon may have meanwhile.  What is known there stays as it is, and only what is missing is added.",
        epilog="The call is kept as one that is over: nobody is paged for it.  Exit codes: 0 all of it is in the "
        "database, 1 nothing was changed, 78 wrong configuration.",
    )
    command.add_argument("file", type=Path, metavar="FILE", help="a bundle")
    _add_config(command)
    command.set_defaults(command=_import)


def _add_dead_letters(commands: Commands) -> None:
    command = commands.add_parser(
        "dead-letters",
        help="show what receivers could not be told, or have it said again",
        description="Print the notifications that were given up, the latest first: when, to whom, of what, and why.  "
        "With --replay they are owed again, as if from now on; those that a later word of the same incident has made "
        "pointless are not.",
        epilog="Printing changes nothing, and the daemon may go on meanwhile.  --replay asks the daemon, if it runs, "
        "which takes private.access_token; else it changes the database.  Exit codes: 0 well, 1 it could not be done, "
        "78 wrong configuration.",
    )
    command.add_argument("ids", nargs="*", metavar="ID", help="only these; default: all")
    command.add_argument("--receiver", metavar="NAME", help="only those of one receiver")
    command.add_argument("--replay", action="store_true", help="have them said again")
    _add_config(command)
    command.set_defaults(command=_dead_letters)


def _add_incidents(commands: Commands) -> None:
    command = commands.add_parser(
        "incidents",
        help="list what people were told of, or show one incident",
        description="Print the latest incidents; or one, with its alerts, what was said of it to whom, and what became "
        "of that.",
        epilog="A daemon that runs is asked; where none runs, the database is.  Exit codes: 0 well, 1 it could not be "
        "done, 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument("id", nargs="?", metavar="ID", help="one of them: i1-…")
    command.add_argument("--open", action="store_true", help="only those that are not over")
    command.set_defaults(command=_incidents)


def _add_acknowledge(commands: Commands) -> None:
    command = commands.add_parser(
        "acknowledge",
        help="say that somebody looks after an incident",
        description="Have an incident escalated no further and repeated no more.  Whoever was told of it hears who "
        "looks after it, and when it is over.",
        epilog="A daemon that runs is asked; where none runs, the next one will know.  Exit codes: 0 well, 1 it could "
        "not be done, 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument("id", metavar="ID", help="as incidents prints it: i1-…")
    command.add_argument("--by", default=None, metavar="NAME", help="who looks after it (default: who is logged in)")
    command.set_defaults(command=_acknowledge)


def _add_silences(commands: Commands) -> None:
    command = commands.add_parser(
        "silences",
        help="list, make and end silences",
        description="A silence keeps back what would be told of the alerts that its matchers agree with, until it "
        "ends.  A daemon that runs is asked, and knows at once; where none runs, the next one will know.",
    )
    actions = command.add_subparsers(title="actions", required=True, metavar="ACTION")
    _add_silences_list(actions)
    _add_silences_add(actions)
    _add_silences_expire(actions)
    _add_silences_preview(actions)


_SILENCES_EXIT = "Exit codes: 0 well, 1 it could not be done, 2 wrong usage, 78 wrong configuration."


def _add_silences_list(actions: Commands) -> None:
    action = actions.add_parser(
        "list", help="say which there are", description="Print the silences that are not over.", epilog=_SILENCES_EXIT
    )
    _add_config(action)
    action.add_argument("--expired", action="store_true", help="also those that are over, the latest thousand of all")
    action.set_defaults(command=_silences_list)


def _add_silences_add(actions: Commands) -> None:
    action = actions.add_parser(
        "add",
        help="make one",
        description="Silence the alerts that all matchers agree with.",
        epilog=f"T is as for export: a date, or a time with its zone.  {_SILENCES_EXIT}",
    )
    _add_config(action)
    _add_matcher(action)
    end = action.add_mutually_exclusive_group(required=True)
    end.add_argument("--for", dest="lasts", type=_duration, metavar="D", help="for how long: 2h, 1h30m")
    end.add_argument("--until", dest="until_ms", type=_moment, metavar="T", help="until when")
    action.add_argument("--from", dest="from_ms", type=_moment, metavar="T", help="from when on (default: now)")
    action.add_argument("--author", default=None, metavar="NAME", help="who wants it (default: who is logged in)")
    action.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever wonders at night")
    action.set_defaults(command=_silences_add)


def _add_silences_expire(actions: Commands) -> None:
    action = actions.add_parser(
        "expire",
        help="end one now",
        description="End a silence before its time; it stays on record.  What still fires is told of then.",
        epilog=_SILENCES_EXIT,
    )
    _add_config(action)
    action.add_argument("id", metavar="ID", help="as list prints it: s1-…")
    action.add_argument("--by", default=None, metavar="NAME", help="who ends it (default: who is logged in)")
    action.set_defaults(command=_silences_expire)


def _add_silences_preview(actions: Commands) -> None:
    action = actions.add_parser(
        "preview",
        help="say which firing alerts one would be about",
        description="Print the alerts that fire now and that all matchers agree with.",
        epilog=_SILENCES_EXIT,
    )
    _add_config(action)
    _add_matcher(action)
    action.set_defaults(command=_silences_preview)


def _add_matcher(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--matcher",
        dest="matchers",
        action="append",
        required=True,
        type=_matcher,
        metavar="M",
        help="such as 'severity=\"info\"', 'room_name=~\"class-.*\"'; also != and !~; may be given several times",
    )


def _matcher(text: str) -> str:
    try:
        parse_matchers(text)
    except MatcherError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _duration(text: str) -> str:
    try:
        parse_duration(text)
    except RuleError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _add_canary(commands: Commands) -> None:
    command = commands.add_parser(
        "canary",
        help="make a room, look at it, end it, and say how long each step took",
        description="Make one canary run by hand: create a room that nobody enters, mint a token for it, fetch it, and "
        "complete it.  Nothing stays behind but an ended room in the account's history.",
        epilog="It spends about five requests of the account's quota, and with --compose whatever Twilio charges for a "
        "composition.  Only the daemon hears callbacks: they are not waited for here.  Exit codes: 0 every step went "
        "well, 1 one failed, 2 no such account, 78 wrong configuration.",
    )
    _add_config(command)
    command.add_argument(
        "--account", metavar="AC…", help="which account; default: canary.account_sid, or else the first"
    )
    command.add_argument("--compose", action="store_true", help="also ask for a composition, and delete it again")
    command.set_defaults(command=_canary)


def _add_pseudonym(commands: Commands) -> None:
    command = commands.add_parser(
        "pseudonym",
        help="say under which pseudonym somebody is known",
        description="Print the pseudonym of each identity, a line each, in their order: by it, and by nothing else, "
        "somebody is found in pages, alerts and the database where privacy.identities is pseudonym.",
        epilog="Without an IDENTITY they are read from the input, a line each, which leaves no name in the history of "
        "the shell.  Exit codes: 0 well, 78 wrong configuration, or one by which people are known by their own names.",
    )
    _add_config(command)
    command.add_argument("identities", nargs="*", metavar="IDENTITY", help="as in Twilio's access token")
    command.set_defaults(command=_pseudonym)


def _add_check(commands: Commands) -> None:
    command = commands.add_parser(
        "check-config",
        help="say everything that is wrong with a configuration",
        description="Read a configuration; print every error in it, each with its line and key, or what it holds.",
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.set_defaults(command=_check_config)


def _add_rules(commands: Commands) -> None:
    rules = commands.add_parser(
        "rules",
        help="test rules, or replay them over what is on record",
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
        epilog="T is a date (2026-11-21, from its beginning, UTC) or a time with its zone (2026-11-21T09:00:00+01:00). "
        "See docs/replay.md for what a replay can know.  Exit codes: 0 it is all said, 1 it cannot be, 2 wrong usage, "
        "78 wrong configuration.",
    )
    _add_config(replay)
    replay.add_argument("--from", dest="from_ms", type=_moment, required=True, metavar="T", help="from when on")
    replay.add_argument("--to", dest="to_ms", type=_moment, required=True, metavar="T", help="until when")
    replay.add_argument("--room", default="", metavar="ROOM", help="of one room only, by its SID or name")
    replay.add_argument("--rule", action="append", default=[], metavar="NAME", help="of one rule only; may be repeated")
    replay.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    replay.set_defaults(command=_replay_rules)


def _run(options: argparse.Namespace) -> int:
    config = _configured(options)
    log.set_up(config.log.format, config.log.level)
    return _live(lambda stop: serve(config, stop, lambda: _configured(options)))


def _demo(options: argparse.Namespace) -> int:
    from monitor.demo import SCENARIOS, demo  # noqa: PLC0415 - the simulator is loaded by nothing but the demo

    if options.scenario not in SCENARIOS:
        print(f"roomwatch: expected one of {', '.join(SCENARIOS)}, got {options.scenario!r}", file=sys.stderr)
        return USAGE
    log.set_up("logfmt", "warning")
    return _live(lambda stop: demo(stop, options.scenario, options.seed, options.port, options.public_port))


def _doctor(options: argparse.Namespace) -> int:
    findings = asyncio.run(examine(_configured(options)))
    print(report(findings))
    return FAILED if is_failed(findings) else OK


def _backup(options: argparse.Namespace) -> int:
    database = _database_of(_configured(options))
    on_progress = _show_progress if sys.stderr.isatty() else untold
    copy = back_up(database, options.file, force=options.force, on_progress=on_progress)
    print(f"{copy.file}: a backup of {database}, {in_words(copy.size_bytes)}, schema {copy.schema}, checked")
    return OK


def _show_progress(done_bytes: int, wanted_bytes: int) -> None:
    if wanted_bytes >= PROGRESS_FROM_BYTES:
        said = f"copied {in_words(done_bytes):>8} of {in_words(wanted_bytes)}"
        print(said, end="\r", file=sys.stderr, flush=True)  # whatever is said next is said over it


def _restore(options: argparse.Namespace) -> int:
    database = _database_of(_configured(options))
    restored = restore(options.file, database, datetime.now(UTC))
    size = in_words(restored.size_bytes)
    print(f"{database}: restored from {options.file}, {size}, schema {restored.schema}, checked")
    if restored.aside is not None:
        print(f"What was there is {restored.aside}, with its -wal if it had one; delete it when you miss nothing.")
    print("Start the daemon: it asks Twilio what goes on now.  What browsers told since the backup is not in it.")
    return OK


def _erase(options: argparse.Namespace) -> int:
    config = _configured(options)
    database, pseudonyms = _database_of(config), pseudonyms_of(config.privacy)
    name = sys.stdin.readline().rstrip("\r\n") if options.identity == "-" else options.identity
    # What was stored before they were known by pseudonyms has their own name.
    names = frozenset((name,) if pseudonyms is None else (name, pseudonyms.of(name)))
    erased = asyncio.run(erase_person(config.storage, names, is_dry_run=not options.yes))
    print(*account_of(erased, database, is_dry_run=not options.yes), sep="\n")
    return OK


def _export(options: argparse.Namespace) -> int:
    is_range = options.from_ms is not None or options.to_ms is not None
    try:
        return _export_samples(options) if is_range else _export_call(options)
    except WrongUsage as wrong:
        print(f"roomwatch export: {wrong}; see roomwatch export --help", file=sys.stderr)
        return USAGE


def _export_call(options: argparse.Namespace) -> int:
    if len(options.names) != 2 or options.format or options.room or options.identity:
        raise WrongUsage("expected ROOM and FILE, or --from T --to T and FILE")
    asked, file = options.names[0], Path(options.names[1])
    database = _database_of(_configured(options))
    manifest = export_call(database, asked, file, datetime.now(UTC), redact=options.redact, force=options.force)
    counts = manifest.counts
    print(
        f"{file}: {_called(manifest.room_sid)}, {counts.people} people, {counts.happenings} happenings,"
        f" {counts.media_samples + counts.levels} samples, {in_words(file.stat().st_size)}"
    )
    if not options.redact:
        print("Names and addresses of people are in it; --redact leaves them out.")
    return OK


def _called(room_sid: str | None) -> str:
    return shortened(room_sid) if room_sid else "a room without a SID"


def _export_samples(options: argparse.Namespace) -> int:
    if options.from_ms is None or options.to_ms is None or len(options.names) != 1 or options.redact:
        raise WrongUsage("expected --from T, --to T and one FILE, and no --redact")
    if options.from_ms >= options.to_ms:
        raise WrongUsage("expected --from to be before --to")
    files = files_at(Path(options.names[0]), options.format)
    wanted = Wanted(options.from_ms, options.to_ms, options.room, options.identity)
    written = export_samples(_database_of(_configured(options)), wanted, files, force=options.force)
    print(
        f"{files.media}: {written.media_samples} media samples; {files.levels}: {written.levels} levels;"
        f" {in_words(written.size_bytes)}"
    )
    return OK


def _import(options: argparse.Namespace) -> int:
    config = _configured(options)
    database = _database_of(config)
    room, manifest, added = import_call(options.file, config.storage)
    name = _called(room.sid)
    if not any(added):
        print(f"{database}: all of {name} was there already; nothing was changed")
        return OK
    counts = manifest.counts
    print(
        f"{database}: {name} imported; new are {added.happenings} of {counts.happenings} happenings and {added.samples}"
        f" of {counts.media_samples + counts.levels} samples"
    )
    kept_days = min(config.storage.raw_days, config.storage.history_days)
    if is_too_old(room, datetime.now(UTC), kept_days):
        print(f"It is older than {kept_days:g} days: by storage.raw_days and history_days the daemon drops it again.")
    return OK


def _incidents(options: argparse.Namespace) -> int:
    if options.id is not None:
        life = _asked_of_incidents(options, lambda answers: answers.get(options.id))
        print(*incidents_by_hand.lines_of_life(life), sep="\n")
        return OK
    wanted = IncidentsWanted(is_open_only=options.open, limit=incidents_by_hand.LISTED)
    found = _asked_of_incidents(options, lambda answers: answers.page(wanted))
    for incident in found.incidents:
        print(*incidents_by_hand.lines_of(incident), sep="\n")
    if not found.incidents:
        print("no incidents")
    return OK


def _acknowledge(options: argparse.Namespace) -> int:
    asked = AcknowledgeAsked(getuser() if options.by is None else options.by, "command")
    print(
        *incidents_by_hand.lines_of(_asked_of_incidents(options, lambda a: a.acknowledge(options.id, asked))), sep="\n"
    )
    return OK


def _asked_of_incidents(
    options: argparse.Namespace, question: Callable[[incidents_by_hand.Answers], Awaitable[T]]
) -> T:
    config = _configured(options)
    _database_of(config)

    async def ask() -> T:
        async with incidents_by_hand.whoever_has(config.storage, policy_of(config, links_of(config))) as answers:
            return await question(answers)

    try:
        return asyncio.run(ask())
    except (NoSuchIncident, IncidentOver) as error:
        raise CommandFailed(str(error)) from None


def _silences_list(options: argparse.Namespace) -> int:
    found = _asked_of_silences(options, lambda answers: answers.list(expired=options.expired))
    for silence in found.silences:
        print(*lines_of(silence), sep="\n")
    if not found.silences:
        print("no silences")
    return OK


def _silences_add(options: argparse.Namespace) -> int:
    asked = SilenceAsked(
        matchers=options.matchers,
        author=getuser() if options.author is None else options.author,
        reason=options.reason,
        starts_at_ms=options.from_ms,
        ends_at_ms=options.until_ms,
        lasts=options.lasts or "",
    )
    print(*lines_of(_asked_of_silences(options, lambda answers: answers.add(asked))), sep="\n")
    return OK


def _silences_expire(options: argparse.Namespace) -> int:
    by = getuser() if options.by is None else options.by
    print(*lines_of(_asked_of_silences(options, lambda answers: answers.expire(options.id, by))), sep="\n")
    return OK


def _silences_preview(options: argparse.Namespace) -> int:
    asked = PreviewAsked(options.matchers)
    print(*lines_of_preview(_asked_of_silences(options, lambda answers: answers.preview(asked))), sep="\n")
    return OK


def _asked_of_silences(options: argparse.Namespace, question: Callable[[Answers], Awaitable[T]]) -> T:
    config = _configured(options)
    _database_of(config)

    async def ask() -> T:
        async with whoever_has(config.storage) as answers:
            return await question(answers)

    try:
        return asyncio.run(ask())
    except (SilenceError, NoSuchSilence) as error:
        raise CommandFailed(str(error)) from None


def _dead_letters(options: argparse.Namespace) -> int:
    config = _configured(options)
    database = _database_of(config)
    found = dead_letters(database, options.ids, options.receiver)
    if not options.replay:
        print(*(line_of(entry) for entry in found), sep="\n" if found else "")
        return OK
    replayed = replay(config, [entry.notification.id for entry in found])
    print(
        f"{replayed} of {len(found)} are owed again" + ("" if replayed == len(found) else "; the others are pointless")
    )
    return OK


def _canary(options: argparse.Namespace) -> int:
    config = _configured(options)
    wanted = options.account or config.canary.account_sid
    account = next((each for each in config.accounts if wanted in ("", each.account_sid)), None)
    if account is None:
        known = ", ".join(shortened(each.account_sid) for each in config.accounts) or "none is configured"
        print(f"roomwatch: --account: expected one of the configured accounts ({known})", file=sys.stderr)
        return USAGE
    is_well = asyncio.run(by_hand(config, account, _print_step, compose=options.compose))
    print("Callbacks were not waited for: they arrive at the daemon, not at this command.")
    return OK if is_well else FAILED


def _print_step(seen: CanarySeen) -> None:
    verdict, found = ("fail", seen.error) if seen.seconds is None else ("ok", f"{seen.seconds:.3f} s")
    print(f"{verdict:<4}  {seen.step:<10}  - {found}", flush=True)


def _pseudonym(options: argparse.Namespace) -> int:
    pseudonyms = pseudonyms_of(_configured(options).privacy)
    if pseudonyms is None:
        raise ConfigInvalid(['privacy.identities: expected "pseudonym", got "plain": everybody is known by name'])
    for identity in options.identities or (line.rstrip("\r\n") for line in sys.stdin):
        print(pseudonyms.of(identity))
    return OK


def _check_config(options: argparse.Namespace) -> int:
    config = load(options.file, os.environ)
    print(f"{options.file}: right")
    for what, names in (
        ("accounts", [account.name for account in config.accounts]),
        ("receivers", list(config.notifiers)),
        ("rules", [rule.name for rule in config.rules]),
        ("inhibitions", [inhibition.name for inhibition in config.inhibitions]),
        ("time windows", list(config.time_windows)),
    ):
        print(f"  {what}: {', '.join(names) or 'none'}")
    for warning in warnings_about(config):
        print(f"  warning: {warning}")
    return OK


def _test_rules(options: argparse.Namespace) -> int:
    tested = run_rule_tests(options.files, options.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None))
    print(*tested.lines(), sep="\n")
    return USAGE if tested.faults else FAILED if tested.failures else OK


def _replay_rules(options: argparse.Namespace) -> int:
    if options.from_ms >= options.to_ms:
        print("roomwatch rules replay: expected --from to be before --to", file=sys.stderr)
        return USAGE
    config = _configured(options)
    asked = Asked(options.from_ms, options.to_ms, options.room)
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    replayed = replay_rules(_database_of(config), config, asked, now_ms, options.rule)
    print(*([as_json(replayed)] if options.format == "json" else as_text(replayed)), sep="\n")
    return OK


async def serve(config: Config, stop: asyncio.Event, reread: Callable[[], Config]) -> None:
    """Run a daemon by a configuration until told to stop; SIGHUP has it read anew."""
    daemon = Daemon(config, await open_store(config), reread=reread)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, daemon.reloading.ask)

    def announce() -> None:
        for warning in warnings_about(config):
            print(f"roomwatch: warning: {warning}", file=sys.stderr)
        print(*daemon.addresses(), sep="\n", flush=True)

    await daemon.run(stop, announce)


def _live(life: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    """Run until the first SIGINT or SIGTERM, which stops in order; the second one exits at once."""

    async def until_signalled() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_signal() -> None:
            if stop.is_set():
                os._exit(FAILED)
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal)
        await life(stop)

    # What the start has made stays, and telemetry makes no circles: look for them seldom, and not among what stays.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    failed = False
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(until_signalled())
    except* (OSError, StoreFailed) as group:
        print(f"roomwatch: {_first(group)}", file=sys.stderr)
        failed = True
    return FAILED if failed else OK


def _first(error: BaseException) -> BaseException:
    """Return what went wrong first inside a group of errors."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
