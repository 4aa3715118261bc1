"""Which keys may a configuration have, and what are their types, bounds and defaults?

One class for each table of the file.  Durations and sizes carry their unit in the key.  Every secret can come from a
file: `api_secret_file` instead of `api_secret`.  What spans tables is checked in `monitor.config`.
"""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from alerts.inhibition import Inhibition, build_inhibition
from alerts.model import Kind, NoData, Rule, Severity, Step
from alerts.notifiers.base import checked_url
from alerts.rules import build_rule, parse_duration
from alerts.time_windows import TimeWindows, build_time_window
from collectors.resources import RESOURCES
from monitor.naming import NAME_LIMIT, PATTERN, Naming, shortened
from monitor.objectives import WINDOWS, BurnWindow, Objective, Scope
from monitor.outcomes import Over
from monitor.roles import Role
from monitor.store.keeping import Keeping

_ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[0-9]+)?")

Positive = Annotated[float, Field(gt=0)]
AtLeastADay = Annotated[float, Field(ge=1)]  # by then a call is over, settled, and out of the live picture
Port = Annotated[int, Field(ge=0, le=65535)]  # 0: any free port


def with_files_read(given: Mapping[str, Any], secrets: list[str]) -> dict[str, Any]:
    """Return the values with each `KEY_file` replaced by KEY and the content of that file, trimmed."""
    read = dict(given)
    for secret in secrets:
        name = read.pop(f"{secret}_file", None)
        if name is None:
            continue
        if secret in read:
            raise ValueError(f"{secret}_file: expected either {secret} or {secret}_file, got both")
        try:
            read[secret] = Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError, TypeError) as error:
            raise ValueError(
                f"{secret}_file: expected a readable file, got {type(error).__name__} for {name}"
            ) from None
    return read


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(url: str) -> bool:
    """Whether only this machine can reach what is behind an address."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(f"expected a network such as 10.0.0.0/8 or fd00::/8, got {text[:60]!r}") from None


def _origin(text: str) -> str:
    """Return an origin as browsers send it; anything else would never be equal to one."""
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"expected an origin such as https://app.example.com, without a path, got {text[:60]!r}")
    return text


def _duration_s(text: Any) -> Any:
    """Return the seconds that a text such as 10s or 1h30m stands for."""
    if not isinstance(text, str):
        raise ValueError(f'expected a duration such as "10s" or "1h30m", got {text!r}')  # noqa: TRY004 - pydantic's way
    return parse_duration(text)


Duration = Annotated[float, BeforeValidator(_duration_s)]
DurationText = Annotated[str, Field(json_schema_extra={"format": "duration-text"})]  # read by what is built of it
Pause = Annotated[float, BeforeValidator(_duration_s), Field(ge=60)]


def _several(given: Any) -> Any:
    """Let one text stand where several may."""
    return [given] if isinstance(given, str) else given


def _as_words(given: Any) -> Any:
    """Let `[1, -1]` be written without quotes."""
    return [str(each) if type(each) is int else each for each in given] if isinstance(given, list) else given


Network = Annotated[str, AfterValidator(_network)]
Origin = Annotated[str, AfterValidator(_origin)]
MatcherTexts = Annotated[tuple[str, ...], BeforeValidator(_several)]
Ranges = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]


class Section(BaseModel):
    """One table of the file: no unknown keys, nothing changed after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _read_files(cls, given: Any) -> Any:
        """Let `KEY_file` stand for any secret KEY."""
        if not isinstance(given, dict):
            return given
        secrets = [name for name, field in cls.model_fields.items() if "SecretStr" in str(field.annotation)]
        return with_files_read(given, secrets)


ForwardedBy = Literal["x-forwarded", "forwarded"]
HstsSeconds = Annotated[int, Field(ge=0)]


class ConnectionLimits(Section):
    """What one connection may ask of a listener, and for how long it may keep it waiting."""

    head_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 32 * 1024
    headers: Annotated[int, Field(ge=8, le=1000)] = 100
    handshake_s: Positive = 10.0
    head_s: Positive = 30.0
    body_s: Positive = 30.0
    idle_s: Positive = 75.0  # longer than proxies keep theirs, or they would post into one that is just being closed
    reading_s: Positive = 30.0


class Tls(Section):
    """By which certificate a listener speaks TLS, and whose certificates it asks for."""

    cert_file: str
    key_file: str
    min_version: Literal["1.2", "1.3"] = "1.2"
    client_ca_file: str | None = None
    client_auth: Literal["none", "verify_if_given", "require"] = "none"
    client_sans: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _knows_whom_it_asks(self) -> Self:
        if (self.client_auth != "none") != (self.client_ca_file is not None):
            raise ValueError(
                "client_ca_file: expected it together with client_auth = verify_if_given or require, got only one"
            )
        if self.client_sans and self.client_auth == "none":
            raise ValueError("client_sans: expected client_auth with it, got none")
        return self


class Public(Section):
    """The listener for browsers and for Twilio."""

    host: str = "127.0.0.1"
    port: Port = 8470
    url: str = ""  # how the world reaches this listener; the signature of a callback is made over it
    trusted_proxies: tuple[Network, ...] = ()
    forwarded_by: ForwardedBy = "x-forwarded"
    fast_ingest: bool = True  # False: telemetry, too, comes in through aiohttp
    max_connections: Annotated[int, Field(ge=1)] = 20_000
    max_connections_per_address: Annotated[int, Field(ge=1)] = 4_000
    hsts_s: HstsSeconds = 31_536_000
    tls: Tls | None = None
    limits: ConnectionLimits = ConnectionLimits()


class AccessToken(Section):
    """A token of somebody's own, a person's or a script's."""

    role: Role
    token: Annotated[SecretStr, Field(min_length=16)]


HeaderName = Annotated[str, Field(pattern="^[A-Za-z0-9-]+$", max_length=64)]


class ProxyLogin(Section):
    """In which headers a proxy that has people log in says who asks, and what they may do."""

    user_header: HeaderName = "X-Forwarded-User"
    email_header: HeaderName | None = None
    groups_header: HeaderName | None = None
    default_role: Role | None = None  # None: who is in neither map is not let in
    users: Mapping[str, Role] = {}
    groups: Mapping[str, Role] = {}
    logout_url: str = ""

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if self.groups and self.groups_header is None:
            raise ValueError("groups_header: expected the header that names somebody's groups, got groups without it")
        if not self.roles():
            raise ValueError("default_role: expected a role, or users, or groups, got none: nobody would be let in")
        return self

    def roles(self) -> list[Role]:
        """Return every role that somebody may have."""
        default = [] if self.default_role is None else [self.default_role]
        return [*default, *self.users.values(), *self.groups.values()]


class Private(Section):
    """The listener for people, Prometheus and scripts."""

    host: str = "127.0.0.1"
    port: Port = 8471
    url: str = ""
    trusted_proxies: tuple[Network, ...] = ()
    forwarded_by: ForwardedBy = "x-forwarded"
    max_connections: Annotated[int, Field(ge=1)] = 1_000
    max_connections_per_address: Annotated[int, Field(ge=1)] = 200
    streams_per_visitor: Annotated[int, Field(ge=1)] = 16
    hsts_s: HstsSeconds = 31_536_000
    access_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    session_hours: Positive = 168.0
    costly_reads_per_minute: Positive = 240.0
    costly_reads_burst: Annotated[int, Field(ge=1, le=10_000)] = 120
    tokens: Mapping[Name, AccessToken] = {}
    proxy_login: ProxyLogin | None = None
    web_config_file: str | None = None
    basic_auth_roles: Mapping[str, Role] = {}
    certificate_roles: Mapping[str, Role] = {}
    tls: Tls | None = None
    limits: ConnectionLimits = ConnectionLimits()

    @model_validator(mode="after")
    def _has_tls_from_one_place(self) -> Self:
        if self.tls is not None and self.web_config_file is not None:
            raise ValueError("web_config_file: expected either this or private.tls, got both")
        asks_by_itself = self.tls is not None and self.tls.client_auth != "none"
        if self.certificate_roles and not asks_by_itself and self.web_config_file is None:
            raise ValueError("certificate_roles: expected tls with client_auth, or web_config_file, got neither")
        return self

    @model_validator(mode="after")
    def _has_users_to_give_roles(self) -> Self:
        if self.basic_auth_roles and self.web_config_file is None:
            raise ValueError("basic_auth_roles: expected web_config_file, where those users are, got none")
        return self

    @model_validator(mode="after")
    def _is_not_open(self) -> Self:
        if not is_loopback(self.host) and not self.roles():
            raise ValueError(
                "host: expected a loopback address or an access_token, tokens or proxy_login with it,"
                f" got {self.host} without any"
            )
        return self

    @model_validator(mode="after")
    def _has_tokens_of_their_own(self) -> Self:
        names = {} if self.access_token is None else {self.access_token.get_secret_value(): "access_token"}
        for name, token in self.tokens.items():
            same = names.setdefault(token.token.get_secret_value(), f"tokens.{name}")
            if same != f"tokens.{name}":
                raise ValueError(f"tokens.{name}.token: expected a token of its own, got that of {same} again")
        return self

    @model_validator(mode="after")
    def _knows_the_proxy_that_logs_in(self) -> Self:
        if self.proxy_login is None:
            return self
        if not self.trusted_proxies:
            raise ValueError("trusted_proxies: expected the networks of the proxy of proxy_login, got none")
        if any(ipaddress.ip_network(network).prefixlen == 0 for network in self.trusted_proxies):
            raise ValueError("trusted_proxies: expected networks of your own with proxy_login, got the whole Internet")
        return self

    def roles(self) -> list[Role]:
        """Return every role that somebody may log in with."""
        own = [] if self.access_token is None else [Role.ADMIN]
        by_proxy = [] if self.proxy_login is None else self.proxy_login.roles()
        by_file = [] if self.web_config_file is None else [Role.VIEWER, *self.basic_auth_roles.values()]
        return [
            *own,
            *(token.role for token in self.tokens.values()),
            *by_proxy,
            *by_file,
            *self.certificate_roles.values(),
        ]


class Storage(Section):
    """Where history is kept, how safely, and for how long."""

    path: str = "roomwatch.db"
    synchronous: Literal["full", "normal"] = "full"
    checkpoint_every_s: Positive = 30.0
    settle_after_s: Positive = 600.0
    raw_days: Positive = 30.0
    events_days: Positive | None = None  # None: as long as history
    history_days: Positive = 180.0
    rollups_days: Positive = 400.0
    audit_days: AtLeastADay = 400.0
    identities_days: AtLeastADay | None = None  # None: as long as there is anything they belong to
    addresses_days: AtLeastADay | None = None
    reserve_bytes: Annotated[int, Field(ge=0)] = 32 * 1024 * 1024

    @model_validator(mode="after")
    def _forgets_before_the_rest_is_gone(self) -> Self:
        longest_days = self._longest_days()
        for key in ("identities_days", "addresses_days"):
            days = getattr(self, key)
            if days is not None and days > longest_days:
                raise ValueError(
                    f"{key}: expected at most {longest_days:g}, since nothing is kept for longer, got {days:g}"
                )
        return self

    def _longest_days(self) -> float:
        return max(self.raw_days, self.history_days, self.events_days or 0)

    def keeping(self) -> Keeping:
        """Return how long each class is kept."""
        longest_days = self._longest_days()
        return Keeping(
            raw_days=self.raw_days,
            events_days=self.events_days or self.history_days,
            history_days=self.history_days,
            rollups_days=self.rollups_days,
            audit_days=self.audit_days,
            identities_days=self.identities_days or longest_days,
            addresses_days=self.addresses_days or longest_days,
        )


_POSTGRES = re.compile(r"postgres(?:ql)?://[^/?#]+/[^/?#]+(?:\?.*)?|postgres(?:ql)?:///?[^/?#]*\?.*host=.+")


class Cluster(Section):
    """Where several replicas keep together what one daemon keeps in a file; without addresses there is no cluster."""

    postgres: SecretStr | None = None
    postgres_connections: Annotated[int, Field(ge=2, le=1000)] = 8
    clickhouse: str = ""
    clickhouse_user: str = "default"
    clickhouse_password: SecretStr = SecretStr("")
    clickhouse_database: str = "default"
    clickhouse_cluster: str = ""  # on whose servers tables are replicated; empty: on the one that is spoken to
    replica: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]*$", max_length=128)] = ""  # empty: the name of the host
    lease_ttl_s: Annotated[float, Field(ge=1, le=60)] = 3.0
    wait_for_primary_s: Annotated[float, Field(ge=0, le=3600)] = 300.0

    @field_validator("postgres")
    @classmethod
    def _is_an_address(cls, postgres: SecretStr | None) -> SecretStr | None:
        if postgres is not None and not _POSTGRES.fullmatch(postgres.get_secret_value()):
            raise ValueError("expected postgresql://USER:PASSWORD@HOST,HOST/NAME, got something else")
        return postgres

    @field_validator("clickhouse")
    @classmethod
    def _is_an_http_address(cls, clickhouse: str) -> str:
        if clickhouse:
            told = urlsplit(checked_url(clickhouse, "clickhouse"))
            if told.path.strip("/") or told.query or told.username is not None:
                raise ValueError("expected http://HOST:PORT or https://HOST:PORT and nothing else, got more")
        return clickhouse

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if self.is_told and not self.clickhouse:
            raise ValueError("clickhouse: expected the address of a ClickHouse beside that of PostgreSQL, got none")
        if self.clickhouse and not self.is_told:
            raise ValueError("postgres: expected the address of a PostgreSQL beside that of ClickHouse, got none")
        return self

    @property
    def is_told(self) -> bool:
        """Whether there is a cluster."""
        return self.postgres is not None


class IngestKey(Section):
    """A key that lets telemetry in without a Twilio access token."""

    name: str
    key: Annotated[SecretStr, Field(min_length=16)]
    allowed_origins: tuple[Origin, ...] | None = None  # None: those of the table around it


class Telemetry(Section):
    """What is accepted from browsers."""

    max_body_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    max_inflated_bytes: Annotated[int, Field(ge=1024)] = 2 * 1024 * 1024
    allowed_origins: tuple[Origin, ...] = ("*",)
    ingest_keys: tuple[IngestKey, ...] = ()
    token_grace_s: Annotated[float, Field(ge=0)] = 86_400.0
    posts_per_s: Positive = 5.0
    burst_posts: Annotated[int, Field(ge=1)] = 30
    address_posts_per_s: Positive = 200.0
    address_burst_posts: Annotated[int, Field(ge=1)] = 2000
    max_age_s: Positive = 86_400.0
    max_ahead_s: Annotated[float, Field(ge=0)] = 60.0
    clock_tolerance_s: Annotated[float, Field(ge=0)] = 2.0
    clock_wrong_after_s: Positive = 30.0

    def origins(self) -> tuple[str, ...]:
        """Return every origin from which somebody may post."""
        return (*self.allowed_origins, *(origin for key in self.ingest_keys for origin in key.allowed_origins or ()))


class Privacy(Section):
    """What is kept of a person beyond the call itself."""

    addresses: Literal["truncated", "whole", "none"] = "truncated"
    identities: Literal["plain", "pseudonym"] = "plain"
    pseudonym_key: Annotated[SecretStr, Field(min_length=32)] | None = None

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.identities == "pseudonym" and self.pseudonym_key is None:
            raise ValueError("pseudonym_key: expected a secret of 32 characters or more with pseudonyms, got none")
        return self


class SigningKey(Section):
    """An API key that participants' access tokens may be signed with, beside the account's own."""

    api_key: Annotated[str, Field(pattern="^SK[0-9a-f]{32}$")]
    api_secret: SecretStr


class WebhookKey(Section):
    """A shared key that the account made for its webhooks, to sign them with instead of its auth token."""

    key: Annotated[SecretStr, Field(min_length=16, description="As Twilio shows it.")]


class Account(Section):
    """One Twilio account."""

    account_sid: Annotated[str, Field(pattern="^AC[0-9a-f]{32}$")]
    name: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=32)] = Field(
        default_factory=lambda account: shortened(account.get("account_sid", ""))
    )
    api_key: Annotated[str, Field(pattern="^SK[0-9a-f]{32}$")] | None = None
    api_secret: SecretStr | None = None
    next_api_key: Annotated[str, Field(pattern="^SK[0-9a-f]{32}$")] | None = None
    next_api_secret: SecretStr | None = None
    auth_token: SecretStr | None = None
    previous_auth_token: SecretStr | None = None
    webhook_keys: tuple[WebhookKey, ...] = ()
    signing_keys: tuple[SigningKey, ...] = ()
    region: str = ""
    edge: str = ""
    base_url: str = ""
    requests_per_s: Positive = 2.0
    burst_requests: Annotated[int, Field(ge=1)] = 10

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        for name in ("api", "next_api"):
            key, secret = f"{name}_key", f"{name}_secret"
            if (getattr(self, key) is None) != (getattr(self, secret) is None):
                raise ValueError(f"{key}: expected {key} and {secret} together, got only one of them")
        if self.api_key is None and self.auth_token is None:
            raise ValueError("api_key: expected api_key with api_secret, or auth_token, got neither")
        if self.next_api_key is not None and self.next_api_key == self.api_key:
            raise ValueError("next_api_key: expected another key than api_key, got the same")
        return self

    def credentials(self) -> tuple[str, str]:
        """Return the user name and the password to ask with."""
        if self.api_key is not None and self.api_secret is not None:
            return self.api_key, self.api_secret.get_secret_value()
        return self.account_sid, self.auth_token.get_secret_value() if self.auth_token is not None else ""

    def next_credentials(self) -> tuple[str, str] | None:
        """Return the user name and the password to ask with when the present ones are refused."""
        if self.next_api_key is None or self.next_api_secret is None:
            return None
        return self.next_api_key, self.next_api_secret.get_secret_value()

    def token_keys(self) -> dict[str, str]:
        """Return the keys that participants' access tokens may be signed with, by their SID."""
        pairs = [
            *((key.api_key, key.api_secret) for key in self.signing_keys),
            (self.next_api_key, self.next_api_secret),
            (self.api_key, self.api_secret),
        ]
        return {sid: secret.get_secret_value() for sid, secret in pairs if sid is not None and secret is not None}

    def auth_tokens(self) -> list[str]:
        """Return the tokens that callbacks may be signed with: the present one, and the one before."""
        return [token.get_secret_value() for token in (self.auth_token, self.previous_auth_token) if token is not None]

    def shared_keys(self) -> list[str]:
        """Return the keys that callbacks may be signed with instead of an auth token."""
        return [shared.key.get_secret_value() for shared in self.webhook_keys]


class Polling(Section):
    """How often Twilio is asked, budget permitting."""

    rooms_every_s: Positive = 10.0
    participants_every_s: Positive = 30.0
    compositions_every_s: Positive = 10.0
    trusted_factor: Annotated[float, Field(ge=1)] = 3.0
    hooks_every_s: Positive = 600.0
    summaries_every_s: Positive = 300.0
    usage_every_s: Positive = 3600.0
    skip: tuple[str, ...] = ()
    timeout_s: Positive = 10.0

    @model_validator(mode="after")
    def _skips_what_there_is(self) -> Self:
        for resource in self.skip:
            if resource not in RESOURCES:
                raise ValueError(f"skip: expected some of {', '.join(RESOURCES)}, got {resource!r}")
        return self


NameWords = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)], ...], Field(max_length=100)]


class Names(Section):
    """What the names of rooms tell, and which words of them become labels: each costs series in Prometheus."""

    pattern: str = PATTERN
    tenants: NameWords = ()
    kinds: NameWords = ()

    def build(self) -> Naming:
        """Return the naming that the pattern describes, or raise a `NamingError`."""
        return Naming(self.pattern, self.tenants, self.kinds)


MediaRegion = Annotated[str, Field(pattern="^[a-z]{2}[0-9]{1,2}$")]


class Exposed(Section):
    """What `/metrics` shows beyond what it always does: each region costs series in Prometheus."""

    exemplars: bool = True
    regions: Annotated[tuple[MediaRegion, ...], Field(max_length=32)] = ()

    @field_validator("regions")
    @classmethod
    def _are_distinct(cls, regions: tuple[str, ...]) -> tuple[str, ...]:
        for index, region in enumerate(regions):
            if region in regions[:index]:
                raise ValueError(f"expected each region once, got {region!r} again")
        return regions


class LivePicture(Section):
    """How long a room that nobody mentions stays in the live picture."""

    forget_after_s: Positive = 3600.0


class Compositions(Section):
    """When a composition counts as stuck, or as missing."""

    limit_floor_s: Positive = 600.0
    limit_room_ratio: Annotated[float, Field(ge=0)] = 0.5
    missing_after_s: Positive = 600.0


class Quotas(Section):
    """What Twilio allows, as far as rules compare with it."""

    concurrent_rooms: Annotated[int, Field(ge=1)] = 10_000
    concurrent_participants: Annotated[int, Field(ge=1)] = 10_000
    room_grace_s: Annotated[float, Field(ge=0)] = 600.0


class Usage(Section):
    """What an account may spend."""

    month_budget: Positive | None = None


class Canary(Section):
    """Whether a room is made and ended every now and then, only to see that it works."""

    enabled: bool = False
    every_s: Annotated[float, Field(ge=60)] = 3600.0
    account_sid: str = ""  # empty: the first account
    compose: bool = False
    timeout_s: Positive = 30.0


class Alerting(Section):
    """Who this daemon is to its receivers, which of the shipped rules are off, and how alerts are grouped."""

    instance: str = "roomwatch"
    default_receiver: str | None = None
    fallback_receiver: str | None = None
    disabled_rules: tuple[str, ...] = ()
    blind_after_s: Positive = 30.0
    disabled_inhibitions: tuple[str, ...] = ()
    disabled_slos: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ("alertname", "account", "region", "tenant", "room")
    group_wait: Duration = 10.0
    group_interval: Duration = 60.0
    repeat_interval: Pause = 4 * 3600.0
    resolve_wait: Duration = 10.0
    storm_groups: Annotated[int, Field(ge=0)] = 5
    storm_labels: tuple[str, ...] = ("region", "tenant", "account")

    @model_validator(mode="after")
    def _is_a_storm_of_many(self) -> Self:
        if self.storm_groups == 1:
            raise ValueError("storm_groups: expected 0 for none or at least 2, got 1: one group is not a storm")
        return self


def _base_url(text: str) -> str:
    """Return the address of a server; the complaint shows nothing of it, as a password may be part of it."""
    return checked_url(text, "address")


class Alertmanager(Section):
    """The Alertmanagers that are shown every alert: each member of a cluster, and no balancer before them."""

    urls: tuple[Annotated[str, AfterValidator(_base_url)], ...] = ()
    refresh_s: Positive = 60.0
    username: str = ""
    password: SecretStr | None = None
    bearer_token: SecretStr | None = None

    @model_validator(mode="after")
    def _logs_in_one_way(self) -> Self:
        if bool(self.username) != (self.password is not None):
            raise ValueError("username: expected username and password together, got only one of them")
        if self.username and self.bearer_token is not None:
            raise ValueError("bearer_token: expected either bearer_token or username with password, got both")
        return self

    def headers(self) -> dict[str, str]:
        """Return what lets a post in."""
        if self.bearer_token is not None:
            return {"Authorization": f"Bearer {self.bearer_token.get_secret_value()}"}
        if self.password is not None:
            pair = f"{self.username}:{self.password.get_secret_value()}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        return {}


class Heartbeat(Section):
    """What tells the world outside that all is well, and how late each part of the daemon may be for that."""

    url: SecretStr | None = None
    method: Literal["GET", "POST"] = "POST"
    every_s: Positive = 60.0
    report_failures: bool = False
    evaluation_late_s: Positive = 60.0
    outbox_late_s: Positive = 120.0
    pipeline_late_s: Positive = 60.0
    polling_silent_s: Annotated[float, Field(ge=0)] = 300.0

    @field_validator("url")
    @classmethod
    def _leads_somewhere(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            checked_url(url.get_secret_value(), "url")
        return url


class Logging(Section):
    """How the daemon talks about itself."""

    format: Literal["logfmt", "json"] = "logfmt"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Pipelining(Section):
    """How much may wait before senders are told to come back later."""

    capacity_events: Annotated[int, Field(ge=1)] = 10_000


class RuleText(Section):
    """A rule as it is written: conditions, durations and templates are still text."""

    name: Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    over: Kind
    raise_: str = Field(alias="raise")
    clear: str
    severity: Severity = Severity.WARNING
    for_: DurationText = Field(alias="for", default="0s")
    clear_for: DurationText = "0s"
    keep_firing_for: DurationText = "0s"
    clear_for_max: DurationText | None = None
    bounce_window: DurationText = "1h"
    flap_damping: bool = True
    no_data: NoData = NoData.HOLD
    no_data_for: DurationText = "5m"
    labels: Mapping[str, str] = {}
    summary: str = ""
    description: str = ""
    runbook_url: str = ""

    def build(self) -> Rule:
        """Return the rule that the texts describe, or raise a `RuleError`."""
        return build_rule(
            self.name,
            self.over,
            raise_when=self.raise_,
            clear_when=self.clear,
            severity=self.severity,
            hold_for=self.for_,
            clear_for=self.clear_for,
            keep_firing_for=self.keep_firing_for,
            clear_for_max=self.clear_for_max,
            bounce_window=self.bounce_window,
            flap_damping=self.flap_damping,
            no_data=self.no_data,
            no_data_for=self.no_data_for,
            labels=self.labels,
            summary=self.summary,
            description=self.description,
            runbook_url=self.runbook_url,
        )


class WindowText(Section):
    """A pair of windows as it is written: durations are still text."""

    long: DurationText = Field(description="The long window, such as 6h.")
    short: DurationText = Field(description="The short one at its end, so that it is over soon after the trouble is.")
    burn: Positive = Field(description="How many times as fast as allowed the budget is spent over both.")
    severity: Severity = Field(Severity.WARNING, description="What it raises then.")

    def build(self) -> BurnWindow:
        """Return the windows, or raise a `RuleError` or an `ObjectiveError`."""
        return BurnWindow(int(parse_duration(self.long)), int(parse_duration(self.short)), self.burn, self.severity)


class SloText(Section):
    """A service level objective as it is written."""

    name: Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
    over: Over
    objective: Annotated[float, Field(gt=0, lt=1)]
    scope: Scope = Scope.ACCOUNT
    at_least: Annotated[int, Field(ge=1)] = 100
    windows: tuple[WindowText, ...] = ()

    def build(self) -> Objective:
        """Return the objective; without windows of its own it has the usual ones."""
        windows = tuple(window.build() for window in self.windows)
        return Objective(self.name, self.over, self.objective, self.scope, self.at_least, windows or WINDOWS)


class StepText(Section):
    """One step of an escalation as it is written."""

    after: Duration = Field(0.0, description="How long after the first word.")
    receivers: tuple[str, ...] = Field(min_length=1, description="Who is told then, all of them at once.")


class EscalationText(Section):
    """Whom to tell one after the other, until somebody acknowledges."""

    steps: Annotated[tuple[StepText, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _climbs(self) -> Self:
        times = [step.after for step in self.steps]
        if times != sorted(times):
            raise ValueError("steps: expected each step after the one before it, got one that is sooner")
        return self

    def build(self) -> tuple[Step, ...]:
        """Return the steps of a plan."""
        return tuple(Step(step.after, step.receivers) for step in self.steps)


class RouteText(Section):
    """A route as it is written; what is None it has from the route above."""

    receiver: str | None = None
    escalation: str | None = None
    match: Mapping[str, str] = {}
    matchers: tuple[str, ...] = ()
    continue_: bool = Field(alias="continue", default=False)
    group_by: tuple[str, ...] | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Pause | None = None
    resolve_wait: Duration | None = None
    mute_during: tuple[str, ...] | None = None
    active_during: tuple[str, ...] | None = None
    routes: tuple["RouteText", ...] = ()


class InhibitionText(Section):
    """An inhibition as it is written: matchers are still text."""

    name: Name
    source: MatcherTexts
    target: MatcherTexts
    equal: tuple[str, ...] = ()

    def build(self) -> Inhibition:
        """Return the inhibition that the texts describe, or raise an `InhibitionError`."""
        return build_inhibition(self.name, source=self.source, target=self.target, equal=self.equal)


class TimeWindowText(Section):
    """A time window as it is written: every part of it is still text."""

    times: tuple[str, ...] = ()
    weekdays: tuple[str, ...] = ()
    days_of_month: Ranges = ()
    months: Ranges = ()
    years: Ranges = ()
    location: str = "UTC"

    def build(self) -> TimeWindows:
        """Return the window that the texts describe, or raise a `TimeWindowError`."""
        window = build_time_window(
            times=self.times,
            weekdays=self.weekdays,
            days_of_month=self.days_of_month,
            months=self.months,
            years=self.years,
            location=self.location,
        )
        return TimeWindows((window,))


_OF_A_FILE = ("path", "synchronous", "reserve_bytes")  # what is told of storage and is about one file


class Sections(Section):
    """The whole file."""

    public: Public = Public()
    private: Private = Private()
    storage: Storage = Storage()
    cluster: Cluster = Cluster()
    telemetry: Telemetry = Telemetry()
    privacy: Privacy = Privacy()
    accounts: tuple[Account, ...] = ()
    polling: Polling = Polling()
    live: LivePicture = LivePicture()
    names: Names = Names()
    metrics: Exposed = Exposed()
    compositions: Compositions = Compositions()
    limits: Quotas = Quotas()
    usage: Usage = Usage()
    canary: Canary = Canary()
    alerts: Alerting = Alerting()
    alertmanager: Alertmanager = Alertmanager()
    heartbeat: Heartbeat = Heartbeat()
    log: Logging = Logging()
    pipeline: Pipelining = Pipelining()
    rules: tuple[RuleText, ...] = ()
    slos: tuple[SloText, ...] = ()
    routes: tuple[RouteText, ...] = ()
    escalations: Mapping[str, EscalationText] = {}
    receivers: Mapping[str, Mapping[str, Any]] = {}
    inhibitions: tuple[InhibitionText, ...] = ()
    time_windows: Mapping[Name, TimeWindowText] = {}

    @model_validator(mode="after")
    def _accounts_are_distinct(self) -> Self:
        for key in ("account_sid", "name"):
            values = [getattr(account, key) for account in self.accounts]
            if len(set(values)) < len(values):
                raise ValueError(f"accounts: expected each {key} once, got one of them twice")
        return self

    @model_validator(mode="after")
    def _what_is_kept_is_kept_in_one_place(self) -> Self:
        for key in _OF_A_FILE:
            if self.cluster.is_told and key in self.storage.model_fields_set:
                raise ValueError(f"storage.{key}: expected nothing beside [cluster], which has no file, got a value")
        return self

    @model_validator(mode="after")
    def _canary_has_an_account(self) -> Self:
        sids = [account.account_sid for account in self.accounts]
        if self.canary.account_sid and self.canary.account_sid not in sids:
            raise ValueError("canary.account_sid: expected the account_sid of one of the accounts, got another")
        if self.canary.enabled and not sids:
            raise ValueError("canary.enabled: expected an account to make rooms in, got none")
        return self
