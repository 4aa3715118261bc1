"""Which files are the dashboards?  Each as Grafana reads it from disk, and as grafana.com hands it on."""

import json
from collections.abc import Mapping

from dashboards.grafana import itself, media, overview, quality, twilio_api, variables
from dashboards.grafana.board import Board, dashboard
from dashboards.grafana.panels import Json
from dashboards.grafana.portable import portable

BOARDS: tuple[Board, ...] = (overview.BOARD, quality.BOARD, media.BOARD, twilio_api.BOARD, itself.BOARD)


def provisioned(roomwatch_url: str = variables.LOOPBACK) -> Mapping[str, str]:
    """Return the dashboards that Grafana reads from disk, by their paths."""
    return {f"{board.uid}.json": _text(dashboard(board, roomwatch_url)) for board in BOARDS}


def committed() -> Mapping[str, str]:
    """Return all files that are kept beside the source, by their paths."""
    shared = {f"for_grafana_com/{board.uid}.json": _text(portable(dashboard(board))) for board in BOARDS}
    own = {f"json/{path}": text for path, text in provisioned().items()}
    return own | shared


def _text(dashboard: Json) -> str:
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"
