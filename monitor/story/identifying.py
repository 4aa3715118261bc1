"""By what is an entry of a story known again?  By what it is about, never by when it was over: that is told later."""

from hashlib import blake2b

_BYTES = 8  # among a hundred thousand entries of one call hardly two alike


def entry_id(*about: str | int | None) -> str:
    """Return the id of whatever is about these."""
    text = "\n".join("" if each is None else str(each) for each in about)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_BYTES).hexdigest()
