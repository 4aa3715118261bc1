"""Which sockets are taken that were opened before the process began.

The descriptors that systemd hands over begin with 3, which a test cannot have to itself: the names are tried here, and
the sockets by a process of its own in tests/integration/test_systemd.py.
"""

import socket

import pytest

from monitor.config import ConfigInvalid, build
from monitor.supervision.activation import Sockets, handed_over
from tests.conftest import settings

PID = 4711


def handed(**given: str) -> dict[str, str]:
    return {"LISTEN_PID": str(PID), **given}


def test_what_another_process_was_handed_is_left_alone() -> None:
    assert handed_over({}, PID) == Sockets()
    assert handed_over({"LISTEN_PID": "1", "LISTEN_FDS": "2"}, PID) == Sockets()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"LISTEN_FDS": "many"}, "LISTEN_FDS: expected a number of sockets, got 'many'"),
        ({"LISTEN_FDS": "3"}, "expected at most 2 sockets, public and private, got 3"),
        ({"LISTEN_FDS": "2", "LISTEN_FDNAMES": "public:public"}, "each once, got public, public"),
        ({"LISTEN_FDS": "2", "LISTEN_FDNAMES": "public:other"}, "each once, got public, other"),
        ({"LISTEN_FDS": "2", "LISTEN_FDNAMES": "private"}, "each once, got private"),
    ],
)
def test_what_is_not_ours_is_refused_in_words(given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigInvalid, match="environment: LISTEN_") as refused:
        handed_over(handed(**given), PID)
    assert said in str(refused.value)


def test_the_private_listener_is_not_opened_to_others_by_a_socket() -> None:
    with socket.create_server(("0.0.0.0", 0)) as sock:
        with pytest.raises(ConfigInvalid, match=r"expected a loopback address .*, got 0\.0\.0\.0 without any"):
            Sockets(private=sock).placed(build(settings()))
        token = {"port": 0, "access_token": "a-token-that-is-long-enough"}
        placed = Sockets(private=sock).placed(build(settings(private=token))).private
    assert (placed.host, placed.access_token) == ("0.0.0.0", build(settings(private=token)).private.access_token)


def test_the_address_of_a_socket_takes_the_place_of_the_configured_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        placed = Sockets(public=sock).placed(build(settings()))
        assert placed.public.port == sock.getsockname()[1]
    assert placed.private == build(settings()).private
