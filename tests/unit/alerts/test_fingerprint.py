from alerts.fingerprint import dedup_key, episode_id, fingerprint
from tests.alert_builders import START


def test_identities_do_not_change_from_release_to_release():
    # What is open at a pager was opened under these names; a change here needs a new version prefix.
    mark = fingerprint("Bad", "PA1")
    assert mark == "f1-6efb0e3ffff35e47"
    assert episode_id(mark, START) == "e1-79a9e4e9e6f716c4"
    assert dedup_key("here", "ops", mark, "e") == "rw1-05a1ba161f1871f04e60df874b2a4491"


def test_identities_do_not_depend_on_where_their_parts_are_split():
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
