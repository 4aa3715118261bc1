"""Which files in docs/ follow from the code, and what is in each?"""

from collections.abc import Callable, Mapping
from pathlib import Path

from collectors import error_codes, telemetry_schema
from docs.writing import (
    alert_table,
    capacity,
    command_line,
    config_schema,
    configuration,
    environment,
    example,
    http_api,
)
from monitor.http import openapi

FOLDER = Path(__file__).parents[1]
EXAMPLE = FOLDER.parent / "config.example.toml"


def _example() -> example.Example:
    return example.read(EXAMPLE.read_text(encoding="utf-8"))


PAGES: Mapping[str, Callable[[], str]] = {
    "alerts.md": alert_table.markdown,
    "capacity.md": lambda: capacity.markdown((FOLDER / "capacity.md").read_text(encoding="utf-8")),
    "command-line.md": command_line.markdown,
    "config.schema.json": lambda: config_schema.text(_example()),
    "configuration.md": lambda: configuration.markdown(_example()),
    "environment.md": environment.markdown,
    "error-codes.md": error_codes.as_markdown,
    "http-api.md": http_api.markdown,
    "openapi.json": lambda: openapi.encoded().decode(),
    "telemetry.schema.json": telemetry_schema.text,
}
