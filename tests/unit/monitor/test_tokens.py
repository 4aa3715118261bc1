"""Whose a token is, and what a session proves."""

from monitor.http.tokens import Tokens
from monitor.roles import Role
from monitor.settings import Private

ANN, ADMIN = "the-token-of-ann-herself", "the-token-of-an-admin"


def tokens(**given: str) -> Tokens:
    named = {name: {"role": "viewer", "token": token} for name, token in given.items()}
    return Tokens(Private.model_validate({"access_token": ADMIN, "tokens": named}))


def test_a_token_is_of_whoever_it_was_given() -> None:
    held = tokens(ann=ANN).configured(ANN)
    assert held is not None
    assert (held.name, held.role) == ("ann", Role.VIEWER)


def test_nothing_of_a_token_is_shown() -> None:
    held = tokens(ann=ANN).configured(ANN)
    assert repr(held) == "Held('ann', viewer)"


def test_a_made_up_token_is_none_of_the_configuration() -> None:
    some = tokens(ann=ANN)
    local = some.new_local()
    assert some.made_up(local) is not None
    assert some.configured(local) is some.made_up(ANN) is None


def test_a_proof_holds_for_one_cookie_and_one_token() -> None:
    held = tokens(ann=ANN).configured(ANN)
    assert held is not None
    proof = held.proof("a cookie")
    assert tokens(ann=ANN).proven("ann", proof, "a cookie") is not None
    assert tokens(ann=ANN).proven("ann", proof, "another cookie") is None
    assert tokens(ann="another-token-of-ann").proven("ann", proof, "a cookie") is None
    assert tokens(ben=ANN).proven("ann", proof, "a cookie") is None
    assert tokens(ben=ANN).proven("ben", proof, "a cookie") is not None


def test_somebody_may_be_called_as_the_admin_is() -> None:
    some = tokens(admin=ANN)
    for token in (ANN, ADMIN):
        held = some.configured(token)
        assert held is not None
        assert some.proven("admin", held.proof("a cookie"), "a cookie") == held
