"""How sizes are said."""

import pytest

from monitor.sizes import in_words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_600, "1 MB"),
        (33_554_432, "33.6 MB"),
        (1.2e9, "1.2 GB"),
        (5e15, "5e+03 TB"),
    ],
)
def test_a_size_is_said_with_three_digits_and_its_unit(size_bytes: float, words: str) -> None:
    assert in_words(size_bytes) == words
