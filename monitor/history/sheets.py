"""How are samples written so that people and spreadsheets read them, and read back without a loss?

As rows of text, under names with their units: times in ISO 8601, UTC; nothing where nothing is known.  What was kept in
steps of its field is the same number again once it is read and rounded to them.

What clients say ends up in spreadsheets, which take `=1+1` for something to do.  A word that begins like that is
written as JSON, in quotes; so is the empty word, which would be nothing known.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat

import msgspec
import numpy as np
from numpy.typing import NDArray

from monitor.history.samples import (
    LEVEL_FIELDS,
    MEDIA_FIELDS,
    NOTHING,
    Field,
    Samples,
    Table,
    Times,
    joined,
)

Row = Sequence[str]

LAST_MS = 4_200_000_000_000  # in the year 2103
_PIXELS = {"width", "height"}
_MOST_STEPS = 2.0**53  # whole numbers beyond it are not told apart
_ROWS_A_TIME = 10_000
_QUOTED = ("=", "+", "-", "@", "\t", "\r", '"')


def _named(field: Field) -> str:
    name = field.name.replace(".", "_")
    return f"{name}_px" if name.rpartition("_")[2] in _PIXELS else name


MEDIA_COLUMNS = ("at", *map(_named, MEDIA_FIELDS))
LEVEL_COLUMNS = ("at", "level", "subject_sid", "stats_json")


class Unreadable(Exception):
    """A row that is none of ours; `str()` says what was expected."""


# --- written ------------------------------------------------------------------------------------------------


def media_rows(samples: Samples) -> Iterator[Row]:
    """Return the media samples, as rows of `MEDIA_COLUMNS`."""
    columns = (_texts(samples.media[:, place], each, samples.words) for place, each in enumerate(MEDIA_FIELDS))
    return zip(moments(samples.at_ms), *columns, strict=True)


def level_rows(samples: Samples) -> Iterator[Row]:
    """Return the levels, as rows of `LEVEL_COLUMNS`."""
    columns = (_texts(samples.levels[:, place], each, samples.words) for place, each in enumerate(LEVEL_FIELDS))
    stats = map(_stats_text, samples.stats) if samples.stats else repeat("", len(samples.level_at_ms))
    return zip(moments(samples.level_at_ms), *columns, stats, strict=True)


def moments(at_ms: Times) -> list[str]:
    """Return moments as text: 2026-11-21T09:00:00.000Z."""
    texts: list[str] = np.datetime_as_string(at_ms.astype("M8[ms]"), timezone="UTC").tolist()
    return texts


def word_text(word: str) -> str:
    """Return a word as it is written: as it is, unless it is nothing, or something to do."""
    return word if word and not word.startswith(_QUOTED) else msgspec.json.encode(word).decode()


def _texts(values: NDArray[np.float64], field: Field, words: Sequence[str]) -> list[str]:
    known = values.tolist()
    if field.is_word:
        texts = [word_text(word) for word in words]
        return ["" if value != value else texts[int(value)] for value in known]  # noqa: PLR0124  # NaN is not itself
    return ["" if value != value else f"{value:.15g}" for value in known]  # noqa: PLR0124


def _stats_text(stats: bytes) -> str:
    return "" if stats == NOTHING else stats.decode("utf-8", "surrogateescape")


# --- read ---------------------------------------------------------------------------------------------------


def samples_of(media: Iterable[Row], levels: Iterable[Row]) -> Samples:
    """Return the samples in rows of `MEDIA_COLUMNS` and of `LEVEL_COLUMNS`.

    Raises:
        Unreadable: they are none.
    """
    parts = [
        *(_media_part(rows) for rows in _some(media, MEDIA_COLUMNS)),
        *(_level_part(rows) for rows in _some(levels, LEVEL_COLUMNS)),
    ]
    return joined(parts) if parts else _media_part([])


def _some(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[list[Row]]:
    """Yield so many rows at a time that their text takes little memory."""
    rest = iter(rows)
    while some := list(islice(rest, _ROWS_A_TIME)):
        for row in some:
            if len(row) != len(columns):
                raise Unreadable(f"expected {len(columns)} columns, got {len(row)}")
        yield some


def _media_part(rows: Sequence[Row]) -> Samples:
    numbers: dict[str, int] = {}
    at_ms, media = _moments_in(rows), _table(rows, MEDIA_FIELDS, numbers)
    return Samples(at_ms, media, at_ms[:0], media[:0, : len(LEVEL_FIELDS)], tuple(numbers))


def _level_part(rows: Sequence[Row]) -> Samples:
    numbers: dict[str, int] = {}
    at_ms, levels = _moments_in(rows), _table(rows, LEVEL_FIELDS, numbers)
    stats = tuple(_stats_in(row[-1]) for row in rows)
    media = np.empty((0, len(MEDIA_FIELDS)))
    return Samples(at_ms[:0], media, at_ms, levels, tuple(numbers), stats if any(s != NOTHING for s in stats) else ())


def _moments_in(rows: Sequence[Row]) -> Times:
    texts = [row[0] for row in rows]
    if not all(text.endswith("Z") for text in texts):
        raise Unreadable("at: expected times in ISO 8601 that end in Z")
    try:
        at_ms = np.array([text[:-1] for text in texts], "M8[ms]").astype(np.int64)
    except ValueError as error:
        raise Unreadable(f"at: expected times in ISO 8601, got one that is none: {error}") from error
    if not ((at_ms > 0) & (at_ms < LAST_MS)).all():
        raise Unreadable("at: expected times from 1970 to 2103, got another")
    if (np.diff(at_ms) < 0).any():
        raise Unreadable("at: expected rows in the order of time, got one that is earlier than the one before it")
    return at_ms


def _table(rows: Sequence[Row], fields: Sequence[Field], numbers: dict[str, int]) -> Table:
    table = np.empty((len(rows), len(fields)))
    for place, field in enumerate(fields):
        texts = [row[1 + place] for row in rows]
        if field.is_word:
            table[:, place] = [numbers.setdefault(_word_in(text), len(numbers)) if text else np.nan for text in texts]
        else:
            table[:, place] = _numbers_in(texts, field)
    steps = np.array([each.steps for each in fields])
    values: Table = np.rint(table * steps) / steps
    return values


def _numbers_in(texts: Sequence[str], field: Field) -> NDArray[np.float64]:
    try:
        values = np.array([float(text) if text else np.nan for text in texts])
    except ValueError as error:
        raise Unreadable(f"{_named(field)}: expected a number, got something else: {error}") from error
    is_known = np.array([bool(text) for text in texts], bool)
    told = values[is_known]
    if not ((told >= 0) & (told * field.steps < _MOST_STEPS)).all():
        raise Unreadable(f"{_named(field)}: expected numbers from 0 on, got another")
    return values


def _word_in(text: str) -> str:
    try:
        text.encode()
        return msgspec.json.decode(text, type=str) if text.startswith('"') else text
    except UnicodeEncodeError:
        raise Unreadable("expected words in UTF-8, got something else") from None
    except msgspec.MsgspecError as error:
        raise Unreadable(f"expected a word as JSON: {error}") from error


def _stats_in(text: str) -> bytes:
    body = text.encode("utf-8", "surrogateescape")
    if not body:
        return NOTHING
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Unreadable(f"stats_json: expected JSON: {error}") from error
    return body
