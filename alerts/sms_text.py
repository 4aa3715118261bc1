"""How much text fits into a text message, and what does it cost?

A message is sent, and paid, in *segments* of 140 bytes.  In the GSM alphabet (GSM 03.38) a character takes seven bits,
so 160 fit; some stand in an extension table and take two places.  One character that is in neither, and the
whole message is sent as UTF-16: 70 fit.  A message of several segments loses some of each to a header: 153, and 67.

So one typographic quote can double the cost.  What has a counterpart in the GSM alphabet is replaced by it, and
pictures are left out; but where a text needs UTF-16 anyhow, as a name in Cyrillic does, it stays as it is.
"""
# ruff: noqa: RUF001  # characters that look like others are what this is about

import re
import unicodedata
from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")  # each is sent as an escape and a place

_GSM_SEGMENT, _GSM_SEGMENT_OF_SEVERAL = 160, 153
_UTF16_SEGMENT, _UTF16_SEGMENT_OF_SEVERAL = 70, 67

_CUT = "..."
_SPACES = re.compile(" {2,}")  # such as a picture leaves behind

_COUNTERPARTS = {
    ord(character): counterpart
    for characters, counterpart in (
        ("‘’‚‛‹›′´`ʼ", "'"),
        ("“”„‟″«»", '"'),
        ("‐‑‒–—―−", "-"),
        ("•·‣▪●", "*"),
        ("…", "..."),
        ("⁄", "/"),
        ("×", "x"),
        ("÷", ":"),
        ("≤", "<="),
        ("≥", ">="),
        ("≠", "!="),
        ("→", "->"),
        ("←", "<-"),
        ("ł", "l"),
        ("Ł", "L"),
        ("đð", "d"),
        ("Đ", "D"),
        ("ħ", "h"),
        ("ı", "i"),
        ("œ", "oe"),
        ("Œ", "OE"),
        ("þ", "th"),
        ("\t", " "),
    )
    for character in characters
}

_LEFT_OUT = ("Cc", "Cf", "Cn", "Co", "Cs", "Me", "So", "Sk")  # controls, pictures, and what only changes pictures
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)


def segments(text: str) -> int:
    """Return how many segments a message of this text is sent as."""
    is_gsm = _is_gsm(text)
    costs = [_places(character) if is_gsm else _utf16_units(character) for character in text]
    if sum(costs) <= (_GSM_SEGMENT if is_gsm else _UTF16_SEGMENT):
        return 1
    return _packed(costs, _GSM_SEGMENT_OF_SEVERAL if is_gsm else _UTF16_SEGMENT_OF_SEVERAL)


def cheapened(text: str) -> str:
    """Return text that says the same in the GSM alphabet, or as it was where that cannot be."""
    whole = "".join(each for each in text if each == "\n" or unicodedata.category(each) not in ("Cc", "Cs"))
    cheap = "".join(_cheapened(each) for each in unicodedata.normalize("NFC", whole))
    return _SPACES.sub(" ", cheap) if _is_gsm(cheap) else whole


def fitted(text: str, after: str, max_segments: int) -> str:
    """Return both, one after the other, with as much of the first as fits, and a mark where some is missing."""
    if segments(text + after) <= max_segments:
        return text + after
    fits, too_long = 0, min(len(text), max_segments * _GSM_SEGMENT)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if segments(text[:middle].rstrip() + _CUT + after) <= max_segments:
            fits = middle
        else:
            too_long = middle
    return text[:fits].rstrip() + _CUT + after


def _is_gsm(text: str) -> bool:
    return all(character in _BASIC or character in _EXTENSION for character in text)


def _places(character: str) -> int:
    return 2 if character in _EXTENSION else 1


def _utf16_units(character: str) -> int:
    return 2 if ord(character) > 0xFFFF else 1


def _packed(costs: Iterable[int], size: int) -> int:
    """Return how many segments of a size are filled, where no character is torn apart."""
    count, used = 1, 0
    for cost in costs:
        if used + cost > size:
            count, used = count + 1, 0
        used += cost
    return count


def _cheapened(character: str) -> str:
    """Return a character's counterpart in the GSM alphabet, or nothing for a picture, or itself."""
    if _is_gsm(character):
        return character
    if unicodedata.category(character).startswith("Z"):
        return " "
    base = "".join(each for each in unicodedata.normalize("NFKD", character) if not unicodedata.combining(each))
    plain = (_COUNTERPARTS.get(ord(character)) or base).translate(_COUNTERPARTS)
    if plain and _is_gsm(plain):
        return plain
    is_left_out = unicodedata.category(character) in _LEFT_OUT or ord(character) in _VARIATION_SELECTORS
    return "" if is_left_out else character
