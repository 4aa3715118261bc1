"""What do the operators' own kinds look like, as far as the chart uses them?

No package on the index has their schemas.  These are written after the operators' documentation, and are strict: a
field that the chart begins to use has to be looked up there, and written down here.
"""

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_DURATION = {
    "type": "string",
    "pattern": r"^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?)$",
}


def _of(required: tuple[str, ...] = (), **fields: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": fields}


def _texts() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"type": "string"}}


def _kind(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = _of(("name",), name=_TEXT, labels=_texts(), annotations=_texts())
    said = {"apiVersion": {"const": api_version}, "kind": {"const": kind}, "metadata": metadata, "spec": spec}
    return _of(tuple(said), **said)


_KEY = _of(("name", "key"), name=_TEXT, key=_TEXT)
_ENDPOINT = _of(
    ("port",),
    port=_TEXT,
    path={"type": "string", "pattern": "^/"},
    interval=_DURATION,
    scrapeTimeout=_DURATION,
    scheme={"enum": ["http", "https"]},
    tlsConfig=_of(serverName=_TEXT, ca=_of(("secret",), secret=_KEY), insecureSkipVerify={"type": "boolean"}),
    authorization=_of(("credentials",), type=_TEXT, credentials=_KEY),
)
_RULE = _of(
    ("expr",),
    record=_TEXT,
    alert=_TEXT,
    expr=_TEXT,
    labels=_texts(),
    annotations=_texts(),
    keep_firing_for=_DURATION,
    **{"for": _DURATION},
)
_GROUP = _of(("name", "rules"), name=_TEXT, interval=_DURATION, rules={"type": "array", "minItems": 1, "items": _RULE})

_SCRAPE = _of(
    ("staticConfigs",),
    staticConfigs={
        "type": "array",
        "minItems": 1,
        "items": _of(("targets",), targets={"type": "array", "minItems": 1, "items": _TEXT}, labels=_texts()),
    },
    metricsPath=_TEXT,
    scrapeInterval=_DURATION,
    scrapeTimeout=_DURATION,
    scheme={"enum": ["HTTP", "HTTPS"]},
    tlsConfig=_of(serverName=_TEXT, ca=_of(("secret",), secret=_KEY), insecureSkipVerify={"type": "boolean"}),
    authorization=_of(("credentials",), type=_TEXT, credentials=_KEY),
)

SCHEMAS = {
    "ScrapeConfig": _kind("monitoring.coreos.com/v1alpha1", "ScrapeConfig", _SCRAPE),
    "ServiceMonitor": _kind(
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
        _of(
            ("selector", "endpoints"),
            jobLabel=_TEXT,
            selector=_of(matchLabels=_texts()),
            endpoints={"type": "array", "minItems": 1, "items": _ENDPOINT},
        ),
    ),
    "PrometheusRule": _kind(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        _of(("groups",), groups={"type": "array", "minItems": 1, "items": _GROUP}),
    ),
    "ExternalSecret": _kind(
        "external-secrets.io/v1",
        "ExternalSecret",
        _of(
            ("secretStoreRef", "target", "dataFrom"),
            refreshInterval=_DURATION,
            secretStoreRef=_of(("name",), name=_TEXT, kind={"enum": ["SecretStore", "ClusterSecretStore"]}),
            target=_of(name=_TEXT, creationPolicy={"enum": ["Owner", "Orphan", "Merge", "None"]}),
            dataFrom={"type": "array", "minItems": 1, "items": _of(extract=_of(("key",), key=_TEXT))},
        ),
    ),
}
