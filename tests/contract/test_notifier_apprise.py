"""What goes through Apprise, and what does not."""

import subprocess
import sys

import pytest

from alerts.model import NotificationKind
from alerts.notifiers.apprise import Apprise, AppriseConfig
from alerts.notifiers.base import Attempt
from alerts.notifiers.wording import POSSIBLY_TWICE
from tests.alert_builders import START, make_notification


def render(notification, attempt=None):
    return Apprise(AppriseConfig("json://127.0.0.1/s3cret")).render(notification, attempt or Attempt(START))


def test_a_message_has_a_title_a_text_and_a_type():
    trigger = render(make_notification())
    assert (trigger.title, trigger.type) == ("[FIRING:1] alice is cut off.", "failure")
    assert "Level 0 of 5." in trigger.body
    over = render(make_notification(NotificationKind.RESOLVE, at=START + 60))
    assert (over.title, over.type) == ("[RESOLVED] alice is cut off.", "success")
    assert render(make_notification(NotificationKind.ACKNOWLEDGE)).type == "info"


@pytest.mark.promise("P39")
def test_a_message_that_may_have_come_before_says_so():
    assert POSSIBLY_TWICE in render(make_notification(), Attempt(START, maybe_heard=True)).body


@pytest.mark.parametrize("pager", ["pagerduty", "opsgenie", "PagerDuty"])
def test_a_pager_is_not_told_through_apprise(pager):
    with pytest.raises(ValueError, match=f'url: expected kind = "{pager.lower()}"') as refused:
        AppriseConfig(f"{pager}://s3cret@s3cret")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "s3cret", "nosuch://s3cret", "slack://s3cret", "https://s3cret.example.com/x"])
def test_an_address_that_apprise_does_not_know_is_refused_without_being_shown(url, caplog, capfd):
    with pytest.raises(ValueError, match="url: expected an address that Apprise knows") as refused:
        AppriseConfig(url)
    assert "s3cret" not in f"{refused.value}{caplog.text}{capfd.readouterr()}"


def test_where_apprise_is_not_installed_that_is_said_and_nothing_else_needs_it():
    program = (
        "import sys; sys.modules['apprise'] = None\n"  # as it is where nobody installed it
        "from alerts.notifiers.registry import NOTIFIERS\n"
        "NOTIFIERS['log'](NOTIFIERS['log'].Config())\n"
        "NOTIFIERS['apprise'].Config('ntfy://topic')\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert run.stderr.strip().splitlines()[-1] == (
        "ValueError: kind: expected Apprise to be installed (pip install roomwatch[apprise]), found none"
    )


def test_apprise_is_not_loaded_for_those_who_do_not_use_it():
    program = "import sys, alerts.transport, alerts.notifiers.registry; print('apprise' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "False\n"
