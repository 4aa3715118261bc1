"""What does a web configuration file say?

The format is that of Prometheus's exporter toolkit, so that one file, and whoever writes it, serves the exporters on a
machine and this daemon.  Nothing in it is passed over: an unknown key is an error, and so is what cannot be done here.

    tls_server_config:   cert_file, key_file, client_auth_type, client_ca_file, client_allowed_sans, min_version,
                         max_version, cipher_suites, prefer_server_cipher_suites, curve_preferences
    http_server_config:  http2, headers
    basic_auth_users:    name: bcrypt hash

`http2` changes nothing: HTTP/1.1 is spoken either way.  Paths are relative to the folder of the file.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from msgspec import Struct
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.http.tls import ClientAuth, TlsFiles, TlsUnusable

_AUTH: Mapping[str, ClientAuth] = {
    "NoClientCert": "none",
    "VerifyClientCertIfGiven": "verify_if_given",
    "RequireAndVerifyClientCert": "require",
}
_VERSIONS = {"TLS12": "1.2", "TLS13": "1.3"}
_CURVES = {"CurveP256": "prime256v1", "CurveP384": "secp384r1", "CurveP521": "secp521r1", "X25519": "X25519"}
_CIPHERS = {
    f"TLS_ECDHE_{key}_WITH_{cipher}": f"ECDHE-{key}-{ours}"
    for key in ("ECDSA", "RSA")
    for cipher, ours in {
        "AES_128_CBC_SHA": "AES128-SHA",
        "AES_256_CBC_SHA": "AES256-SHA",
        "AES_128_GCM_SHA256": "AES128-GCM-SHA256",
        "AES_256_GCM_SHA384": "AES256-GCM-SHA384",
        "CHACHA20_POLY1305_SHA256": "CHACHA20-POLY1305",
    }.items()
}
_CIPHERS_OF_13 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
_BCRYPT = re.compile(r"\$2[abxy]?\$(0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}")  # dearer ones would take seconds each
_HEADERS: Mapping[str, tuple[str, ...]] = {  # and what each may say; empty: anything
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}


class WebConfigInvalid(Exception):
    """Everything that is wrong with a web configuration file, one line each."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class WebConfig(Struct, frozen=True):
    """What a web configuration file asks for."""

    tls: TlsFiles | None = None
    headers: Mapping[str, str] = {}
    users: Mapping[str, str] = {}  # the hash of each one's password

    def __repr__(self) -> str:
        """Return what there is of it, and no hash."""
        return f"WebConfig({self.tls}, {self.headers}, users: {', '.join(self.users)})"


def read(file: Path) -> WebConfig:
    """Return what a file says.

    Raises:
        WebConfigInvalid: with everything that is wrong.
    """
    try:
        given = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - the safe one, and stricter
        if not isinstance(given, dict | None):
            raise WebConfigInvalid([f"{file}: expected tables such as tls_server_config, got something else"])
        return _File.model_validate(given or {}).built(file.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise WebConfigInvalid([f"{file}: expected a readable file, got {error}"]) from None
    except yaml.YAMLError as error:
        raise WebConfigInvalid([f"{file}: expected YAML, got {_placed(error)}"]) from None
    except ValidationError as error:
        raise WebConfigInvalid([f"{file}: {_worded(each)}" for each in error.errors(include_input=False)]) from None
    except TlsUnusable as error:
        raise WebConfigInvalid([f"{file}: {error}"]) from None


# --- as it is written ------------------------------------------------------------------------------------


def _hash(text: str) -> str:
    if not _BCRYPT.fullmatch(text):
        raise ValueError("expected a bcrypt hash of cost 4 to 14, as `htpasswd -nBC 10 NAME` prints, got another text")
    return text


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _TlsServer(_Table):
    cert_file: str = ""
    key_file: str = ""
    client_auth_type: Literal[
        "", "NoClientCert", "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ] = ""  # fmt: skip
    client_ca_file: str = ""
    client_allowed_sans: tuple[str, ...] = ()
    min_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS12"
    max_version: Literal["TLS10", "TLS11", "TLS12", "TLS13"] = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[Literal["CurveP256", "CurveP384", "CurveP521", "X25519"], ...] = ()

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if not (self.cert_file and self.key_file):
            raise ValueError("expected cert_file and key_file, got only one of them, or neither")
        if self.client_auth_type in ("RequestClientCert", "RequireAnyClientCert"):
            raise ValueError(
                f"client_auth_type: expected NoClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert, got"
                f" {self.client_auth_type}: a certificate that nobody verifies is not asked for here"
            )
        if (self._client_auth() != "none") != bool(self.client_ca_file):
            raise ValueError("client_ca_file: expected it together with a client_auth_type that verifies by it")
        if self.client_allowed_sans and self._client_auth() == "none":
            raise ValueError("client_allowed_sans: expected a client_auth_type that verifies certificates with it")
        for name in ("min_version", "max_version"):
            if getattr(self, name) not in _VERSIONS:
                raise ValueError(f"{name}: expected TLS12 or TLS13, got {getattr(self, name)}, which is broken")
        if self.min_version > self.max_version:
            raise ValueError(f"max_version: expected at least {self.min_version}, got {self.max_version}")
        if len(self.curve_preferences) > 1:
            raise ValueError("curve_preferences: expected one curve, or none for OpenSSL's own order, got several")
        return self

    @model_validator(mode="after")
    def _has_ciphers_that_there_are(self) -> Self:
        for name in self.cipher_suites:
            if name not in _CIPHERS and name not in _CIPHERS_OF_13:
                raise ValueError(f"cipher_suites: expected names such as {next(iter(_CIPHERS))}, got {name[:60]!r}")
        return self

    def _client_auth(self) -> ClientAuth:
        return _AUTH.get(self.client_auth_type, "none")

    def built(self, folder: Path) -> TlsFiles:
        return TlsFiles(
            str(folder / self.cert_file),
            str(folder / self.key_file),
            _VERSIONS[self.min_version],
            _VERSIONS[self.max_version],
            self._client_auth(),
            str(folder / self.client_ca_file) if self.client_ca_file else None,
            self.client_allowed_sans,
            tuple(_CIPHERS[name] for name in self.cipher_suites if name in _CIPHERS),
            self.prefer_server_cipher_suites,
            _CURVES[self.curve_preferences[0]] if self.curve_preferences else None,
        )


class _HttpServer(_Table):
    http2: bool = True
    headers: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _says_what_may_be_said(self) -> Self:
        for name, value in self.headers.items():
            if name not in _HEADERS:
                raise ValueError(f"headers: expected some of {', '.join(_HEADERS)}, got {name[:60]!r}")
            if _HEADERS[name] and value.lower() not in _HEADERS[name]:
                raise ValueError(f"headers.{name}: expected {' or '.join(_HEADERS[name])}, got {value[:60]!r}")
            if not value.isprintable():
                raise ValueError(f"headers.{name}: expected one line, got several")
        return self


class _File(_Table):
    tls_server_config: _TlsServer | None = None
    http_server_config: _HttpServer = _HttpServer()
    basic_auth_users: Mapping[
        Annotated[str, Field(min_length=1, max_length=100, pattern="^[^:]+$")], Annotated[str, AfterValidator(_hash)]
    ] = {}

    def built(self, folder: Path) -> WebConfig:
        tls = None if self.tls_server_config is None else self.tls_server_config.built(folder)
        return WebConfig(tls, dict(self.http_server_config.headers), dict(self.basic_auth_users))


class _Loader(yaml.SafeLoader):
    """Reads YAML that says nothing twice: of two the library would take the last, and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{str(key.value)[:60]!r} for the second time", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _placed(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    said = getattr(error, "problem", None) or "something else"
    return f"{said}, in line {mark.line + 1}" if mark is not None else str(said)


def _worded(detail: Mapping[str, Any]) -> str:
    path = ".".join(str(each) for each in detail["loc"] if each != "[key]")
    said = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        said = "expected a key of the exporter toolkit's format, got an unknown one"
    return f"{path}: {said}" if path else said
