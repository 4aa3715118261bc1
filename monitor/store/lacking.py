"""What is there of an answer of which a part is away?"""

from collections.abc import Awaitable
from typing import Generic, NamedTuple, TypeVar, cast

from monitor.store.ports import Lacking

T = TypeVar("T")


class AsFar(NamedTuple, Generic[T]):
    """An answer as far as it is there; `lacking` says what may be missing in it, and is empty where nothing is."""

    found: T
    lacking: str


async def as_far_as_there(question: Awaitable[T]) -> AsFar[T]:
    """Return what a store answers, or what of it is there and why that is not all.

    Raises:
        StoreFailed: there is nothing of it.
    """
    try:
        return AsFar(await question, "")
    except Lacking as error:
        return AsFar(cast("T", error.found), str(error))  # `found` is of the kind that was asked for
