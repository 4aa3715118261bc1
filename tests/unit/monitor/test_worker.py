import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from monitor.store.worker import Worker

GUARD_S = 30.0


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker("tests")
    yield worker
    worker.close()


async def test_work_is_done_on_one_thread_that_is_not_the_loops(worker: Worker) -> None:
    idents = {await worker.do(threading.get_ident) for _ in range(3)}
    assert len(idents) == 1
    assert idents != {threading.get_ident()}


async def test_work_is_done_in_the_order_in_which_it_was_given(worker: Worker) -> None:
    done: list[int] = []
    await asyncio.gather(*(worker.do(done.append, number) for number in range(1_000)))
    assert done == list(range(1_000))


async def test_what_work_raises_is_raised_to_whoever_waits_and_to_nobody_else(worker: Worker) -> None:
    with pytest.raises(ValueError, match="'x'"):
        await worker.do(int, "x")
    assert await worker.do(int, "7") == 7


async def test_work_that_nobody_waits_for_when_its_turn_comes_is_left_undone(worker: Worker) -> None:
    began, goes_on, done = threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        began.set()
        goes_on.wait(GUARD_S)
        done.append("first")

    running, waiting = worker.do(first), worker.do(done.append, "second")
    await asyncio.to_thread(began.wait, GUARD_S)
    running.cancel()  # it is too late for that
    waiting.cancel()
    goes_on.set()
    await worker.do(done.append, "third")
    assert done == ["first", "third"]


async def test_the_loop_goes_on_while_work_is_done(worker: Worker) -> None:
    goes_on = threading.Event()
    waiting = worker.do(goes_on.wait, GUARD_S)
    asyncio.get_running_loop().call_soon(goes_on.set)
    assert await waiting


async def test_what_was_given_before_a_close_is_done_and_nothing_is_taken_after_it() -> None:
    worker, done = Worker("tests"), list[int]()
    given = [worker.do(done.append, number) for number in range(10)]
    worker.close()
    with pytest.raises(RuntimeError, match="closed"):
        worker.do(done.append, 10)
    await asyncio.gather(*given)
    assert done == list(range(10))


async def test_a_closed_worker_leaves_no_thread_behind() -> None:
    worker = Worker("short-lived")
    thread = await worker.do(threading.current_thread)
    worker.close()
    await asyncio.to_thread(thread.join, GUARD_S)
    assert not thread.is_alive()
