"""Let signals such as that of Ctrl-C wait while something must not be interrupted."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Call Python's signal handlers at the end, for the signals that came meanwhile.

    A handler may raise an error at any line: that of Ctrl-C raises KeyboardInterrupt. A library
    whose import was cut off there cannot be imported again in the same process. Only the main
    thread runs handlers, so on other threads there is nothing to do. At the end, the handlers are
    as before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    frames: dict[int, FrameType | None] = {}

    def hold_back(number: int, frame: FrameType | None) -> None:
        frames.setdefault(number, frame)

    handlers = _python_handlers()
    try:
        for number in handlers:
            signal.signal(number, hold_back)
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        with ExitStack() as calls:  # calls all of them, even if one raises an error
            for number, frame in frames.items():
                calls.callback(handlers[number], number, frame)


def _python_handlers() -> dict[int, Any]:
    """Return the handlers that are Python functions, by the numbers of their signals."""
    # That of Ctrl-C is the last one: when it is set back, it may raise an error at once.
    numbers = sorted(signal.valid_signals(), key=lambda number: number == signal.SIGINT)
    found = {int(number): signal.getsignal(number) for number in numbers}
    return {number: handler for number, handler in found.items() if callable(handler)}
