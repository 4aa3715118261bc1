"""What does a store of samples need of a log that is somewhere else?

Samples that are kept apart from the log are moved from one to the other by something that may be killed between the
two.  So the log is cut into segments: once one is sealed, what is in it never changes, and whoever moves it again moves
the same.  It is in both places until it is said to be settled; whoever reads leaves out of the second what the first
still tells, by the numbers of segments, and sees each sample once.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from collectors.measured import Batch


class Segment(NamedTuple):
    """A part of the log that is sealed: the telemetry in it, in the order of the log.

    Segments are numbered from one on, those sealed later higher, and no number ever comes again: whoever brings a log
    back from a backup lets it go on after the last number that was settled.  A segment is to hold no more samples than
    fit into memory, and may hold none.
    """

    number: int
    batches: Sequence[Batch]


class Moment(Protocol):
    """The log as it was at one moment, for as long as this is open, whatever is sealed and settled meanwhile."""

    @property
    def before(self) -> int:
        """Return the number that no segment had reached: what has a lower one was sealed."""

    @property
    def unsettled(self) -> Collection[int]:
        """Return the numbers of the segments that were sealed and not settled."""

    def batches(self, rooms: Collection[str] | None = None) -> AsyncIterator[tuple[int | None, Sequence[Batch]]]:
        """Yield the telemetry that was not settled: some at a time, in the order of the log, each of one segment.

        None in the place of the number: it is not sealed.  Where rooms are named, by SID or `name:NAME`, what is about
        others may be left out; what knows a room by name only is about any.
        """


class SegmentedLog(Protocol):
    """A log that is settled somewhere else, a segment at a time."""

    async def next_segment(self, received_before_ms: int) -> Segment | None:
        """Return a segment that is not settled, or None if there is nothing to be settled.

        If none is left, one is sealed, as far as the saved picture reaches, once the oldest of it was received before a
        moment.  A segment is returned again until it is settled; of several who ask, each may be given another.

        Raises:
            StoreFailed: the log cannot be read.
        """

    async def settled(self, number: int) -> None:
        """Say that a segment is somewhere else now; it is not told any more.

        Raises:
            StoreFailed: it is told as before.
        """

    def moment(self) -> AbstractAsyncContextManager[Moment]:
        """Open the log as it is now.

        Raises:
            StoreFailed: the log cannot be read.
        """
