"""What is served beside the API, and is described with it: metrics, health, and the document itself.

Health needs no login.  `/metrics` and the rest of `/-/` need none where the listener is on loopback and no proxy stands
before it.
"""

from monitor.http.operations import Operation, Operations

TEXT = "text/plain"
OPENMETRICS = "application/openmetrics-text"

_NOT_RELOADED = {500: "The configuration is wrong, and nothing was changed."}

OPERATIONS: Operations = {
    "/api/v1/openapi.json": Operation("openapi", "This document."),
    "/metrics": Operation("metrics", "What Prometheus reads.", is_open=True, is_api=False, media=(TEXT, OPENMETRICS)),
    "/metrics/fleet": Operation(
        "fleetMetrics",
        "What Prometheus reads once of several replicas: what is the same whichever of them is asked.",
        is_open=True,
        is_api=False,
        media=(TEXT, OPENMETRICS),
    ),
    "/-/healthy": Operation("healthy", "Whether the daemon turns.", is_open=True, is_api=False, media=(TEXT,)),
    "/-/ready": Operation(
        "ready",
        "Whether it has everything that it needs.",
        refusals={503: "It has not yet, or no longer, or the disk takes nothing that is written; `detail` says which."},
        is_open=True,
        is_api=False,
        media=(TEXT,),
    ),
    "POST /-/reload": Operation(
        "reload", "Read the configuration anew.", refusals=_NOT_RELOADED, is_open=True, is_api=False, media=(TEXT,)
    ),
    "PUT /-/reload": Operation(
        "reloadByPut", "Read the configuration anew.", refusals=_NOT_RELOADED, is_open=True, is_api=False, media=(TEXT,)
    ),
}
