"""What is asked for: how many people, and how often is something of each heard?"""

from math import ceil
from typing import NamedTuple

from monitor.capacity.assumptions import Assumed

MOST_PARTICIPANTS = 1_000_000_000  # more are not alive at once with a phone in their hand
DAY_S, HOUR_S = 86_400.0, 3_600.0


class Demand(NamedTuple):
    """What somebody wants to watch.

    Args:
        participants: in calls at once at the busiest time.
        interval_s: from one sample of a participant to the next.
        samples_per_post: how many of them go in one post.
        mean_to_peak_ratio: how many are in calls at once on average over a day, of those at the busiest time.
        kept_days: how long samples are kept.
        accounts: among how many of Twilio's accounts they are spread; None for as few as Twilio lets them be.
        replicas: how many daemons there are to be, where there are several machines; None for as many as it takes.
    """

    participants: int
    interval_s: float = 10.0
    samples_per_post: int = 1
    mean_to_peak_ratio: float = 0.4
    kept_days: float = 30.0
    accounts: int | None = None
    replicas: int | None = None

    @property
    def samples_per_s(self) -> float:
        """At the busiest time."""
        return self.participants / self.interval_s

    @property
    def posts_per_s(self) -> float:
        """At the busiest time."""
        return self.samples_per_s / self.samples_per_post

    @property
    def samples_per_day(self) -> float:
        """On a day like all days."""
        return self.samples_per_s * self.mean_to_peak_ratio * DAY_S

    @property
    def person_hours_per_day(self) -> float:
        """All that people spend in calls on a day."""
        return self.participants * self.mean_to_peak_ratio * DAY_S / HOUR_S

    def things_per_day(self, assumed: Assumed) -> float:
        """Return how much happens to people on a day, in rows."""
        return self.person_hours_per_day * (assumed["things_an_hour"] + assumed["speakers_an_hour"])

    def network_in_bytes_per_s(self, assumed: Assumed) -> float:
        """Return how much comes in at the busiest time."""
        post_bytes = assumed["headers_bytes"] + assumed["body_post_bytes"]
        return self.posts_per_s * post_bytes + self.samples_per_s * assumed["body_sample_bytes"]

    def accounts_needed(self, assumed: Assumed) -> int:
        """Return among how many accounts they are spread."""
        return self.accounts or ceil(self.participants / assumed["account_participants"])
