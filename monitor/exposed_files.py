"""May others on this machine read what is a secret, or who was in a call?

Others are whoever is neither the owner of a file nor in its group, and can get to it: all folders above it let them
pass.  The group is let in on purpose: `root:roomwatch` with mode 0640 is how a file is owned by one and read by the
other, and how an orchestrator hands files to a user that it does not know.

A file on a file system that is mounted read-only was put there by whoever runs this process, as secrets of containers
are, with whichever mode: nobody can change that from here, and inside there is nobody else.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_IROTH, S_ISVTX, S_IWOTH, S_IXOTH

from monitor.config import Config, ConfigInvalid


def refuse_exposed(file: Path | None, config: Config) -> Config:
    """Return the configuration, if the secrets in its files are secrets.

    Raises:
        ConfigInvalid: others can read them; with what to do.
    """
    faults = list(exposed_secrets(file, config))
    if faults:
        raise ConfigInvalid(faults)
    return config


def exposed_secrets(file: Path | None, config: Config) -> Iterator[str]:
    """Find the files with secrets that others can read, and say of each what to do."""
    if file is not None and config.inline_secrets and _is_readable_by_others(file):
        yield _fault(file, f"the secret {_dotted(config.inline_secrets[0])} is in it")
    for name in dict.fromkeys(config.secret_files):
        if _is_readable_by_others(Path(name)):
            yield _fault(Path(name), "it is a secret")


def exposed_database(database: Path) -> Iterator[str]:
    """Find what lets others at a database, and say of each what to do: the daemon makes its own files for itself."""
    beside = (database.with_name(database.name + end) for end in ("", "-wal", "-shm"))
    for file in beside:
        if _is_readable_by_others(file):
            yield f"{file}: others on this machine can read it, and it says who was in which call; chmod 600 {file}"
    folder = database.resolve().parent
    with suppress(OSError):
        mode = folder.stat().st_mode
        if mode & S_IWOTH and not mode & S_ISVTX and _lets_others_in(folder):
            yield f"{folder}: others on this machine can put files in the place of the database; chmod o-w {folder}"


def _fault(file: Path, why: str) -> str:
    mode = file.stat().st_mode & 0o777
    return (
        f"{file}: expected that only its owner and group can read it, since {why}, got mode {mode:o}; chmod o-r {file}"
    )


def _is_readable_by_others(file: Path) -> bool:
    try:
        real = file.resolve(strict=True)
        is_open = bool(real.stat().st_mode & S_IROTH) and not os.statvfs(real).f_flag & os.ST_RDONLY
    except OSError:
        return False
    return is_open and _lets_others_in(real.parent)


def _lets_others_in(folder: Path) -> bool:
    """Whether every folder down to this one lets others pass."""
    return all(each.stat().st_mode & S_IXOTH for each in (folder, *folder.parents))


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)
