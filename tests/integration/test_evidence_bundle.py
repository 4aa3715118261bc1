"""Is a call the same wherever its bundle is put, and is whatever is no bundle refused with nothing changed?"""

import asyncio
import hashlib
import io
import json
import sqlite3
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from monitor.app import Daemon
from monitor.bundle.layout import FORMAT
from monitor.commands.options import CONFIG, FAILED, OK, USAGE
from monitor.config import load
from monitor.opening import open_store
from monitor.packing import unpack
from monitor.store.keeping import DAY_MS, Keeping
from monitor.store.sqlite import SqliteStore
from tests.builders import INGEST_KEY, ROOM, post, quality
from tests.daemon_process import DaemonProcess, environment, free_port
from tests.evidence import (
    ALICE_S,
    BEGAN_MS,
    BOB_S,
    DAVE_S,
    ENDED_MS,
    MINUTE_MS,
    NAME,
    NAMES,
    TOKEN,
    configured,
    database_of,
    ran,
    recorded,
    settled,
)

SPAN = f"from={BEGAN_MS - MINUTE_MS}&to={ENDED_MS + MINUTE_MS}"
QUESTIONS = (
    f"/rooms/{ROOM}",
    f"/rooms/{NAME}?{SPAN}&points=5000",
    f"/rooms/{ROOM}/samples?participant={ALICE_S}&{SPAN}",
    f"/rooms/{ROOM}/samples?participant={DAVE_S}&{SPAN}",
    "/rooms?text=acme",
    f"/rooms?text={DAVE_S}",
    f"/rooms/{ROOM}/verdict",
)


def answers(config: Path, questions: Sequence[str] = QUESTIONS) -> list[Any]:
    """Return what a daemon on a database answers."""
    return asyncio.run(_asked(config, questions))


async def _asked(config: Path, questions: Sequence[str]) -> list[Any]:
    settings = load(config, {})
    daemon = Daemon(settings, await open_store(settings))
    stop, started = asyncio.Event(), asyncio.Event()
    life = asyncio.create_task(daemon.run(stop, started.set))
    await asyncio.wait_for(started.wait(), 60)
    assert daemon.doors.private is not None
    base = f"http://127.0.0.1:{daemon.doors.private.port}/api/v1"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as http:
        said = []
        for question in questions:
            async with http.get(base + question) as response:
                assert response.status == 200, await response.text()
                said.append(await response.json())
    stop.set()
    await life
    return said


def exported(config: Path, file: Path, *options: str) -> Path:
    assert ran("export", ROOM, file, "--config", config, *options) == OK
    return file


def imported(file: Path, folder: Path) -> Path:
    config = configured(folder)
    assert ran("import", file, "--config", config) == OK
    return config


def contents(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def packed(file: Path, members: Mapping[str, bytes], /, **manifest: Any) -> Path:
    """Write a bundle of these files, with their true hashes unless the manifest is given otherwise."""
    members = dict(members)
    told = json.loads(members.pop("manifest.json"))
    hashes = {
        name: {"size_bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()} for name, body in members.items()
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, body in members.items():
            bundle.writestr(name, body)
        bundle.writestr("manifest.json", json.dumps({**told, "members": hashes, **manifest}))
    return file


def dump(database: Path) -> list[str]:
    """Return all that is in a database, but who asked for what."""
    with closing(sqlite3.connect(database)) as connection:
        return [line for line in connection.iterdump() if '"audit"' not in line and "'audit'" not in line]


# --- there and back ---


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the call in it, settled."""
    return recorded(tmp_path_factory.mktemp("origin"))


@pytest.fixture(scope="module")
def bundle(origin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(origin, tmp_path_factory.mktemp("bundle") / "call.zip")


@pytest.mark.parametrize("is_settled", [False, True], ids=["in the log", "settled"])
def test_a_call_is_the_same_where_it_is_imported(tmp_path: Path, is_settled: bool) -> None:
    here = recorded(tmp_path / "here", is_settled=is_settled)
    file = exported(here, tmp_path / "call.zip")
    there = imported(file, tmp_path / "there")
    wanted = answers(here)
    assert len(wanted[0]["people"]) == 3, "the call is not what this test is about"
    assert len(wanted[0]["alerts"]) == 2
    assert {each["kind"] for each in wanted[0]["happenings"]} > {"feedback", "preflight", "connection", "track-added"}
    assert answers(there) == wanted
    settled(there)
    assert answers(there) == wanted
    again = exported(there, tmp_path / "again.zip")
    assert {**contents(again), "README.txt": b"", "manifest.json": b"", "call.json": b""} == {
        **contents(file),
        "README.txt": b"",
        "manifest.json": b"",
        "call.json": b"",
    }


def test_a_second_import_changes_nothing(
    bundle: Path, origin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = imported(bundle, tmp_path / "there")
    before = dump(database_of(there))
    capsys.readouterr()
    assert ran("import", bundle, "--config", there) == OK
    assert "was there already; nothing was changed" in capsys.readouterr().out
    assert dump(database_of(there)) == before
    ours = dump(database_of(origin))
    assert ran("import", bundle, "--config", origin) == OK
    assert dump(database_of(origin)) == ours, "where it came from it was there already, too"


def test_only_what_is_missing_is_added(bundle: Path, origin: Path, tmp_path: Path) -> None:
    there = imported(bundle, tmp_path / "there")
    with closing(sqlite3.connect(database_of(there))) as connection, connection:
        connection.execute("DELETE FROM chunks WHERE id % 2")
        connection.execute("DELETE FROM events WHERE id % 3 = 0")
        connection.execute("DELETE FROM transitions WHERE id = 1")
        connection.execute("DELETE FROM participants")
    assert answers(there, QUESTIONS[:1]) != answers(origin, QUESTIONS[:1])
    assert ran("import", bundle, "--config", there) == OK
    assert in_any_order(answers(there)) == in_any_order(answers(origin))


def in_any_order(said: list[Any]) -> list[Any]:
    """Return answers with what happened at one moment in an order of its own: what is added later comes last."""
    for each in said:
        for name in ("happenings", "alerts"):
            each.get(name, []).sort(key=lambda told: json.dumps(told, sort_keys=True))
    return said


def test_a_part_of_what_somebody_measured_is_completed_and_not_doubled(tmp_path: Path) -> None:
    here = recorded(tmp_path / "here", is_settled=False)
    file = exported(here, tmp_path / "call.zip")
    with closing(sqlite3.connect(database_of(here))) as connection, connection:
        connection.execute("DELETE FROM ingest_log WHERE id BETWEEN 20 AND 90")
    there = answers(imported(file, tmp_path / "there"))
    assert answers(here, QUESTIONS[1:4]) != there[1:4]
    assert ran("import", file, "--config", here) == OK
    assert answers(here, QUESTIONS[1:4]) == there[1:4]


def test_a_call_that_goes_on_is_imported_as_one_that_is_over(tmp_path: Path) -> None:
    here = recorded(tmp_path / "here", is_settled=False, is_over=False)
    answers(here, ["/live"])  # a daemon saves what it shows when it stops
    there = imported(exported(here, tmp_path / "call.zip"), tmp_path / "there")
    questions = [QUESTIONS[1], "/live"]
    (wanted, live), (shown, nobody) = answers(here, questions), answers(there, questions)
    assert shown == wanted
    assert (shown["status"], len(live["rooms"]), nobody["rooms"]) == ("in-progress", 1, [])
    assert live["compositions"]
    assert not nobody["compositions"], "somebody would be paged for it"


def test_what_is_imported_is_dropped_in_its_turn(bundle: Path, tmp_path: Path) -> None:
    there = configured(tmp_path / "there")
    answers(there, ["/rooms"])  # a daemon was here, and has dropped what there was
    assert ran("import", bundle, "--config", there) == OK
    with closing(sqlite3.connect(database_of(there))) as connection:
        ((dropped_ms, ended_ms),) = connection.execute("SELECT dropped_ms, min(to_ms) FROM checkpoint, series")
    assert dropped_ms < ended_ms


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("is_over", [False, True])
def test_who_it_was_is_forgotten_of_what_is_imported_as_of_all_else(
    tmp_path: Path, is_over: bool, is_sealed: bool
) -> None:
    file = exported(recorded(tmp_path / "here", is_over=is_over), tmp_path / "call.zip")
    members = contents(file)
    changed("call.json", lambda told: told["room"].update(is_sealed=is_sealed))(members)
    for sentence in (f"{ALICE_S} is bad", f"cannot compose {ALICE_S}"):  # they go with the rest of their row
        members = {name: body.replace(sentence.encode(), b"") for name, body in members.items()}
    there = imported(packed(tmp_path / "call.zip", members), tmp_path / "there")

    async def forget() -> None:
        store = await SqliteStore.open(database_of(there))
        await store.retain(ENDED_MS + 2 * DAY_MS, Keeping(identities_days=1, addresses_days=1))
        await store.close()

    assert known_in(database_of(there), ALICE_S, "dave d", "203.0.113.0/24")
    asyncio.run(forget())
    assert known_in(database_of(there), ALICE_S, "dave d", "203.0.113.0/24") == []


def known_in(database: Path, *names: str) -> list[str]:
    """Return which of these are in what the database holds, unpacked."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        values = [value for name in tables for row in connection.execute(f"SELECT * FROM {name}") for value in row]
        rooms = [unpack(body) for (body,) in connection.execute("SELECT body FROM rooms")]
    held = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in [*values, *rooms])
    return [name for name in names if name.encode() in held]


def test_whoever_keeps_little_is_told_that_an_old_call_will_not_stay(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    storage = {"path": str(tmp_path / "there" / "roomwatch.db"), "raw_days": 0.0001, "reserve_bytes": 0}
    there = configured(tmp_path / "there", storage=storage)
    old = {**contents(bundle)}
    record = json.loads(old["call.json"])
    record["room"]["ended_at_ms"] = 1_600_000_000_000
    old["call.json"] = json.dumps(record).encode()
    assert ran("import", packed(tmp_path / "old.zip", old), "--config", there) == OK
    assert "the daemon drops it again" in capsys.readouterr().out


# --- what is in it ---


def test_a_bundle_is_for_its_owner_and_can_be_looked_into(bundle: Path) -> None:
    assert bundle.stat().st_mode & 0o777 == 0o600
    files = contents(bundle)
    samples = [f"samples/{number:04}.{kind}.csv" for number in (1, 2, 3) for kind in ("media", "levels")]
    assert sorted(files) == sorted(
        ["README.txt", "call.json", "happenings.jsonl", "happenings-by-name.jsonl", "manifest.json", *samples]
    )
    manifest = json.loads(files["manifest.json"])
    assert (manifest["format"], manifest["room_sid"], manifest["room_name"]) == (FORMAT, ROOM, NAME)
    assert (manifest["created_at"], manifest["ended_at"]) == ("2026-11-21T09:00:00.000Z", "2026-11-21T10:00:00.000Z")
    assert manifest["counts"]["media_samples"] == 120
    assert manifest["counts"]["levels"] == 180
    happened = files["happenings.jsonl"].splitlines(), files["happenings-by-name.jsonl"].splitlines()
    assert manifest["counts"]["happenings"] == sum(map(len, happened))
    assert [json.loads(each)["participant"] for each in happened[1]] == ["identity:erin"]
    for name, told in manifest["members"].items():
        assert told == {"size_bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
    head, first, *_ = files["samples/0001.media.csv"].decode().splitlines()
    assert head.startswith(
        "participant,at,interval_ms,rtt_ms,up_loss_ratio,up_jitter_ms,up_bitrate_bps,up_fps,up_width_px"
    )
    assert first.split(",")[1:9] == [
        "2026-11-21T09:00:00.000Z",
        "10000",
        "50",
        "0.0123",
        "4.5",
        "812300",
        "24.5",
        "640",
    ]
    assert NAME in files["README.txt"].decode()


def test_a_call_is_exported_by_its_name_and_replaced_only_by_force(
    origin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "call.zip"
    assert ran("export", NAME, file, "--config", origin) == OK
    assert "Names and addresses of people are in it" in capsys.readouterr().out
    before = file.read_bytes()
    assert ran("export", NAME, file, "--config", origin) == FAILED
    assert "--force replaces it" in capsys.readouterr().err
    assert file.read_bytes() == before
    assert ran("export", ROOM, file, "--config", origin, "--force") == OK
    assert [each.name for each in tmp_path.iterdir()] == ["call.zip"]


def test_what_cannot_be_exported_is_told(origin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("export", "RM0", tmp_path / "x.zip", "--config", origin) == FAILED
    assert "room: expected the SID or name of a room on record, got 'RM0'" in capsys.readouterr().err
    assert ran("export", ROOM, database_of(origin), "--config", origin, "--force") == FAILED
    assert "expected another file than the database itself" in capsys.readouterr().err
    nothing = configured(tmp_path / "nothing")
    assert ran("export", ROOM, tmp_path / "x.zip", "--config", nothing) == FAILED
    assert "expected a database, got nothing" in capsys.readouterr().err
    in_memory = configured(tmp_path / "memory", storage={"path": ":memory:"})
    assert ran("export", ROOM, tmp_path / "x.zip", "--config", in_memory) == CONFIG
    assert ran("export", ROOM, "--config", origin) == USAGE
    assert not (tmp_path / "x.zip").exists()


def test_a_redacted_bundle_names_nobody_and_is_one_all_the_same(origin: Path, tmp_path: Path) -> None:
    file = exported(origin, tmp_path / "call.zip", "--redact")
    for name, body in contents(file).items():
        for secret in (*NAMES, f'"{BOB_S}"', f"identity:{BOB_S}", "erin", "c:alice"):
            assert secret.encode() not in body, (name, secret)
            assert json.dumps(secret)[1:-1].encode() not in body, (name, secret)
    (call,) = answers(imported(file, tmp_path / "there"), [f"/rooms/{ROOM}?{SPAN}"])
    (real,) = answers(origin, [f"/rooms/{ROOM}?{SPAN}"])
    assert [each["lane"] for each in call["people"]] == [each["lane"] for each in real["people"]]
    pseudonyms = [each["identity"] for each in call["people"]]
    assert len({*pseudonyms}) == 3
    assert all(each.startswith("p-") for each in [*pseudonyms, call["room_name"]])
    assert [each["kind"] for each in call["happenings"]] == [each["kind"] for each in real["happenings"]]
    other = json.loads(contents(exported(origin, tmp_path / "other.zip", "--redact"))["manifest.json"])
    assert other["room_name"] != call["room_name"], "two bundles could be compared"


# --- with a daemon ---


async def test_a_call_is_exported_under_a_daemon_up_to_its_last_post_and_not_imported_under_one(
    tmp_path: Path, bundle: Path
) -> None:
    port = free_port()
    config = configured(tmp_path, public={"port": port})
    async with AsyncExitStack() as stack:
        daemon = await DaemonProcess.start(config)
        stack.push_async_callback(daemon.kill)
        url, headers = f"http://127.0.0.1:{port}/v1/telemetry", {"Authorization": f"Bearer {INGEST_KEY}"}
        async with aiohttp.ClientSession() as http:
            for seq in range(3):
                body = post(quality(3), session="s", seq=seq)
                async with http.post(url, json=body, headers=headers) as answer:
                    assert answer.status == 202
        file = tmp_path / "call.zip"
        code, said = await command("export", body["room_sid"], file, "--config", config)
        assert (code, "3 samples" in said) == (OK, True), said
        assert json.loads(contents(file)["manifest.json"])["counts"]["people"] == 1
        before = database_of(config).read_bytes()
        code, said = await command("import", bundle, "--config", config)
        assert code == FAILED
        assert f"process {daemon.pid} has it; stop that daemon first" in said
        assert database_of(config).read_bytes() == before


async def command(*arguments: object) -> tuple[int, str]:
    """Run a command in a process of its own."""
    ran_command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "monitor", *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )
    said, _ = await asyncio.wait_for(ran_command.communicate(), 60)
    return ran_command.returncode or 0, said.decode()


# --- what is no bundle ---

Members = dict[str, bytes]


def refused(file: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Try to import a file into a database with something in it; return why it is refused, with nothing changed."""
    config = configured(folder)
    answers(config, ["/rooms"])
    before = dump(database_of(config))
    capsys.readouterr()
    assert ran("import", file, "--config", config) == FAILED
    assert dump(database_of(config)) == before
    return capsys.readouterr().err


def changed(name: str, change: Callable[[Any], object]) -> Callable[[Members], None]:
    """Return what changes a JSON file in a bundle."""

    def apply(members: Members) -> None:
        told = json.loads(members[name])
        change(told)
        members[name] = json.dumps(told).encode()

    return apply


def line(name: str, text: bytes) -> Callable[[Members], None]:
    def apply(members: Members) -> None:
        members[name] += text

    return apply


OTHER_ROOM = "RM" + "e" * 32
HAPPENED = b'{"at": "", "at_ms": %d, "kind": "x", "source": "poll", "participant": "", "body": %s}\n'
MEDIA = "samples/0001.media.csv"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changed("manifest.json", lambda told: told.update(format=FORMAT + 1)), "or older, got 2; upgrade Roomwatch"),
        (changed("manifest.json", lambda told: told.update(kind="else")), "expected a bundle of kind roomwatch-call"),
        (changed("manifest.json", lambda told: told.pop("counts")), "manifest.json: expected what a bundle holds"),
        (changed("call.json", lambda told: told.pop("room")), "call.json: expected what a bundle holds"),
        (changed("call.json", lambda told: told["room"].update(key="x")), "room.key: expected RM… or name:…"),
        (
            changed(
                "call.json", lambda told: [each.update(room_key=OTHER_ROOM) for each in told["room"]["left"].values()]
            ),
            "people: expected those of this room",
        ),
        (changed("call.json", lambda told: told["recordings"][0].update(room_sid=OTHER_ROOM)), "got others"),
        (
            changed("call.json", lambda told: told["alerts"][0]["transition"].update(entity=OTHER_ROOM)),
            "alerts: expected those about this call",
        ),
        (
            changed("call.json", lambda told: told["measured"][0]["series"].update(room=OTHER_ROOM)),
            "measured: expected who was in this room",
        ),
        (
            changed("call.json", lambda told: told["measured"][0]["series"].update(participant="")),
            "measured: expected participants by SID",
        ),
        (
            changed("call.json", lambda told: told["measured"][0].update(media_file="/etc/passwd")),
            "measured: expected samples/0001.media.csv, got '/etc/passwd'",
        ),
        (
            changed("call.json", lambda told: told["room"].update(created_at_ms=2**63)),
            "expected numbers that the database",
        ),
        (line("happenings.jsonl", b"{}\n"), "happenings.jsonl:"),
        (line("happenings.jsonl", HAPPENED % (1, b"{}")), "expected lines in the order of time"),
        (line("happenings.jsonl", HAPPENED % (4_190_000_000_000, b"[" * 100_000)), "expected what a bundle holds"),
        (line("happenings.jsonl", b" " * 5_000_000), "expected lines of at most 4 MB"),
        (line(MEDIA, b"nonsense\r\n"), f"{MEDIA}, samples/0001.levels.csv: expected 19 columns, got 0"),
        (line(MEDIA, b'"open'), f"{MEDIA}: expected CSV: unexpected end of data"),
        (lambda members: members.update({MEDIA: b"a,b\r\n"}), f"{MEDIA}: expected the columns participant, at"),
        (lambda members: members.pop(MEDIA), MEDIA),
        (lambda members: members.update({"../../evil": b""}), "expected names such as call.json, got '../../evil'"),
        (lambda members: members.update({"/etc/cron.d/x": b""}), "expected names such as call.json"),
    ],
)
def test_what_is_wrong_in_a_bundle_is_told_and_nothing_is_changed(
    bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Members], object],
    expected: str,
) -> None:
    members = contents(bundle)
    change(members)
    said = refused(packed(tmp_path / "bad.zip", members), tmp_path / "there", capsys)
    assert said.startswith(f"roomwatch: {tmp_path / 'bad.zip'}: ")
    assert expected in said


def test_a_bundle_whose_files_are_not_as_they_were_written_is_refused(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    members = contents(bundle)
    true = json.loads(members["manifest.json"])["members"]
    members["call.json"] = members["call.json"].replace(b"alice", b"carol")
    file = packed(tmp_path / "bad.zip", members, members=true)
    assert "call.json: expected it as it was written" in refused(file, tmp_path / "there", capsys)


def test_a_damaged_file_is_refused_wherever_it_is_damaged(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = bundle.read_bytes()
    for number, place in enumerate(range(10, len(whole), len(whole) // 25)):
        file = tmp_path / f"{number}.zip"
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        config = configured(tmp_path / "there")
        assert ran("import", file, "--config", config) in (FAILED, OK)
        if database_of(config).exists():  # what was hit is in no file, such as a time
            database_of(config).unlink()
        file.write_bytes(whole[:place])
        assert ran("import", file, "--config", config) == FAILED
        assert not database_of(config).exists()
    assert "Traceback" not in capsys.readouterr().err


def test_what_is_something_else_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    for body in (b"", b"hello", b"PK" * 10_000, bytes(100_000)):
        file.write_bytes(body)
        assert "expected a bundle, got another kind of file" in refused(file, tmp_path / "there", capsys)
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("photo.jpg", b"")
    assert "expected manifest.json in it, got a zip file without" in refused(file, tmp_path / "there", capsys)
    assert "No such file" in refused(tmp_path / "nowhere.zip", tmp_path / "there", capsys)


def test_bombs_are_not_unpacked(tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bomb.zip"
    bombs: list[tuple[Callable[[], None], str]] = [
        (lambda: _many(file, 25_000), "expected a zip file of at most 20000 files"),
        (lambda: _lying(file, bundle), "expected at most 8.59 GB unpacked"),
        (lambda: _large_manifest(file), "manifest.json: expected at most 8 MB, got 9 MB"),
        (lambda: _twice(file), "expected each file once, got 'manifest.json' twice"),
        (lambda: _in_another_way(file), "expected it deflated and not encrypted"),
    ]
    for make, expected in bombs:
        make()
        assert expected in refused(file, tmp_path / "there", capsys)


def _many(file: Path, count: int) -> None:
    with zipfile.ZipFile(file, "w") as zipped:
        for number in range(count):
            zipped.writestr(str(number), b"")


def _lying(file: Path, bundle: Path) -> None:
    """Write a bundle whose list claims that its files are gigabytes."""
    body = bytearray(bundle.read_bytes())
    at = body.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<L", body, at + 24, 3_000_000_000)
        at = body.find(b"PK\x01\x02", at + 4)
    file.write_bytes(body)


def _large_manifest(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", bytes(9_000_000))


def _twice(file: Path) -> None:
    both = io.BytesIO()
    with zipfile.ZipFile(both, "w") as zipped:
        zipped.writestr("manifest.json", b"{}")
        zipped.writestr("manifest.jsox", b"{}")
    file.write_bytes(both.getvalue().replace(b"jsox", b"json"))


def _in_another_way(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as zipped:
        zipped.writestr("manifest.json", b"{}")
