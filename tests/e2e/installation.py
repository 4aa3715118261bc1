"""What do these tests have before them where they ask for a daemon?

A daemon on its file; or, with ROOMWATCH_E2E_ON=cluster, two replicas on databases of their own, and nginx at the
addresses that the daemon would have.  Tests are told where it is reached and what has to be started, and cannot tell.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.daemon_process import free_port, write_config
from tests.e2e.balancer import balanced
from tests.e2e.servers import ON_CLUSTER, SERVERS, Databases, aside, asked

REPLICAS = 2
_OF_A_FILE = {"path", "synchronous", "reserve_bytes"}
_HERE = "127.0.0.1"

Settings = Mapping[str, Any]


class Installed(NamedTuple):
    """What is to be started, and where it listens itself."""

    config: Path
    public: str
    private: str


class Installation(NamedTuple):
    """One daemon with its file, or several replicas with `databases` of theirs in its place."""

    public: str
    private: str
    processes: Sequence[Installed]
    file: Path
    databases: Databases | None

    @property
    def expositions(self) -> Sequence[str]:
        """The pages of metrics that together say everything, none of which asks for a login on this machine."""
        return expositions([each.private for each in self.processes], is_cluster=self.databases is not None)

    def asked(self, question: str) -> Sequence[Any]:
        """Return what the file answers, or PostgreSQL, in SQL that both understand."""
        if self.databases is not None:
            return aside(asked(self.databases["postgres"], question))
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as db:
            return db.execute(question).fetchall()


def expositions(private: Sequence[str], *, is_cluster: bool) -> Sequence[str]:
    """Return the pages of metrics of processes at these addresses."""
    return [*(f"{each}/metrics" for each in private), *([f"{private[0]}/metrics/fleet"] if is_cluster else [])]


@contextmanager
def installed(folder: Path, settings: Settings) -> Iterator[Installation]:
    """Have everything there but what is to be started, by the settings of one daemon.

    Ports may be left out of them; where the two listeners are is said by what is given.
    """
    if ON_CLUSTER:
        with replicated(folder, settings, SERVERS.databases()) as installation:
            yield installation
    else:
        yield _single(folder, settings)


def _single(folder: Path, settings: Settings) -> Installation:
    public, private = _port(settings, "public"), _port(settings, "private")
    told = {**settings, "public": {**settings.get("public", {}), "port": public}}
    told["private"] = {**settings.get("private", {}), "port": private}
    file = folder / "roomwatch.db"
    told["storage"] = {"path": str(file), **settings.get("storage", {})}
    here = Installed(write_config(folder / "config.toml", told), _url(public), _url(private))
    return Installation(here.public, here.private, [here], Path(told["storage"]["path"]), None)


@contextmanager
def replicated(folder: Path, settings: Settings, databases: Databases) -> Iterator[Installation]:
    """Have replicas in the place of one daemon: at its ports there is a balancer."""
    public, private = _port(settings, "public"), _port(settings, "private")
    processes = [_replica(folder, number, settings, databases) for number in range(REPLICAS)]
    doors = [
        (public, [_place(each.public) for each in processes]),
        (private, [_place(each.private) for each in processes]),
    ]
    with balanced(folder / "balancer", doors):
        yield Installation(_url(public), _url(private), processes, folder / "no file", databases)


def _replica(folder: Path, number: int, settings: Settings, databases: Databases) -> Installed:
    name, public, private = f"replica-{number}", free_port(), free_port()
    told = as_replica(settings, databases, name, public, private)
    return Installed(write_config(folder / f"{name}.toml", told), _url(public), _url(private))


def as_replica(settings: Settings, databases: Databases, name: str, public: int, private: int) -> dict[str, Any]:
    """Return what is said of one daemon, as it is said of a replica at ports of its own."""
    storage = {key: each for key, each in settings.get("storage", {}).items() if key not in _OF_A_FILE}
    return {
        **settings,
        "public": {**_behind_balancer(settings, "public"), "port": public},
        "private": {**_behind_balancer(settings, "private"), "port": private},
        "storage": storage,
        "cluster": {**databases, "replica": name},
    }


def _behind_balancer(settings: Settings, door: str) -> dict[str, Any]:
    told = settings.get(door, {})
    return {**told, "trusted_proxies": sorted({*told.get("trusted_proxies", ()), f"{_HERE}/32"})}


def _port(settings: Settings, door: str) -> int:
    return settings.get(door, {}).get("port") or free_port()


def _url(port: int) -> str:
    return f"http://{_HERE}:{port}"


def _place(url: str) -> str:
    return url.removeprefix("http://")
