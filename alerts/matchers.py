"""Which alerts are meant?

A matcher compares one label: `severity="critical"`, `tenant!="demo"`, `room_name=~"class-.*"`, `region!~"us1|us2"`.
The regular expressions are about the whole value.  A label that an alert has not is empty, so `tenant=""` means the
alerts without a tenant, and `tenant!="demo"` these as well.  Several matchers mean what all of them agree with.

The text is that of amtool and of Alertmanager: quotes may be left out, braces around several are welcome, and what a
matcher prints reads back as itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from alerts.patterns import PatternError, compiled, fits

VALUE_CHARACTERS = 1000

OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda wanted, value: value == wanted,
    "!=": lambda wanted, value: value != wanted,
    "=~": fits,
    "!~": lambda wanted, value: not fits(wanted, value),
}

_REFUSALS = {
    "=": "{name} is {value}, not {wanted}",
    "!=": "{name} is {value}, which it must not be",
    "=~": "{name} is {value}, which does not match {wanted}",
    "!~": "{name} is {value}, which matches {wanted}",
}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ONE = re.compile(  # each part takes what it can and gives nothing back: time is that of reading it once
    r"\s*+(?P<name>[^\s=!~,\"{}]++)\s*+(?P<operator>=~|!~|!=|=)\s*+"
    r"(?:\"(?P<quoted>(?:\\.|[^\"\\])*+)\"\s*+|(?P<bare>[^\",=]*+))(?:,\s*+|$)",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\([\\\"n])")


class MatcherError(ValueError):
    """A matcher that cannot be understood, and what would have been."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """What one label must be, or must not be."""

    name: str
    operator: str
    value: str

    def __post_init__(self) -> None:
        """Refuse what could never be asked of an alert.

        Raises:
            MatcherError: with what was expected.
        """
        if not _NAME.fullmatch(self.name):
            raise MatcherError(f"expected the name of a label such as severity, got {self.name[:100]!r}")
        if self.operator not in OPERATORS:
            raise MatcherError(f"expected an operator ({', '.join(OPERATORS)}), got {self.operator[:10]!r}")
        if len(self.value) > VALUE_CHARACTERS:
            raise MatcherError(f"expected a value of at most {VALUE_CHARACTERS} characters, got {len(self.value)}")
        if self.operator in ("=~", "!~"):
            _check_pattern(self.name, self.value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant."""
        return OPERATORS[self.operator](self.value, labels.get(self.name, ""))

    def refusal(self, labels: Mapping[str, str]) -> str:
        """Return why an alert with these labels is not meant, or nothing if it is."""
        if self.matches(labels):
            return ""
        value = labels.get(self.name, "")
        if not value:
            return f"{self.name} is not set"
        return _REFUSALS[self.operator].format(name=self.name, value=value, wanted=self.value)

    def __str__(self) -> str:
        """Return the text that reads back as this matcher."""
        value = self.value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        return f'{self.name}{self.operator}"{value}"'


def parse_matcher(text: str) -> Matcher:
    """Return the one matcher that the text states.

    Raises:
        MatcherError: it cannot be understood, or it states several.
    """
    matchers = parse_matchers(text)
    if len(matchers) != 1:
        raise MatcherError(f"expected one matcher, got {len(matchers)} in {text[:100]!r}")
    return matchers[0]


def parse_matchers(given: str | Iterable[str]) -> tuple[Matcher, ...]:
    """Return the matchers of a text such as `severity="critical", tenant!="demo"`, or of several such texts.

    Raises:
        MatcherError: one of them cannot be understood.
    """
    texts = [given] if isinstance(given, str) else given
    return tuple(matcher for text in texts for matcher in _read(text))


def from_mapping(match: Mapping[str, str]) -> tuple[Matcher, ...]:
    """Return the matchers of labels and the values that they must have.

    Raises:
        MatcherError: a name is not that of a label.
    """
    return tuple(Matcher(name, "=", value) for name, value in match.items())


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every matcher agrees with these labels."""
    return all(matcher.matches(labels) for matcher in matchers)


def first_refusal(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> str:
    """Return why one of the matchers does not agree, or nothing if all do."""
    return next((refusal for matcher in matchers if (refusal := matcher.refusal(labels))), "")


def written(matchers: Sequence[Matcher]) -> str:
    """Return the text that reads back as these matchers."""
    return f"{{{', '.join(map(str, matchers))}}}"


def _read(text: str) -> Iterable[Matcher]:
    inner = _without_braces(text.strip())
    at = 0
    while at < len(inner):
        found = _ONE.match(inner, at)
        if found is None:
            raise MatcherError(f"""expected a matcher such as severity="critical", got {inner[at : at + 100]!r}""")
        value = found["bare"].rstrip() if found["quoted"] is None else found["quoted"]
        yield Matcher(found["name"], found["operator"], _ESCAPED.sub(_unescaped, value))
        at = found.end()


def _without_braces(text: str) -> str:
    if not text.startswith("{"):
        return text
    if not text.endswith("}"):
        raise MatcherError(f"expected a closing brace at the end, got {text[-100:]!r}")
    return text[1:-1].strip()


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] == "n" else escape[1]


def _check_pattern(name: str, pattern: str) -> None:
    try:
        compiled(pattern)
    except PatternError as error:
        raise MatcherError(f"{name}: {error}") from None
