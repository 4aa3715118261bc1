from alerts.fingerprint import dedup_key, episode_id, fingerprint, group_key, incident_id
from tests.alert_builders import START


def test_identities_do_not_change_from_release_to_release():
    # What is open at a pager was opened under these names; a change here needs a new version prefix.
    mark = fingerprint("Bad", "PA1")
    assert mark == "f1-6efb0e3ffff35e47"
    assert episode_id(mark, START) == "e1-79a9e4e9e6f716c4"
    group = group_key("pager", {"room_name": "class", "alertname": "Bad"})
    assert group == "g1-6bc293d463320811"
    assert incident_id(group, START) == "i1-d1e3056d3ed80aaf"
    assert dedup_key("here", "ops", "i1-0") == "rw2-a337777f46f03b71e0125cc058d2127e"


def test_a_group_is_the_same_in_whatever_order_its_labels_come():
    assert group_key("r", {"a": "1", "b": "2"}) == group_key("r", {"b": "2", "a": "1"})
    assert group_key("r", {"a": "1"}) != group_key("r", {"a": "2"}) != group_key("s", {"a": "2"})


def test_identities_do_not_depend_on_where_their_parts_are_split():
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
