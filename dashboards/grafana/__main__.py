"""Write the dashboards: where they are kept, or into a directory that Grafana provisions from."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dashboards.grafana import files, variables

HERE = Path(__file__).parent


def main() -> None:
    """Write them as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.grafana", description=__doc__)
    parser.add_argument("--into", type=Path, metavar="DIRECTORY", help="write those for provisioning here instead")
    parser.add_argument(
        "--roomwatch-url",
        type=_address,
        default=variables.LOOPBACK,
        metavar="URL",
        help="where people open Roomwatch's pages; only with --into (default: %(default)s)",
    )
    asked = parser.parse_args()
    if asked.into is None and asked.roomwatch_url != variables.LOOPBACK:
        parser.error("--roomwatch-url: expected --into with it, as what is kept beside the source is for everybody")
    if asked.into is None:
        _write(HERE, files.committed())
    else:
        _write(asked.into, files.provisioned(asked.roomwatch_url))


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"expected an address such as https://roomwatch.example, got {text[:60]!r}")
    return text.rstrip("/")


def _write(directory: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
