"""How long does the garbage collector keep everybody waiting?"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def collections_timed(on_pause: Callable[[float], None]) -> Iterator[None]:
    """Have `on_pause` told how long each collection took, for as long as this lasts."""
    began_s = 0.0

    def note(phase: str, _: object) -> None:
        nonlocal began_s
        if phase == "start":
            began_s = time.perf_counter()
        elif began_s:
            on_pause(time.perf_counter() - began_s)

    gc.callbacks.append(note)
    try:
        yield
    finally:
        gc.callbacks.remove(note)
