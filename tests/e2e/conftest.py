"""What the expensive tests share, so that it is started once."""

from collections.abc import Iterator

import pytest

from tests.e2e import tools


@pytest.fixture(scope="session")
def demo() -> Iterator[tools.Demo]:
    """The demo, as a person starts it."""
    with tools.demo() as running:
        yield running


@pytest.fixture
def promtool() -> str:
    return tools.tool("promtool")
