"""What mutes an alert can be told from the words in which it is said."""

from alerts.muting import MUTED_BY, inhibited, muted_by, muted_by_time, silenced
from alerts.silences import Silence
from alerts.time_windows import TimeWindows
from tests.alert_builders import make_alert, make_plan

ALWAYS = TimeWindows(())
SILENCE = Silence("s1", (), 0.0, 1.0, "inhibited by nobody", "muted during work", 0.0)


def test_what_mutes_is_one_of_three_whatever_people_write_into_their_reasons():
    never = muted_by_time(make_plan("ops", active_during=("days",)), {"days": ALWAYS}, 0.0)[0]
    whys = (silenced(SILENCE), inhibited(make_alert(), "Blind"), never)
    assert never
    assert tuple(muted_by(why) for why in whys) == MUTED_BY
