"""When does the daemon know that it does not see?"""

import pytest

from alerts.default_rules import DEFAULT_RULES
from alerts.engine import Engine
from alerts.model import Kind, Reading, State
from alerts.rules import VOCABULARY
from collectors.events import AccountTrouble, Source, Trouble
from monitor.blindness import (
    LOG_BEHIND_S,
    TOLD_BY,
    Blindness,
    Ears,
    Eyes,
    Posts,
    Sight,
    account_of,
    last_seen_s,
    through,
)
from monitor.daemon_readings import Vitals, of_daemon
from monitor.entities import Account, Ref
from monitor.live import Live
from tests.alert_builders import START, make_alert
from tests.builders import ACCOUNT, ALICE, NOW_MS, ROOM, batch, composition, level, room

AFTER_S = 30.0
OTHER = "AC" + "b" * 32


# --- eyes ----------------------------------------------------------------------------------------------------


def troubled(*troubles: Trouble, since_s: float = START) -> dict[str, Account]:
    return {ACCOUNT: Account(ACCOUNT, troubles={each: int(since_s * 1000) for each in troubles}), OTHER: Account(OTHER)}


@pytest.mark.promise("P22")
@pytest.mark.parametrize("trouble", [Trouble.UNREACHABLE, Trouble.AUTH_LOST])
def test_an_account_that_can_neither_be_asked_nor_calls_back_is_not_seen(trouble):
    eyes, accounts = Eyes(AFTER_S), troubled(trouble)
    assert not eyes.look(accounts, START + 29)
    assert set(eyes.look(accounts, START + 30)) == {ACCOUNT}


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.CALLBACKS_SILENT])
def test_other_troubles_make_nobody_blind(trouble):
    assert not Eyes(AFTER_S).look(troubled(trouble), START + 3600)


def test_while_callbacks_come_an_account_is_seen():
    eyes, accounts = Eyes(AFTER_S), troubled(Trouble.UNREACHABLE)
    eyes.hear_callback(ACCOUNT, START + 20)
    assert not eyes.look(accounts, START + 49)
    assert eyes.look(accounts, START + 50)
    eyes.hear_callback(ACCOUNT, START + 60)
    assert not eyes.look(accounts, START + 61)


@pytest.mark.promise("P22")
def test_an_account_is_seen_again_once_what_was_missed_can_have_been_asked_for():
    eyes, well = Eyes(AFTER_S), troubled()
    assert eyes.look(troubled(Trouble.UNREACHABLE), START + 30)
    assert eyes.look(well, START + 32)
    assert eyes.look(well, START + 59)
    assert not eyes.look(well, START + 60)
    assert not eyes.look(well, START + 61)


def test_an_account_that_was_never_blind_has_nothing_to_catch_up_with():
    eyes = Eyes(AFTER_S)
    assert not eyes.look(troubled(Trouble.UNREACHABLE), START + 10)
    assert not eyes.look(troubled(), START + 12)


# --- ears ----------------------------------------------------------------------------------------------------


class Crowd:
    """People in rooms of four whose browsers post every five seconds."""

    def __init__(self, people: int = 20, rooms: int = 5) -> None:
        self.heard = dict.fromkeys(range(people), START)
        self.rooms = rooms
        self.silent: set[int] = set()
        self.taken = self.refused = 0
        self.is_refused = False
        self.asked = 0
        self.now_s = START
        self.ears = Ears(AFTER_S)
        self.why = ""

    def people(self, rooms=None):
        step = 1 if rooms is None else max(1, self.rooms // rooms)
        told = [(f"RM{room}", at_s) for number, at_s in self.heard.items() if not (room := number % self.rooms) % step]
        self.asked += len(told)
        return told

    def passes(self, seconds: float) -> str:
        """Let time pass, and listen every other second."""
        for _ in range(int(seconds)):
            self.now_s += 1
            for number in self.heard:
                if number not in self.silent and (self.now_s + number) % 5 == 0:
                    self._post(number)
            if self.now_s % 2 == 0:
                self.why = self.ears.listen(Posts(self.taken, self.refused), self.people, self.now_s)
        return self.why

    def _post(self, number: int) -> None:
        if self.is_refused:
            self.refused += 1
        else:
            self.taken += 1
            self.heard[number] = self.now_s


def test_while_browsers_tell_nobody_is_looked_at():
    crowd = Crowd()
    assert not crowd.passes(600)
    assert crowd.asked == 0


@pytest.mark.promise("P22")
def test_many_who_fall_silent_at_once_are_not_heard_until_half_of_them_tell_again():
    crowd = Crowd()
    crowd.passes(120)
    crowd.silent = set(range(17))
    assert not crowd.passes(25)
    assert crowd.passes(15) == "17 of 20 browsers in calls fell silent at once"
    assert crowd.passes(3600) == "17 of 20 browsers in calls fell silent at once"
    crowd.silent = set(range(11))
    assert crowd.passes(60)
    crowd.silent = set(range(10))
    assert not crowd.passes(10)


@pytest.mark.parametrize(
    ("people", "rooms", "silent", "is_deaf"),
    [
        (20, 5, 20, True),
        (20, 5, 16, True),
        (20, 5, 15, False),  # three in four
        (4, 2, 4, False),  # too few to mean anything
        (5, 2, 5, True),
        (8, 1, 8, True),  # there is but one room
    ],
)
def test_how_many_are_many(people, rooms, silent, is_deaf):
    crowd = Crowd(people, rooms)
    crowd.passes(120)
    crowd.silent = set(range(silent))
    assert bool(crowd.passes(60)) is is_deaf


def test_one_room_of_several_may_fall_silent():
    ears = Ears(AFTER_S)
    heard = [("RM1", START)] * 9 + [("RM2", START + 40)]

    def people(rooms=None):
        return heard

    ears.listen(Posts(0, 0), people, START - 60)
    ears.listen(Posts(100, 0), people, START)
    assert not ears.listen(Posts(101, 0), people, START + 40)


def test_of_many_people_few_are_looked_at_until_enough_of_those_tell_again():
    crowd = Crowd(people=6_000, rooms=3_000)
    crowd.passes(70)
    crowd.silent = set(range(6_000))
    assert crowd.passes(60)
    crowd.asked = 0
    assert crowd.passes(60)
    assert crowd.asked <= 30 * 1_000
    crowd.silent = set(range(3_100))
    assert crowd.passes(40), "they are fewer than half"
    crowd.silent = set(range(2_900))
    assert not crowd.passes(10)


@pytest.mark.parametrize("begins_anew", [True, False])
def test_after_a_time_in_which_nobody_could_be_heard_silence_begins_to_count_anew(begins_anew):
    crowd = Crowd()
    crowd.passes(120)
    crowd.now_s += 3 * AFTER_S // 2
    if begins_anew:
        crowd.ears.begin_anew()
    crowd.silent = set(range(20))
    assert bool(crowd.passes(2)) is not begins_anew


def test_those_who_left_are_not_missed():
    crowd = Crowd()
    crowd.passes(120)
    crowd.silent = set(range(20))
    crowd.passes(20)
    crowd.heard.clear()
    assert not crowd.passes(100)


def test_those_who_all_left_while_nobody_was_heard_end_it():
    crowd = Crowd()
    crowd.passes(120)
    crowd.silent = set(range(20))
    assert crowd.passes(60)
    crowd.heard.clear()
    assert not crowd.passes(10)


@pytest.mark.promise("P22")
def test_a_daemon_that_refuses_nearly_everything_does_not_hear():
    crowd = Crowd()
    crowd.passes(120)
    crowd.is_refused = True
    assert crowd.passes(40) == "The daemon refuses what browsers tell, since it cannot store it"
    crowd.is_refused = False
    assert not crowd.passes(60)


def test_a_daemon_that_has_just_begun_to_listen_is_not_deaf():
    crowd = Crowd()
    crowd.silent = set(range(20))
    assert not crowd.passes(120)


# --- what rules are shown --------------------------------------------------------------------------------------


def test_what_somebody_tells_are_values_that_rules_know():
    for told in TOLD_BY.values():
        for kind, values in told.items():
            assert set(values) <= set(VOCABULARY[kind].values), kind


def reading(kind: Kind, **values: float) -> Reading:
    return Reading(kind, "it", values)


BLIND = Sight(accounts={ACCOUNT: "Twilio tells nothing"})
DEAF = Sight(browsers="they fell silent")


@pytest.mark.promise("P22")
@pytest.mark.parametrize(
    ("sight", "kind", "untrusted"),
    [
        (BLIND, Kind.ROOM, {"participants", "occupancy_ratio", "overdue_s"}),
        (DEAF, Kind.ROOM, {"degraded_ratio"}),
        (BLIND, Kind.PARTICIPANT, set()),
        (DEAF, Kind.PARTICIPANT, {"level", "rtt_ms", "jitter_ms", "loss_ratio"}),
        (BLIND, Kind.COMPOSITION, {"overdue_s", "missing", "failed", "empty"}),
        (DEAF, Kind.COMPOSITION, set()),
        (BLIND, Kind.ACCOUNT, set()),
    ],
)
def test_only_what_is_told_by_who_is_silent_is_not_trusted(sight, kind, untrusted):
    assert set(through(sight, reading(kind), ACCOUNT).untrusted) == untrusted


def test_the_rooms_of_another_account_are_seen_and_those_of_nobody_knows_which_are_not():
    assert not through(BLIND, reading(Kind.ROOM), OTHER).untrusted
    assert through(BLIND, reading(Kind.ROOM), None).untrusted


@pytest.mark.promise("P22")
@pytest.mark.parametrize(
    ("gone", "is_believed"),
    [("room_ended", True), ("participant_left", True), ("not_seen_any_more", False), ("no_word_of_room", False)],
)
def test_only_a_certain_end_is_believed(gone, is_believed):
    seen = through(BLIND, Reading(Kind.ROOM, ROOM, gone=gone), ACCOUNT)
    assert (seen.gone == gone) is is_believed
    assert bool(seen.untrusted) is not is_believed


def test_the_daemon_says_what_it_does_not_see():
    both = Sight({ACCOUNT: "Twilio tells nothing"}, "they fell silent")
    seen = of_daemon("roomwatch", Vitals(), both)
    assert (seen.values["blind"], seen.details["why"]) == (1.0, "Twilio tells nothing; they fell silent")
    assert of_daemon("roomwatch", Vitals(), Sight()).values["blind"] == 0


# --- the picture -----------------------------------------------------------------------------------------------


def picture() -> Live:
    live = Live([ACCOUNT, OTHER], NOW_MS)
    live.apply(room(account_sid=ACCOUNT))
    live.apply(batch(level(1), at_ms=NOW_MS + 5000))
    live.apply(composition("processing", account_sid=OTHER))
    return live


def test_things_belong_to_accounts():
    live = picture()
    (made,) = live.compositions
    refs = [Ref("room", ROOM), Ref("participant", f"{ROOM}/{ALICE}"), Ref("composition", made), Ref("account", OTHER)]
    assert [account_of(live, ref) for ref in refs] == [ACCOUNT, ACCOUNT, OTHER, OTHER]
    assert account_of(live, Ref("room", "RM of nobody")) is None


def test_all_who_fell_silent_are_counted_though_some_rooms_are_looked_at_first():
    live, blindness = Live([ACCOUNT], NOW_MS), Blindness(AFTER_S)
    for number in range(1_200):
        live.apply(batch(level(5), room_sid=f"RM{number:032x}", reporter=f"PA{number:032x}", at_ms=NOW_MS))
    for after_s, taken in ((-2 * AFTER_S, 0), (0, 1_200), (AFTER_S, 1_200)):
        sight = blindness.look(live, Posts(taken, 0), NOW_MS / 1000 + after_s)
    assert not sight.browsers, "they were heard within half a minute"
    assert blindness.look(live, Posts(1_200, 0), NOW_MS / 1000 + AFTER_S + 1).browsers.startswith("1200 of 1200 ")


def test_both_senses_are_asked_together():
    live, blindness = picture(), Blindness(AFTER_S)
    live.apply(AccountTrouble(NOW_MS, Source.SELF, ACCOUNT, Trouble.UNREACHABLE, is_on=True))
    assert not blindness.look(live, Posts(1, 0), NOW_MS / 1000).is_blind
    assert set(blindness.look(live, Posts(1, 0), NOW_MS / 1000 + AFTER_S).accounts) == {ACCOUNT}


def test_while_the_log_that_all_replicas_write_to_cannot_be_followed_nothing_is_believed_but_what_is_known_of_oneself():
    live, blindness = picture(), Blindness(AFTER_S)
    assert not blindness.look(live, Posts(1, 0), START, behind_s=LOG_BEHIND_S).is_blind
    sight = blindness.look(live, Posts(1, 0), START, behind_s=LOG_BEHIND_S + 1)
    assert sight.why == "The log that all replicas write to cannot be followed"
    for kind in Kind:
        seen = through(sight, Reading(kind, "it", {}), None)
        assert set(seen.untrusted) == (set() if kind is Kind.DAEMON else set(VOCABULARY[kind].values)), kind
    assert not blindness.look(live, Posts(1, 0), START, behind_s=0.1).is_blind


@pytest.mark.promise("P23")
def test_an_earlier_life_watched_until_the_last_word_that_it_kept():
    live = picture()
    assert last_seen_s(live, []) == NOW_MS / 1000 + 5
    assert last_seen_s(live, [make_alert(since=NOW_MS / 1000 + 9)]) == NOW_MS / 1000 + 9
    assert last_seen_s(Live(), []) is None


def test_whoever_reads_that_it_sees_again_reads_why_it_did_not():
    engine = Engine([rule for rule in DEFAULT_RULES if rule.name == "MonitorBlind"])
    sights = [(0, Sight({ACCOUNT: "Twilio tells nothing of account AC1"})), (60, Sight()), (90, Sight())]
    for seconds, sight in sights:
        look = engine.judge([of_daemon("roomwatch", Vitals(), sight)], START + seconds)
        engine.adopt(look.alerts, look.deadlines)
    (over,) = look.alerts
    assert over.state is State.INACTIVE
    assert over.annotations["description"].startswith("Twilio tells nothing of account AC1. Alerts that go by")
