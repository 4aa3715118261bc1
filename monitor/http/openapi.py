"""How does the API describe itself?  The shapes come from the types that make the answers, so they cannot disagree."""

from typing import Any

import msgspec

from monitor import __version__
from monitor.http.views import LiveView


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the private API."""
    (live,), components = msgspec.json.schema_components([LiveView], ref_template="#/components/schemas/{name}")
    refused = {"description": "No session and no token.", "content": _json({"$ref": "#/components/schemas/Error"})}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Roomwatch",
            "version": __version__,
            "description": "Times are milliseconds since the epoch. Null means unknown, never zero.",
        },
        "security": [{"bearer": []}, {"session": []}],
        "paths": {
            "/api/v1/live": {
                "get": {
                    "operationId": "live",
                    "summary": "The rooms, compositions and alerts as they are now.",
                    "responses": {"200": {"description": "The picture.", "content": _json(live)}, "401": refused},
                }
            },
            "/api/v1/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document.",
                    "responses": {
                        "200": {"description": "OpenAPI 3.1.", "content": _json({"type": "object"})},
                        "401": refused,
                    },
                }
            },
        },
        "components": {
            "schemas": {
                **components,
                "Error": {"type": "object", "properties": {"error": {"type": "string"}}, "required": ["error"]},
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "roomwatch_session"},
            },
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
