"""What a head says, whichever way its bytes arrive and whatever was said before it."""

import pytest
from httptools import HttpParserError
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.request import Head, Request

LINES = (
    b"Content-Type: application/json\r\n",
    b"content-encoding: gzip \r\n",
    b"Authorization: Bearer a.b.c\r\n",
    b"Authorization: Basic YTpi\r\n",
    b"ORIGIN: https://app.example.com\r\n",
    b"X-Forwarded-For: 10.0.0.1\r\n",
    b"X-Forwarded-For: 10.0.0.2\r\n",
    b"Content-Length: 7\r\n",
    b"Expect: 100-continue\r\n",
    b"Cookie: \xff\xfe\r\n",
)
heads = st.builds(
    lambda method, target, lines: b"%b %b HTTP/1.1\r\nHost: a\r\n%b\r\n" % (method, target, b"".join(lines)),
    st.sampled_from([b"POST", b"OPTIONS", b"GET"]),
    st.sampled_from([b"/v1/telemetry", b"/v1/telemetry?token=%61%2Bb&token=c", b"/v1/telemetry?x", b"/"]),
    st.lists(st.sampled_from(LINES), unique=True),
)


def read(request: Request, *parts: bytes) -> tuple[float, Head]:
    request.begin()
    for part in parts:
        request.feed(part)
    length = request.take_content_length()
    head = request.understand()
    if length:
        request.feed(bytes(int(length)))
    assert request.is_complete
    return length, head


@given(heads, heads, st.integers(0, 400))
def test_a_head_says_the_same_in_pieces_and_after_another(first: bytes, second: bytes, at: int) -> None:
    busy = Request()
    read(busy, first)
    assert read(busy, second[:at], second[at:]) == read(busy, second) == read(Request(), second)


def test_a_head_is_understood() -> None:
    lines = b"".join(line for line in LINES if not line.startswith((b"Expect", b"Authorization: Basic")))
    assert read(Request(), b"POST /v1/telemetry HTTP/1.1\r\n" + lines + b"\r\n") == (
        7,
        Head(
            is_plain_telemetry=True,
            is_preflight=False,
            forwarded_for="10.0.0.1, 10.0.0.2",
            content_type="application/json",
            packing="gzip",
            token="a.b.c",
            origin="https://app.example.com",
            request_id="",
        ),
    )


@pytest.mark.parametrize(
    ("target", "token"),
    [
        (b"?token=%61%2Bb&token=c", "a+b"),
        (b"?token=", ""),
        (b"?tokens=1", None),
        (b"", None),
        (b"?token=%ff", "\ufffd"),
    ],
)
def test_without_a_bearer_the_first_token_of_the_query_counts(target: bytes, token: str | None) -> None:
    _, head = read(Request(), b"POST /v1/telemetry%b HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n" % target)
    assert head.token == token


@pytest.mark.parametrize(
    "first", [b"POST /v1/telemetry HTTP/3.0\r\n", b"HTTP/1.1 200 OK\r\n", b"\x00", b"GET / HTTP/1.1\n"]
)
def test_what_is_not_http_is_not_read(first: bytes) -> None:
    with pytest.raises(HttpParserError):
        Request().feed(first)
