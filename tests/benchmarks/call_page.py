"""How soon can somebody use the page of a call, and does it keep up with them?

`make bench`, or `python -m tests.benchmarks.call_page --help`.

A daemon serves two calls that are over, one of eight people for an hour and one of fifty for four hours, and a real
browser opens their pages, each time with nothing remembered.  A page can be used once everybody has a lane and the
first of them has answered a click; whose fault it was is said when it has been worked out, and timed apart.  The floor
is the same application with nothing to show: a call that is not on record.  Then the long call is worked over: its
moments walked through, looked at closer and from afar, lanes opened, scrolled from one end to the other; each frame
that the browser draws meanwhile is timed.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

from monitor.store.sqlite import SqliteStore
from tests.benchmarks import machine
from tests.benchmarks.figures import Figure, Goal, judged, ratios
from tests.benchmarks.records import recorded
from tests.benchmarks.stored_calls import TOKEN, keep_call, served
from tests.e2e.visitors import QUIET

CHROMIUM = "chromium"
SKIPPED = f"skipped: no {CHROMIUM} (on Debian: apt-get install {CHROMIUM})"

EVERY_S = 10  # a sample of each
DAY_MS = 86_400_000
NUMBER, LONG_NUMBER = 2**64, 2**65
INTERACTIVE = Goal(1_000, 500)  # milliseconds
FRAME = Goal(50, 17)  # milliseconds: an answer to a key that nobody waits for; the screen's own rhythm
GIVES_UP_AFTER_S = 60.0

# Say when there was something to work with, and when the verdict, by the page's clock, which began with the navigation.
_WATCH = """
    (people) => {
        const frame = () => new Promise(requestAnimationFrame);
        const drawn = async (holds) => {
            while (!holds()) await frame();
            return frame();
        };
        const isThere = () => people === 0
            ? document.querySelector("main h2") !== null
            : document.querySelectorAll(".lane canvas").length === people;
        const clicked = () => {
            const opener = document.querySelector(".lane .opener");
            opener.click();
            return drawn(() => opener.getAttribute("aria-expanded") === "true");
        };
        window.usedAfterMs = drawn(isThere).then((ms) => (people === 0 ? ms : clicked()));
        window.judgedAfterMs = drawn(() => document.querySelector("ul.because") !== null);
    }
"""
_FRAMES = """
    window.frames_ms = [];
    let before_ms = null;
    const tick = (now_ms) => {
        if (before_ms !== null) window.frames_ms.push(now_ms - before_ms);
        before_ms = now_ms;
        window.ticking = requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
"""


class Round(NamedTuple):
    """What one round came to."""

    floor_ms: float
    call_ms: float
    verdict_ms: float
    long_ms: float
    long_verdict_ms: float
    frames_ms: Sequence[float]  # how long each was shown while the long call was worked over


async def measure(options: argparse.Namespace, program: str) -> list[Round]:
    """Serve the calls and open their pages, round after round."""
    patience = machine.Patience(options.patience)
    with tempfile.TemporaryDirectory(prefix="roomwatch-bench-") as temporary:
        folder = Path(temporary)
        call, long = await _keep(folder / "calls.db", options)
        async with served(folder / "calls.db", folder) as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=list(QUIET))
            rounds = []
            for number in range(options.rounds + 1):
                await patience.wait()
                each = await _round(browser, address, (call, options.people), (long, options.many))
                if number:  # the first fills the caches of both, and is not counted
                    rounds.append(each)
                    print(
                        f"round {number}/{options.rounds}: {each.call_ms:.0f} ms, long {each.long_ms:.0f} ms",
                        flush=True,
                    )
            await browser.close()
    return rounds


async def _keep(database: Path, options: argparse.Namespace) -> tuple[str, str]:
    began_ms = int(time.time() * 1000) - DAY_MS
    store = await SqliteStore.open(database)
    try:
        samples = int(options.minutes * 60 / EVERY_S)
        call = await keep_call(store, NUMBER, options.people, samples, began_ms - DAY_MS)
        samples = int(options.hours * 3600 / EVERY_S)
        long = await keep_call(store, LONG_NUMBER, options.many, samples, began_ms)
    finally:
        await store.close()
    return call, long


async def _round(browser: Browser, address: str, call: tuple[str, int], long: tuple[str, int]) -> Round:
    floor_ms, page = await _opened(browser, f"{address}/rooms/RM{0:032x}", 0)
    await page.context.close()
    call_ms, page = await _opened(browser, f"{address}/rooms/{call[0]}", call[1])
    verdict_ms = await _told(page, "judgedAfterMs")
    await page.context.close()
    long_ms, page = await _opened(browser, f"{address}/rooms/{long[0]}", long[1])
    long_verdict_ms = await _told(page, "judgedAfterMs")
    frames_ms = await _worked_over(page)
    await page.context.close()
    return Round(floor_ms, call_ms, verdict_ms, long_ms, long_verdict_ms, frames_ms)


async def _opened(browser: Browser, address: str, people: int) -> tuple[float, Page]:
    """Open a page as somebody who was never there; return after how many milliseconds it could be used."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900}, extra_http_headers={"Authorization": f"Bearer {TOKEN}"}
    )
    page = await context.new_page()
    await page.add_init_script(f"({_WATCH})({people})")
    await page.goto(address, wait_until="commit")
    return await _told(page, "usedAfterMs"), page


async def _told(page: Page, when: str) -> float:
    async with asyncio.timeout(GIVES_UP_AFTER_S):
        return float(await page.evaluate(f"window.{when}"))


async def _worked_over(page: Page) -> list[float]:
    """Work with the page as somebody does who looks for something; return how long each frame was shown, in ms."""
    await page.evaluate(_FRAMES)
    await page.get_by_role("slider", name="Moment of the call").focus()
    for keys in (["ArrowRight"] * 20, ["+"] * 5, ["ArrowLeft"] * 20, ["-"] * 2, ["0"]):
        for key in keys:
            await page.keyboard.press(key)
    openers = page.locator(".lane .opener")
    for number in range(1, min(4, await openers.count())):
        await openers.nth(number).click()
    for turns in (300, -300):
        for _ in range(30):
            await page.mouse.wheel(0, turns)
            await page.wait_for_timeout(16)
    return list(await page.evaluate("cancelAnimationFrame(window.ticking), window.frames_ms"))


def figures(rounds: Sequence[Round], options: argparse.Namespace) -> list[Figure]:
    """Return what the page is judged by."""
    floor_ms, call_ms, verdict_ms, long_ms, long_verdict_ms = (
        [float(each[which]) for each in rounds] for which in range(5)
    )
    call, long = (
        f"{options.people} people, {options.minutes:g} minutes",
        f"{options.many} people, {options.hours:g} hours",
    )
    return [
        Figure(f"{call}: interactive", call_ms, ",.0f", "ms", INTERACTIVE),
        Figure("the same, beside the floor", ratios(call_ms, floor_ms), ".2f", "x nothing to show", Goal(None, None)),
        Figure(f"{call}: the verdict", verdict_ms, ",.0f", "ms", Goal(None, None)),
        Figure(f"{long}: interactive", long_ms, ",.0f", "ms", Goal(None, None)),
        Figure(f"{long}: the verdict", long_verdict_ms, ",.0f", "ms", Goal(None, None)),
        Figure("a frame of it, p95", [_at(each.frames_ms, 0.95) for each in rounds], ",.0f", "ms", FRAME),
        Figure("a frame of it, the longest", [max(each.frames_ms) for each in rounds], ",.0f", "ms", Goal(None, None)),
    ]


def _at(values: Sequence[float], share: float) -> float:
    return sorted(values)[int((len(values) - 1) * share)]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=6, metavar="N", help="how often (default: 6)")
    add("--people", type=int, default=8, metavar="N", help="in the call (default: 8)")
    add("--minutes", type=float, default=60.0, metavar="N", help="that it lasted (default: 60)")
    add("--many", type=int, default=50, metavar="N", help="people in the long call (default: 50)")
    add("--hours", type=float, default=4.0, metavar="N", help="that it lasted (default: 4)")
    add("--patience", type=float, default=60.0, metavar="S", help="to wait for a quiet machine, in all (default: 60)")
    options = parser.parse_args()
    print("How soon can the page of a call be used?")
    print(machine.described(), flush=True)
    program = shutil.which(CHROMIUM)
    if program is None:
        print(SKIPPED, file=sys.stderr)
        return
    rounds = asyncio.run(measure(options, program))
    print(f"\n{judged(recorded('call_page', figures(rounds, options)))}\n", flush=True)


if __name__ == "__main__":
    main()
