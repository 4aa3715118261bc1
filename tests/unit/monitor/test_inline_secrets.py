"""Which secrets stand in the file itself."""

import tomllib

from monitor.inline_secrets import inline_secrets


def found(text: str) -> list[str]:
    return [".".join(map(str, path)) for path in inline_secrets(tomllib.loads(text))]


def test_secrets_are_found_in_every_kind_of_table() -> None:
    text = """
        [private]
        access_token = "x"
        tokens = { ann = { role = "viewer", token = "x" }, ben = { role = "viewer", token_file = "x" } }
        [[accounts]]
        account_sid = "x"
        api_secret_file = "x"
        auth_token = "x"
        signing_keys = [{ api_key = "x", api_secret = "x" }]
        [heartbeat]
        url = "x"
    """
    assert found(text) == [
        *("private.access_token", "private.tokens.ann.token"),
        *("accounts.0.auth_token", "accounts.0.signing_keys.0.api_secret", "heartbeat.url"),
    ]


def test_the_address_of_a_chat_lets_whoever_knows_it_post() -> None:
    text = """
        [receivers]
        chat = { kind = "slack", url = "x" }
        hook = { kind = "webhook", url = "x" }
        signed = { kind = "webhook", url = "x", secrets = ["x"] }
        mail = { kind = "smtp", sender = "x", to = ["x"], password_file = "x" }
    """
    assert found(text) == ["receivers.chat.url", "receivers.signed.secrets"]


def test_where_all_is_in_files_or_wrong_there_is_none() -> None:
    assert found('[private]\naccess_token_file = "x"\n') == []
    assert found('private = "x"\naccounts = [3]\nreceivers = { a = 3, b = { kind = "none" } }\n') == []
