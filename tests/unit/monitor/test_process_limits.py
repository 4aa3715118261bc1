"""How much this process uses, of what."""

import os
from pathlib import Path

import pytest

from monitor.process_limits import ProcessUse, memory_limit_bytes, process_use


def tree(root: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"own/cgroup": "0::/\n", "cg/memory.max": "536870912\n"}, 536_870_912),
        ({"own/cgroup": "0::/a/b\n", "cg/a/b/memory.max": "max\n", "cg/a/memory.max": "1000\n"}, 1000),
        ({"own/cgroup": "0::/a/b\n", "cg/a/b/memory.max": "900\n", "cg/a/memory.max": "1000\n"}, 900),
        ({"own/cgroup": "4:memory:/x\n", "cg/memory/memory.limit_in_bytes": "700\n"}, 700),
        ({"cg/memory/memory.limit_in_bytes": "9223372036854771712\n"}, None),
        ({}, None),
    ],
    ids=["container", "slice above", "nearest", "first version", "first version without", "no groups"],
)
def test_the_least_limit_of_all_groups_counts(tmp_path: Path, files: dict[str, str], limit: int | None) -> None:
    root = tree(tmp_path, files)
    assert memory_limit_bytes(root / "own", root / "cg") == limit


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_file_that_is_opened_is_counted(tmp_path: Path) -> None:
    before = process_use().open_files
    with (tmp_path / "file").open("w"):
        after = process_use()
    assert before is not None
    assert after.open_files == before + 1
    assert after.resident_bytes is not None
    assert after.resident_bytes > os.sysconf("SC_PAGE_SIZE")


def test_where_the_machine_does_not_tell_nothing_is_known(tmp_path: Path) -> None:
    use = process_use(tmp_path / "nowhere", tmp_path / "nowhere")
    assert (use.open_files_ratio, use.memory_ratio) == (None, None)


def test_ratios_are_of_what_may_be_used() -> None:
    use = ProcessUse(open_files=80, open_files_limit=100, resident_bytes=9, memory_limit_bytes=10)
    assert (use.open_files_ratio, use.memory_ratio) == (0.8, 0.9)
