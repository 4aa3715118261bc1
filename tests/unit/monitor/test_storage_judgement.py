"""What the doctor makes of a database as it was found."""

from monitor.doctor.findings import Verdict
from monitor.doctor.storage_judgement import (
    judge_database,
    judge_disk,
    judge_integrity,
    judge_mode,
    judge_saving,
    judge_schema,
    judge_wal,
)

OK, WARN, FAIL = Verdict
NOW_S = 1_800_000_000.0
GB = 10**9


def test_who_has_the_database_is_said() -> None:
    assert judge_database("a.db", 2 * GB, GB, "process 7").found == "a.db, 2 GB, 1 GB of it free; process 7 has it"
    assert judge_database("a.db", 2 * GB, 0, None).found == "a.db, 2 GB; no daemon has it"


def test_an_older_schema_is_no_fault_but_what_will_happen_is_said() -> None:
    finding = judge_schema(3, 4, "a.db.schema-3.bak")
    assert finding.verdict is OK
    assert "the next start makes it 4, and keeps the file as it was as a.db.schema-3.bak" in finding.found


def test_a_check_that_was_cut_short_proves_nothing() -> None:
    assert [judge_integrity(faults, 20).verdict for faults in (None, [], ["page 7 is never used"])] == [WARN, OK, FAIL]


def test_only_the_owner_may_open_it() -> None:
    assert [judge_mode(mode, "a.db").verdict for mode in (0o600, 0o400, 0o640, 0o604)] == [OK, OK, WARN, WARN]


def test_a_log_that_does_not_begin_anew_is_told() -> None:
    assert [judge_wal(size).verdict for size in (0, 17_000_000, GB)] == [OK, OK, WARN]


def test_a_picture_that_is_not_saved_is_told_only_while_a_daemon_ought_to_save_it() -> None:
    old_ms = int((NOW_S - 3600) * 1000)
    assert judge_saving(0, None, NOW_S, is_held=True).verdict is OK
    assert judge_saving(5, int((NOW_S - 30) * 1000), NOW_S, is_held=True).verdict is OK
    assert judge_saving(5, old_ms, NOW_S, is_held=True).verdict is WARN
    assert "the first is 60 minutes old" in judge_saving(5, old_ms, NOW_S, is_held=True).found
    assert judge_saving(5, old_ms, NOW_S, is_held=False).verdict is OK


def test_a_disk_should_have_room_for_a_copy_of_the_database() -> None:
    reserve = 32_000_000
    free = (40_000_000, 900_000_000, 4 * GB, 6 * GB)
    assert [judge_disk(each, 5 * GB, reserve).verdict for each in free] == [FAIL, WARN, WARN, OK]
