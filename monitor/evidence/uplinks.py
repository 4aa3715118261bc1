"""What reached somebody of what all others sent?

Everybody receives what everybody else sends.  So whatever all send is added up once for each step, and for each
receiver its own part is taken off again: in a room of fifty that is a fiftieth of the work.
"""

from collections.abc import Iterable, Mapping
from heapq import nlargest, nsmallest

from monitor.evidence.courses import Lane


class Sent:
    """What all publishers of a room sent in one step, added up so that any one of them can be left out.

    `loss_untold` and `jitter_untold` are those who did not tell that number of their uplink around this step.
    """

    def __init__(self, uploads: Mapping[str, Lane]) -> None:
        self.loss_untold = {key for key, each in uploads.items() if each.loss_ratio is None}
        self.jitter_untold = {key for key, each in uploads.items() if each.jitter_ms is None}
        self._uploads = uploads
        rates = [each for each in uploads.values() if each.bitrate_bps is not None]
        others = [each for each in uploads.values() if each.bitrate_bps is None]
        self._rated, self._unrated = len(rates), len(others)
        self._bps = sum(each.bitrate_bps or 0.0 for each in rates)
        self._lost_bps = sum((each.loss_ratio or 0.0) * (each.bitrate_bps or 0.0) for each in rates)
        self._unrated_losses = sum(each.loss_ratio or 0.0 for each in others)
        self._jitters_ms = nlargest(2, (each.jitter_ms or 0.0 for each in uploads.values()))

    def carried_to(self, receiver: str) -> Lane:
        """Return what the measured uplinks of the others did to what somebody receives.

        A rate that nobody told counts as the mean of those that were.
        """
        own = self._uploads.get(receiver)
        rated, bps, lost_bps = self._rated, self._bps, self._lost_bps
        unrated, unrated_losses = self._unrated, self._unrated_losses
        jitters_ms = self._jitters_ms
        if own is not None:
            own_loss = own.loss_ratio or 0.0
            if own.bitrate_bps is None:
                unrated, unrated_losses = unrated - 1, unrated_losses - own_loss
            else:
                rated, bps, lost_bps = rated - 1, bps - own.bitrate_bps, lost_bps - own_loss * own.bitrate_bps
            if jitters_ms[0] == (own.jitter_ms or 0.0):
                jitters_ms = jitters_ms[1:]
        typical_bps = (bps / rated if rated else 0.0) or 1.0
        lost = max(0.0, lost_bps + unrated_losses * typical_bps)
        return Lane(lost / (bps + unrated * typical_bps or 1.0), jitters_ms[0] if jitters_ms else 0.0)

    def bitrate_bps(self, receiver: str) -> float | None:
        """Return what all but one sent, all together; None where one of them did not tell, or there is nobody."""
        own = self._uploads.get(receiver)
        if own is None:
            return self._bps if self._rated and not self._unrated else None
        if own.bitrate_bps is None:
            return self._bps if self._rated and self._unrated == 1 else None
        return self._bps - own.bitrate_bps if self._rated > 1 and not self._unrated else None


class Least:
    """The least of what several told, whichever of them is left out."""

    def __init__(self, told: Iterable[tuple[str, float | None]]) -> None:
        self._two = nsmallest(2, ((value, key) for key, value in told if value is not None))

    def but(self, key: str) -> float | None:
        """Return the least that somebody else told, or None if nobody did."""
        return next((value for value, who in self._two if who != key), None)
