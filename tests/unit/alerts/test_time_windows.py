from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.time_windows import TimeWindowError, TimeWindows, build_time_window

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
HOUR_S = 3600.0


def windows(*specs, **spec):
    return TimeWindows(tuple(build_time_window(**each) for each in (specs or (spec,))))


def at(text, zone="UTC", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def test_a_window_is_by_the_clock_of_its_place():
    office = windows(times=["09:00-17:00"], weekdays=["mon-fri"], location=NEW_YORK)
    assert office.contains(at("2026-01-14 09:00", NEW_YORK))
    assert office.contains(at("2026-01-14 21:59:59"))  # it is 16:59:59 there
    assert not office.contains(at("2026-01-14 22:00"))
    assert not office.contains(at("2026-01-17 12:00", NEW_YORK))  # a Saturday


def test_a_night_belongs_to_the_day_on_which_it_begins():
    nights = windows(times=["22:00-06:00"], weekdays=["fri"])
    assert nights.contains(at("2026-01-16 22:00"))
    assert nights.contains(at("2026-01-17 05:59"))
    assert not nights.contains(at("2026-01-17 06:00"))
    assert not nights.contains(at("2026-01-16 03:00"))  # that is Thursday's night
    assert not nights.contains(at("2026-01-17 22:00"))


def test_until_midnight_is_written_as_24_or_as_00():
    for text in ("20:00-24:00", "20:00-00:00"):
        evening = windows(times=[text])
        assert evening.contains(at("2026-01-16 23:59:59"))
        assert not evening.contains(at("2026-01-17 00:00"))


def test_negative_days_count_from_the_end_of_the_month():
    end = windows(days_of_month=["-3:-1"])
    days = [day for day in range(1, 29) if end.contains(at(f"2026-02-{day:02} 12:00"))]
    assert days == [26, 27, 28]
    assert end.contains(at("2028-02-29 12:00"))
    assert not end.contains(at("2028-02-26 12:00"))


def test_from_the_tenth_to_the_third_but_last_is_a_range():
    middle = windows(days_of_month=["10:-3"])
    days = [day for day in range(1, 32) if middle.contains(at(f"2026-03-{day:02} 12:00"))]
    assert days == list(range(10, 30))


def test_the_29th_of_february_is_every_four_years():
    leap = windows(days_of_month=["29"], months=["feb"])
    assert leap.contains(at("2028-02-29 00:00"))
    assert not leap.contains(at("2027-03-01 00:00"))
    assert leap.next_change(at("2026-06-01 00:00")) is None  # not within a year
    assert leap.next_change(at("2027-06-01 00:00")) == at("2028-02-29 00:00")
    assert leap.next_change(at("2028-02-29 12:00")) == at("2028-03-01 00:00")


def test_weekdays_and_months_go_around():
    assert windows(weekdays=["sat:mon"]).contains(at("2026-01-18 12:00"))
    assert not windows(weekdays=["sat:mon"]).contains(at("2026-01-20 12:00"))
    winter = windows(months=["november:2"])
    assert [month for month in range(1, 13) if winter.contains(at(f"2026-{month:02}-10"))] == [1, 2, 11, 12]


def test_years_end():
    assert windows(years=["2026"]).next_change(at("2026-12-30")) == at("2027-01-01")
    assert windows(years=["2026-2027"]).contains(at("2027-12-31 23:59"))


def test_several_under_one_name_are_when_one_of_them_is():
    open_ = windows(
        {"times": ["09:00-17:00"], "weekdays": ["mon-fri"], "location": BERLIN},
        {"times": ["16:00-20:00"], "weekdays": ["mon-fri"], "location": BERLIN},
    )
    assert open_.next_change(at("2026-01-14 10:00", BERLIN)) == at("2026-01-14 20:00", BERLIN)


def test_a_window_of_everything_never_changes():
    assert windows().contains(0.0)
    assert windows().next_change(at("2026-01-14 10:00")) is None


@pytest.mark.parametrize(("zone", "day"), [(BERLIN, "2026-03-29"), (NEW_YORK, "2026-03-08")])
def test_in_spring_an_hour_that_does_not_exist_is_in_no_window(zone, day):
    night = windows(times=["02:00-03:00"], location=zone)
    begin = at(f"{day} 00:00", zone)
    assert not any(night.contains(begin + minute * 60) for minute in range(23 * 60))
    assert night.next_change(begin) == at(f"{day} 02:00", zone) + 23 * HOUR_S  # tomorrow's


@pytest.mark.parametrize(("zone", "day", "hour"), [(BERLIN, "2026-10-25", 2), (NEW_YORK, "2026-11-01", 1)])
def test_in_autumn_an_hour_that_comes_twice_is_in_it_twice(zone, day, hour):
    night = windows(times=[f"0{hour}:00-0{hour + 1}:00"], location=zone)
    begin = at(f"{day} 0{hour}:00", zone)
    assert night.next_change(begin - 1) == begin
    assert night.next_change(begin) == begin + 2 * HOUR_S


def test_half_of_an_hour_that_comes_twice_is_two_windows():
    night = windows(times=["02:00-02:30"], location=BERLIN)
    begin = at("2026-10-25 02:00", BERLIN)
    changes, moment = [], begin - 1
    for _ in range(4):
        moment = night.next_change(moment)
        changes.append((moment - begin) / HOUR_S)
    assert changes == [0, 0.5, 1, 1.5]


def test_a_window_that_is_open_while_the_clock_changes_stays_open():
    night = windows(times=["22:00-06:00"], location=BERLIN)
    begin = at("2026-03-28 22:00", BERLIN)
    assert night.next_change(begin) == begin + 7 * HOUR_S
    begin = at("2026-10-24 22:00", BERLIN)
    assert night.next_change(begin) == begin + 9 * HOUR_S


clock = st.integers(0, 23).flatmap(lambda hour: st.sampled_from([f"{hour:02}:00", f"{hour:02}:30", f"{hour:02}:59"]))
spans = st.tuples(clock, clock).filter(lambda pair: pair[0] != pair[1]).map("-".join)
specs = st.fixed_dictionaries(
    {
        "times": st.lists(spans, max_size=2),
        "weekdays": st.lists(st.sampled_from(["mon-fri", "sat", "fri-mon", "sunday"]), max_size=2),
        "days_of_month": st.lists(st.sampled_from(["1:5", "-3:-1", "29", "20:-2", "31"]), max_size=2),
        "months": st.lists(st.sampled_from(["mar", "10:11", "nov:feb", "april"]), max_size=2),
        # Lord Howe moves its clock by half an hour, Apia left a day out, Havana changes at midnight.
        "location": st.sampled_from(
            [BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "Pacific/Apia"]
        ),
    }
)
moments = st.sampled_from(
    [at(day) for day in ("2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31", "2028-02-28", "2011-12-28")]
)


@given(st.lists(specs, min_size=1, max_size=2), moments, st.integers(0, 3 * 86_400))
def test_nothing_changes_but_at_a_change(several, day, later_s):
    window = windows(*several)
    moment = float(day + later_s)
    change = window.next_change(moment)
    until = moment + 4 * 86_400 if change is None else min(change, moment + 4 * 86_400)
    steps = range(int(moment), int(until), 300)
    assert {window.contains(step) for step in steps} | {window.contains(until - 1)} <= {window.contains(moment)}
    if change is not None:
        assert window.contains(change) is not window.contains(moment)


@pytest.mark.parametrize(
    ("key", "text", "complaint"),
    [
        ("times", "9-17", "expected a time of the day such as 09:00-17:00, got '9-17'"),
        ("times", "09:00-25:00", "from 00:00 to 24:00"),
        ("times", "24:00-01:00", "from 00:00 to 24:00"),
        ("times", "09:60-10:00", "from 00:00 to 24:00"),
        ("times", "09:00-09:00", "an end other than the beginning"),
        ("weekdays", "mo", "expected a day such as mon or friday, got 'mo'"),
        ("days_of_month", "0", "from 1 to 31"),
        ("days_of_month", "32", "from 1 to 31"),
        ("days_of_month", "5:1", "from the earlier to the later"),
        ("days_of_month", "-5:3", "from the earlier to the later"),
        ("months", "13", "expected a month such as 12, dec or december"),
        ("years", "27", "expected a year such as 2027"),
        ("years", "2027-2026", "from the earlier to the later"),
        ("years", "2026 and 2027", "expected one, or a range"),
    ],
)
def test_a_window_at_fault_is_told_what_was_expected(key, text, complaint):
    with pytest.raises(TimeWindowError, match=complaint) as error:
        build_time_window(**{key: [text]})
    assert error.value.key == key


@pytest.mark.parametrize("name", ["Europe/Berln", "Europe", "../etc/passwd", "", "Mars/Olympus"])
def test_a_place_that_has_no_zone_is_refused(name):
    with pytest.raises(TimeWindowError, match="expected a zone such as Europe/Berlin"):
        build_time_window(location=name)


def test_a_place_that_is_nearly_one_is_named():
    with pytest.raises(TimeWindowError, match="did you mean 'Europe/Berlin'"):
        build_time_window(location="Europe/Berln")
