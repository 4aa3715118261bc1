"""Is everything well between Twilio and us, even while nobody calls?

A canary run makes a room that nobody enters, looks at it, ends it, and measures how long each step takes, the callbacks
about it included.  Each step becomes an event, failures too.  A run leaves nothing behind, however it ends: the room is
completed and the composition deleted even when the run is cancelled.  What a killed process left is completed by the
next run, and by Twilio's own timeout of rooms that nobody enters.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from logging import getLogger
from typing import Any

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VideoGrant

from collectors.base import CollectError
from collectors.events import CanarySeen, CompositionStatus, Event, RoomSeen, RoomStatus, Source
from collectors.rest.twilio import Twilio, to_ms, understood
from monitor.canary_steps import CALLBACK_STEPS, PREFIX, is_left_over
from monitor.http.ingest_auth import IngestAuthority, Unauthorised
from monitor.pipeline import Behind
from monitor.settings import Account
from monitor.store.ports import StoreFailed

_log = getLogger(__name__)

IDENTITY = "roomwatch-canary"
TOKEN_LIFETIME_S = 60
LOOK_EVERY_S = 1.0  # at a composition that is neither done nor failed

LAYOUT = {"grid": {"video_sources": ["*"]}}

Offer = Callable[[Event], Awaitable[bool]]


class _StepFailed(Exception):
    """A step went wrong and has been told; those after it would go wrong, too."""


@dataclass
class _Run:
    """How far one run has come."""

    name: str = field(default_factory=lambda: PREFIX + secrets.token_hex(4))
    room_sid: str | None = None
    composition_sid: str | None = None
    is_room_open: bool = False  # or may be: nobody knows what became of a request without an answer
    is_well: bool = True
    asked_at_s: dict[str, float] = field(default_factory=dict)  # by the name of the callback that is to follow
    callbacks: dict[str, asyncio.Future[float]] = field(default_factory=dict)


class Canary:
    """The runs of one account, one after the other.

    Args:
        account: whose Twilio this is; its API key, if there is one, signs the token.
        twilio: the account's connection.
        offer: takes each step's event.
        now_ms: the wall clock, for events.
        timeout_s: for each step.
        compose: whether to ask for a composition of the room, too.
        callback_url: what Twilio is to call; empty: nothing.
        hears: whether `hear` will be told of callbacks, so that they can be waited for.
        clock: what durations are measured by; `hear` is told its times.
    """

    def __init__(
        self,
        account: Account,
        twilio: Twilio,
        offer: Offer,
        now_ms: Callable[[], int],
        *,
        timeout_s: float,
        compose: bool = False,
        callback_url: str = "",
        hears: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._video = twilio.video
        self._offer = offer
        self._now_ms = now_ms
        self._timeout_s = timeout_s
        self._compose = compose
        self._callback_url = callback_url
        self._hears = hears and bool(callback_url)
        self._clock = clock
        self._run: _Run | None = None

    @property
    def account_sid(self) -> str:
        """Return whose Twilio is tried."""
        return self._account.account_sid

    async def run(self) -> bool:
        """Make one run, and return whether all of it went well."""
        run = self._run = _Run()
        if self._hears:
            run.callbacks = {cause: asyncio.get_running_loop().create_future() for cause in CALLBACK_STEPS}
        try:
            await self._quietly("rooms of earlier runs", self._complete_left_overs())
            await self._walk(run)
        except _StepFailed:
            pass
        finally:
            self._run = None
            await _to_the_end(self._leave_nothing(run))
        return run.is_well

    def hear(self, event: Event, at_s: float) -> None:
        """Take note of what was seen at `at_s` by our clock, in case it is the callback that is waited for."""
        run = self._run
        if run is None or not isinstance(event, RoomSeen) or event.source is not Source.CALLBACK:
            return
        awaited = run.callbacks.get(event.cause or "")
        # The callback may be here before the answer that tells the room's SID.
        if (
            awaited is not None
            and not awaited.done()
            and (event.room_sid == run.room_sid or event.room_name == run.name)
        ):
            awaited.set_result(at_s)

    # --- the steps ----------------------------------------------------------------------------------------

    async def _walk(self, run: _Run) -> None:
        started_s = run.asked_at_s["room-created"] = self._clock()
        await self._step(run, "create", self._create(run))
        if self._account.api_key is not None:  # an auth token signs no tokens
            await self._step(run, "token", self._mint(run.name))
        await self._step(run, "fetch", self._fetch(run))
        run.asked_at_s["room-ended"] = self._clock()
        await self._step(run, "complete", self._complete(run))
        if self._compose:
            await self._step(run, "compose", self._composed(run))
        for cause in run.callbacks:
            await self._called_back(run, cause)
        if run.is_well:
            await self._tell(run, "round_trip", seconds=self._clock() - started_s)

    async def _step(self, run: _Run, step: str, work: Coroutine[Any, Any, None]) -> None:
        started_s = self._clock()
        try:
            async with asyncio.timeout(self._timeout_s):
                with understood(step):
                    await work
        except TimeoutError:
            error = f"expected an answer in {self._timeout_s:g} s"
        except CollectError as failure:
            error = str(failure)
        else:
            await self._tell(run, step, seconds=self._clock() - started_s)
            return
        await self._tell(run, step, error=error)
        raise _StepFailed

    async def _create(self, run: _Run) -> None:
        run.is_room_open = True
        callback = {"status_callback": self._callback_url, "status_callback_method": "POST"}
        room = await self._video.rooms.create_async(
            unique_name=run.name,
            type="group",
            max_participants=2,
            empty_room_timeout=1,
            unused_room_timeout=1,
            record_participants_on_connect=False,
            **(callback if self._callback_url else {}),
        )
        run.room_sid = room.sid

    async def _mint(self, room_name: str) -> None:
        """Mint a token as the application's servers do, and check it as our own listener does."""
        key, secret = self._account.credentials()
        token = AccessToken(self._account.account_sid, key, secret, identity=IDENTITY, ttl=TOKEN_LIFETIME_S)
        token.add_grant(VideoGrant(room=room_name))
        try:
            IngestAuthority([self._account], [], 0).grant(str(token.to_jwt()), time.time())
        except Unauthorised as refused:
            raise CollectError("refused", f"token: {refused}") from None

    async def _fetch(self, run: _Run) -> None:
        room = await self._video.rooms(run.room_sid).fetch_async()
        _expect("room", room.status, RoomStatus.IN_PROGRESS)

    async def _complete(self, run: _Run) -> None:
        room = await self._video.rooms(run.room_sid or run.name).update_async(status=RoomStatus.COMPLETED.value)
        _expect("room", room.status, RoomStatus.COMPLETED)
        run.is_room_open = False

    async def _composed(self, run: _Run) -> None:
        """Wait until Twilio has composed the room or said that it will not: nothing was recorded in it."""
        try:
            composition = await self._video.compositions.create_async(room_sid=run.room_sid, video_layout=LAYOUT)
        except CollectError as error:
            if error.kind == "refused":
                return
            raise
        run.composition_sid = composition.sid
        while CompositionStatus(composition.status).is_open:
            await asyncio.sleep(LOOK_EVERY_S)
            composition = await self._video.compositions(run.composition_sid).fetch_async()

    async def _called_back(self, run: _Run, cause: str) -> None:
        step = CALLBACK_STEPS[cause]
        try:
            async with asyncio.timeout(self._timeout_s):
                at_s = await run.callbacks[cause]
        except TimeoutError:
            error = f"expected the callback {cause} in {self._timeout_s:g} s, got none"
            await self._tell(run, step, error=error)
        else:
            await self._tell(run, step, seconds=max(0.0, at_s - run.asked_at_s[cause]))

    async def _tell(self, run: _Run, step: str, *, seconds: float | None = None, error: str | None = None) -> None:
        run.is_well = run.is_well and error is None
        event = CanarySeen(
            seen_at_ms=self._now_ms(),
            source=Source.SELF,
            account_sid=self._account.account_sid,
            step=step,
            seconds=seconds,
            error=error,
            dedup_key=f"canary:{run.name}:{step}",
        )
        try:
            await self._offer(event)
        except (Behind, StoreFailed) as failure:
            _log.warning("canary: step %s was not kept: %s", step, type(failure).__name__)

    # --- leaving nothing behind ---------------------------------------------------------------------------

    async def _leave_nothing(self, run: _Run) -> None:
        if run.is_room_open:
            await self._quietly(run.name, self._complete(run))
        if run.composition_sid is not None:
            await self._quietly(run.composition_sid, self._delete_composition(run.composition_sid))

    async def _delete_composition(self, composition_sid: str) -> None:
        try:
            await self._video.compositions(composition_sid).delete_async()
        except CollectError as error:
            if error.kind != "refused":  # Twilio keeps compositions that failed, and forgets them by itself
                raise

    async def _complete_left_overs(self) -> None:
        rooms = await self._video.rooms.list_async(status=RoomStatus.IN_PROGRESS.value, page_size=1000)
        for room in rooms:
            if is_left_over(room.unique_name, to_ms(room.date_created), self._now_ms()):
                _log.warning("canary: completing %s, which an earlier run left", room.unique_name)
                await self._video.rooms(room.sid).update_async(status=RoomStatus.COMPLETED.value)

    async def _quietly(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Try to clean up; what does not succeed is for the next run, and for Twilio's own timeouts."""
        try:
            async with asyncio.timeout(self._timeout_s):
                with understood(what):
                    await work
        except CollectError as error:
            if error.kind != "not_found":
                _log.warning("canary: %s not cleaned up: %s", what, error)
        except TimeoutError:
            _log.warning("canary: %s not cleaned up: expected an answer in %g s", what, self._timeout_s)


def _expect(what: str, status: str, wanted: RoomStatus) -> None:
    if status != wanted:
        raise CollectError("garbage", f"{what}: expected it {wanted}, got {status}")


async def _to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Finish some work even if told to stop meanwhile, and only then stop; the work has to end by itself."""
    task, was_cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            was_cancelled = True
    task.result()
    if was_cancelled:
        raise asyncio.CancelledError
