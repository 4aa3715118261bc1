"""Four digits that say which incident is meant."""

from alerts.reply_codes import incident_meant, reply_code


def test_a_code_is_four_digits_and_always_the_same():
    codes = {reply_code(f"i1-{number}") for number in range(500)}
    assert all(code.isdigit() and len(code) == 4 and code[0] != "0" for code in codes)
    assert len(codes) > 450
    assert reply_code("i1-7") == reply_code("i1-7")


def test_an_incident_is_meant_by_its_code_or_by_its_name():
    opened = ["i1-1", "i1-2"]
    assert incident_meant(reply_code("i1-2"), opened) == "i1-2"
    assert incident_meant("i1-1", opened) == "i1-1"
    assert incident_meant("0000", opened) is None


def test_without_a_code_the_only_one_that_is_open_is_meant():
    assert incident_meant("", ["i1-1"]) == "i1-1"
    assert incident_meant("", ["i1-1", "i1-2"]) is None
    assert incident_meant("", []) is None


def test_of_two_with_the_same_code_none_is_guessed():
    first: dict[str, str] = {}
    name = next(name for number in range(10_000) if first.setdefault(reply_code(name := f"i1-{number}"), name) != name)
    assert incident_meant(reply_code(name), [name, first[reply_code(name)]]) is None
