"""Can this pattern take for ever?

Patterns come from people at their worst hour, and Python's `re` tries every way in which a text could fit: `(a+)+b`
against thirty times an `a` takes minutes, during which nothing else runs.  So a pattern is read before it is compiled,
and the number of ways is counted that a text of `VALUE_LIMIT` characters could be tried in: things in a row multiply,
alternatives add up, an open repetition has as many ways as there are characters, and a repetition of something that
itself has more than one way is refused.  What could take more than `WAYS_LIMIT` is refused with it.

A pattern is always about the whole value.  What Alertmanager's RE2 has not, lookaround and backreferences, is refused
here as well, so that a matcher means the same in both.
"""

import re
import warnings
from functools import lru_cache

PATTERN_LIMIT = 500
REPEAT_LIMIT = 1000  # RE2's own
VALUE_LIMIT = 256  # names have at most 128 characters at Twilio, and the labels of rules are short
WAYS_LIMIT = VALUE_LIMIT**3  # three times `.*`: some tens of milliseconds, at the very worst

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?:)?)"
    r"|(?P<close>\))"
    r"|(?P<bar>\|)"
    r"|(?P<optional>\?\??)"
    r"|(?P<many>[*+]\??)"
    r"|(?P<counted>\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\}\??)"
    r"|(?P<plain>.)",
    re.DOTALL,
)
_IGNORING_CASE = "(?i)"


class PatternError(ValueError):
    """A pattern that does not compile, or that is not safe to use."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern, compiled.

    Raises:
        PatternError: it cannot be compiled, or might take too long.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise PatternError(f"expected a pattern of at most {PATTERN_LIMIT} characters, got {len(pattern)}")
    _Ways(pattern.removeprefix(_IGNORING_CASE)).check()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of how sets may be read by some later Python
            return re.compile(pattern, re.DOTALL)
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"expected a regular expression, got {pattern!r}: {error}") from None


def fits(pattern: str, value: str) -> bool:
    """Whether the whole value, or the beginning of a very long one, is what the pattern describes."""
    return compiled(pattern).fullmatch(value[:VALUE_LIMIT]) is not None


class _Ways:
    """Counts in how many ways a text could be tried against a pattern; reads it from left to right, once."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._tokens = list(_TOKEN.finditer(pattern))
        self._next = 0

    def check(self) -> None:
        try:
            ways = self._alternatives()
        except RecursionError:
            raise self._refused("fewer groups in one another") from None
        if self._next < len(self._tokens):
            raise PatternError(f"expected a regular expression, got {self._pattern!r}: a ) without its (")
        if ways > WAYS_LIMIT:
            raise self._refused("at most three open repetitions in a row, and few alternatives beside them")

    def _alternatives(self) -> int:
        ways = self._row()
        while self._is_at("bar"):
            self._next += 1
            ways += self._row()
        return ways

    def _row(self) -> int:
        ways = 1
        while self._next < len(self._tokens) and not self._is_at("bar", "close"):
            ways = min(ways * self._repeated(self._one()), WAYS_LIMIT + 1)
        return ways

    def _one(self) -> int:
        token = self._tokens[self._next]
        self._next += 1
        if token.lastgroup == "escape" and token[0][1].isdigit():
            raise self._refused("no reference to what was found before")
        return self._group() if token.lastgroup == "open" else 1

    def _group(self) -> int:
        if self._is_at("optional"):
            raise self._refused("no group that begins with (? but for (?:, and (?i) at the very beginning")
        ways = self._alternatives()
        if not self._is_at("close"):
            raise PatternError(f"expected a regular expression, got {self._pattern!r}: a ( without its )")
        self._next += 1
        return ways

    def _repeated(self, ways: int) -> int:
        while self._is_at("optional", "many", "counted"):
            token = self._tokens[self._next]
            self._next += 1
            ways = 1 + ways if token.lastgroup == "optional" else self._many(ways, token)
        return ways

    def _many(self, ways: int, token: re.Match[str]) -> int:
        if ways > 1:
            raise self._refused("no repetition of what has alternatives or repetitions in it")
        if token.lastgroup == "many":
            return VALUE_LIMIT
        counts = [int(count) for count in (token["least"], token["most"]) if count]
        if max(counts, default=0) > REPEAT_LIMIT:
            raise self._refused(f"at most {REPEAT_LIMIT} repetitions")
        # Exactly n times is one way, but it counts as more, lest such groups be repeated in one another.
        return VALUE_LIMIT if token["comma"] else 1 + (self._tokens[self._next - 2].lastgroup == "close")

    def _is_at(self, *kinds: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next].lastgroup in kinds

    def _refused(self, wanted: str) -> PatternError:
        return PatternError(f"expected {wanted}, got {self._pattern!r}, which could take too long")
