"""How do we stand with each Twilio account?

The reducer for whole accounts: their troubles, what went wrong lately in their rooms, their composition hooks, what
they spend, and whether their callbacks arrive.  What could not be assigned to an account belongs to the only one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from collectors.events import AccountTrouble, CanarySeen, HookSeen, HooksListed, RoomSeen, SummariesListed, UsageSeen
from collectors.rest.budget import BudgetState
from monitor.callback_health import CallbackHealth
from monitor.entities import Account, CanaryRun, Change, Entity, Failure

WINDOW_MS = 5 * 60_000
FAILURES_KEPT = 5_000  # a storm in the largest account Twilio allows is told well by this many
DAYS_KEPT = 62


class Accounts:
    """The accounts that are watched.

    Args:
        sids: those that are configured; others are not kept.
        since_ms: from when on callbacks could reach us.
        mark: takes note of what has to be saved, before it changes.
    """

    def __init__(self, sids: Sequence[str], since_ms: int, mark: Callable[[Entity], None]) -> None:
        self.by_sid = {sid: Account(sid) for sid in sids}
        self.callbacks = {sid: CallbackHealth(since_ms) for sid in sids}
        self.failed: Counter[tuple[str, str, int | None]] = Counter()  # since the start, by account, what, and code
        self._only = sids[0] if len(sids) == 1 else None
        self._mark = mark

    def of(self, sid: str | None) -> Account | None:
        """Return an account, or the only one there is where nobody has told which."""
        return self.by_sid.get(sid or self._only or "")

    def change(self, account_sid: str | None) -> Sequence[Change]:
        """Say that an account is worth another look, because its rooms have changed."""
        account = self.of(account_sid)
        return () if account is None else (Change(account.ref),)

    def hear_room(self, seen: RoomSeen) -> None:
        """Compare what callbacks tell with what polls find."""
        health = self.callbacks.get(seen.account_sid or "")
        if health is not None:
            health.hear(seen)

    def fail(self, account_sid: str | None, what: str, failure: Failure) -> Sequence[Change]:
        """Take note of somebody who could not join, reconnects, or lost the connection."""
        account = self.of(account_sid)
        if account is None:
            return ()
        self._mark(account)
        self.failed[account.sid, what, failure.code] += 1
        failures: list[Failure] = getattr(account, what)
        failures.append(failure)
        latest_ms = max(each.at_ms for each in failures[-2:])
        recent = [each for each in failures[-FAILURES_KEPT:] if each.at_ms > latest_ms - WINDOW_MS]
        setattr(account, what, recent)
        return (Change(account.ref),)

    def forget_failures(self, now_ms: int) -> None:
        """Let go of who failed long ago: nobody counts it any more, and it says who it was."""
        for account in self.by_sid.values():
            for what in ("join_failures", "disconnects", "reconnects"):
                failures: list[Failure] = getattr(account, what)
                if failures and failures[-1].at_ms < now_ms - 2 * WINDOW_MS:
                    self._mark(account)
                    setattr(account, what, [])

    def see_trouble(self, seen: AccountTrouble) -> Sequence[Change]:
        """Take note of a trouble that began or ended."""
        account = self.by_sid.get(seen.account_sid)
        if account is None:
            return ()
        self._mark(account)
        account.troubles.pop(seen.trouble, None)
        account.details.pop(seen.trouble, None)
        if seen.is_on:
            account.troubles[seen.trouble] = seen.seen_at_ms
            account.details[seen.trouble] = seen.detail or ""
        return (Change(account.ref),)

    def see_hook(self, seen: HookSeen) -> Sequence[Change]:
        """Take note of a composition hook."""
        account = self.of(seen.account_sid)
        if account is None:
            return ()
        self._mark(account)
        account.hooks[seen.hook_sid] = seen.is_enabled
        return (Change(account.ref),)

    def list_hooks(self, listed: HooksListed) -> Sequence[Change]:
        """Forget hooks that are no more."""
        account = self.by_sid.get(listed.account_sid)
        if account is None:
            return ()
        self._mark(account)
        account.hooks = {sid: is_on for sid, is_on in account.hooks.items() if sid in listed.hook_sids}
        return (Change(account.ref),)

    def see_usage(self, seen: UsageSeen) -> Sequence[Change]:
        """Take note of what a day cost, category by category."""
        account = self.by_sid.get(seen.account_sid)
        if account is None or seen.price is None:
            return ()
        self._mark(account)
        account.costs.setdefault(seen.first_day, {})[seen.category] = seen.price
        account.currency = seen.price_unit or account.currency
        for day in sorted(account.costs)[:-DAYS_KEPT]:
            del account.costs[day]
        return (Change(account.ref),)

    def see_canary(self, seen: CanarySeen) -> Sequence[Change]:
        """Take one step of a canary run; the step `create` begins a new one."""
        account = self.by_sid.get(seen.account_sid)
        if account is None:
            return ()
        self._mark(account)
        run = account.canary
        if run is None or seen.step == "create":
            run = account.canary = CanaryRun(seen.seen_at_ms)
        if seen.seconds is None:
            run.failed_step, run.error = seen.step, seen.error
        else:
            run.steps_s[seen.step] = seen.seconds
        return (Change(account.ref),)

    def forget_canaries(self) -> None:
        """Forget how canary runs went, since there are to be no more."""
        for account in self.by_sid.values():
            self._mark(account)
            account.canary = None

    def list_summaries(self, listed: SummariesListed) -> Sequence[Change]:
        """Take note of until when the Log Analyzer has told everything it knew."""
        account = self.by_sid.get(listed.account_sid)
        if account is not None:
            self._mark(account)
            account.summarised_at_ms = max(account.summarised_at_ms, listed.seen_at_ms)
        return ()

    def keep_budget(self, account_sid: str, budget: BudgetState) -> None:
        """Have an account's request budget saved, if it is not as it was."""
        account = self.by_sid[account_sid]
        if account.budget is None or replace(account.budget, saved_at_s=budget.saved_at_s) != budget:
            self._mark(account)
            account.budget = budget

    def restore(self, accounts: Iterable[Account]) -> None:
        """Take up accounts as they were saved, if they are still configured."""
        for account in accounts:
            if account.sid in self.by_sid:
                self.by_sid[account.sid] = account
