"""Who else can read what is a secret."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config import Config, ConfigInvalid, load
from monitor.exposed_files import exposed_database, exposed_secrets, refuse_exposed

TOKEN = 'access_token = "a-token-that-is-long-enough"'


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can get to, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def written(file: Path, text: str, mode: int) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def configured(folder: Path, mode: int, text: str = f"[private]\n{TOKEN}\n") -> tuple[Path, Config]:
    file = written(folder / "config.toml", text, mode)
    return file, load(file, {})


def test_a_file_with_a_secret_that_everybody_can_read_is_refused_with_what_to_do(folder: Path) -> None:
    file, config = configured(folder, 0o644)
    with pytest.raises(ConfigInvalid) as refused:
        refuse_exposed(file, config)
    (said,) = refused.value.errors
    assert "since the secret private.access_token is in it, got mode 644" in said
    assert said.endswith(f"chmod o-r {file}")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o440])
def test_owner_and_group_may_read_it(folder: Path, mode: int) -> None:
    file, config = configured(folder, mode)
    assert refuse_exposed(file, config) is config


def test_a_file_without_a_secret_is_anybodys_to_read(folder: Path) -> None:
    file, config = configured(folder, 0o644, "[private]\nport = 0\n")
    assert list(exposed_secrets(file, config)) == []


def test_a_file_that_holds_one_secret_is_looked_at_too(folder: Path) -> None:
    token = written(folder / "token", "a-token-that-is-long-enough", 0o604)
    file, config = configured(folder, 0o644, f'[private]\naccess_token_file = "{token}"\n')
    assert [line.partition(":")[0] for line in exposed_secrets(file, config)] == [str(token)]


def test_what_nobody_else_can_get_to_is_not_exposed(folder: Path) -> None:
    file, config = configured(folder, 0o644)
    folder.chmod(0o750)
    assert list(exposed_secrets(file, config)) == []


def test_a_file_that_is_gone_meanwhile_is_somebody_elses_complaint(folder: Path) -> None:
    _, config = configured(folder, 0o600)
    assert list(exposed_secrets(folder / "gone", replace(config, secret_files=("/nowhere/at/all",)))) == []


def test_a_database_that_others_can_read_or_replace_is_told_of(folder: Path) -> None:
    database = written(folder / "roomwatch.db", "", 0o644)
    folder.chmod(0o777)
    readable, replaceable = exposed_database(database)
    assert readable.endswith(f"chmod 600 {database}")
    assert replaceable.endswith(f"chmod o-w {folder}")
    database.chmod(0o600)
    folder.chmod(0o1777)
    assert list(exposed_database(database)) == []
