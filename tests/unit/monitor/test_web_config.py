"""What a web configuration file may say, as Prometheus's exporters know it."""

from pathlib import Path

import bcrypt
import pytest

from monitor.http.web_config import WebConfig, WebConfigInvalid, read

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
TLS = "tls_server_config:\n  cert_file: a.pem\n  key_file: b.pem\n"


def said(tmp_path: Path, text: str) -> WebConfig:
    file = tmp_path / "web.yml"
    file.write_text(text)
    return read(file)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(WebConfigInvalid) as caught:
        said(tmp_path, text)
    return str(caught.value)


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, "") == WebConfig()


def test_everything_that_can_be_said_is_understood(tmp_path: Path) -> None:
    config = said(
        tmp_path,
        f"""
tls_server_config:
  cert_file: server.crt
  key_file: /abs/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [prometheus.example.com]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519]
http_server_config:
  http2: true
  headers: {{ X-Frame-Options: deny, Content-Security-Policy: "default-src 'self'" }}
basic_auth_users: {{ ann: "{HASH}" }}
""",
    )
    assert config.tls is not None
    assert config.tls.names() == [str(tmp_path / "server.crt"), "/abs/server.key", str(tmp_path / "ca.crt")]
    assert (config.tls.client_auth, config.tls.client_sans) == ("require", ("prometheus.example.com",))
    assert (config.tls.ciphers, config.tls.curve) == (("ECDHE-RSA-AES128-GCM-SHA256",), "X25519")
    assert not config.tls.prefers_own_ciphers
    assert config.headers == {"X-Frame-Options": "deny", "Content-Security-Policy": "default-src 'self'"}
    assert config.users == {"ann": HASH}
    assert HASH not in repr(config)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tls_config: {}", "tls_config: expected a key of the exporter toolkit's format"),
        ("basic_auth_users: { ann: secret-word }", "expected a bcrypt hash of cost 4 to 14"),
        ("http_server_config: { headers: { X-Own: a } }", "headers: expected some of Content-Security-Policy"),
        ("http_server_config: { headers: { X-Frame-Options: maybe } }", "expected deny or sameorigin, got 'maybe'"),
        ("tls_server_config: { cert_file: a }", "expected cert_file and key_file, got only one of them"),
        (TLS + "  min_version: TLS10", "min_version: expected TLS12 or TLS13, got TLS10"),
        (TLS + "  client_auth_type: RequireAnyClientCert", "a certificate that nobody verifies is not asked for"),
        (TLS + "  client_ca_file: c.pem", "expected it together with a client_auth_type"),
        (TLS + "  curve_preferences: [X25519, CurveP256]", "expected one curve"),
        (TLS + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]", "cipher_suites: expected names such as TLS_ECDHE"),
        ("basic_auth_users: {}\nbasic_auth_users: {}", "'basic_auth_users' for the second time, in line 2"),
        ("a: [", "expected YAML, got"),
        ("- a", "expected"),
    ],
)
def test_what_cannot_be_meant_or_done_is_refused_in_words(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in complaint(tmp_path, text)


def test_no_complaint_repeats_a_password(tmp_path: Path) -> None:
    assert "hush-hush" not in complaint(tmp_path, "basic_auth_users: { ann: hush-hush }")
