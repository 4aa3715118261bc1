"""Who is told of what a receiver could not be told of?"""

import pytest

from tests.conftest import Start
from tests.integration.test_reload import Hooks, begin, report, until


@pytest.fixture
async def hooks():
    hooks = Hooks()
    await hooks.open()
    yield hooks
    await hooks.door.close()


@pytest.mark.promise("P13")
async def test_a_receiver_that_refuses_is_stood_in_for_and_the_stand_in_hears_the_end(start: Start, hooks: Hooks):
    running = await begin(start, hooks, "broken", "mail", alerts={"fallback_receiver": "mail"})
    hooks.refuses.add("broken")
    await report(running, 0)
    await until(lambda: ("mail", "firing", "broken could not be told") in hooks.said)
    hooks.refuses.clear()
    await report(running, 5)
    await until(lambda: len(hooks.said) > 1)
    assert [said[:2] for said in hooks.said] == [("mail", "firing"), ("mail", "resolved")], "nobody has a ghost closed"
