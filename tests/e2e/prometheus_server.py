"""A real Prometheus: started on a port of its own, with a configuration, and asked over its API."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.daemon_process import free_port
from tests.e2e.demos import Demo
from tests.e2e.replicated_demo import SCRAPES
from tests.e2e.tools import HANGS_AFTER_S, ROOT, running, tool

SHIPPED = ROOT / "dashboards" / "prometheus"


class Prometheus:
    """The little of its API that we ask for."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **query: str) -> Any:
        asked = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(asked, timeout=HANGS_AFTER_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            said = error.read().decode()
        raise AssertionError(f"{query}: {said}")

    def query(self, expression: str) -> list[dict[str, Any]]:
        return self.get("/api/v1/query", query=expression)["result"]

    def query_range(self, expression: str, *, last_s: float) -> list[dict[str, Any]]:
        now_s = time.time()
        span = {"start": f"{now_s - last_s}", "end": f"{now_s}", "step": "1"}
        return self.get("/api/v1/query_range", query=expression, **span)["result"]

    def label_values(self, label: str, selector: str) -> list[str]:
        return self.get(f"/api/v1/label/{label}/values", **{"match[]": selector})

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def rules(self) -> list[dict[str, Any]]:
        return [rule for group in self.get("/api/v1/rules")["groups"] for rule in group["rules"]]


def until(holds: Callable[[], Any], what: str, within_s: float = HANGS_AFTER_S) -> Any:
    end = time.monotonic() + within_s
    while not (answer := holds()):
        assert time.monotonic() < end, f"expected {what} within {within_s} s"
        time.sleep(0.25)
    return answer


def configuration(demo: Demo, folder: Path) -> dict[str, Any]:
    """Return the configuration that we ship as an example for what is scraped, at a speed for tests."""
    example = "prometheus.cluster.example.yml" if demo.is_cluster else "prometheus.example.yml"
    shipped: dict[str, Any] = yaml.safe_load((SHIPPED / example).read_text(encoding="utf-8"))
    shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    shipped["rule_files"] = [str(SHIPPED / file) for file in shipped["rule_files"]]
    (job,) = shipped["scrape_configs"]
    of_each, *of_all = job["static_configs"]
    of_each["targets"] = [each.removeprefix("http://") for each in demo.processes]
    for each in of_all:
        each["targets"] = [demo.private.removeprefix("http://")]
    if "authorization" in job:
        token = folder / "token"
        token.write_text(SCRAPES, encoding="utf-8")
        job["authorization"]["credentials_file"] = str(token)
    return shipped


@contextmanager
def scraping(demo: Demo, folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the demo every second, keeps exemplars, and has our rules."""
    program, port = tool("prometheus"), free_port()
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration(demo, folder)), encoding="utf-8")
    command = [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=error",
    ]
    with running(command) as process:
        it = Prometheus(f"http://127.0.0.1:{port}")
        until(lambda: it.is_ready() or process.poll() is not None, "Prometheus to be ready")
        assert process.poll() is None, process.stdout.read()
        until(lambda: it.query('count_over_time(up{job="roomwatch"}[1m]) > 5'), "some scrapes")
        yield it
