"""What a fit says about its progress."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol, Self

from skcnn.predicting._model import FittedModel

if TYPE_CHECKING:
    from rich.progress import Progress

# A longer task says how far it is after so many seconds.
_SECONDS_BETWEEN_LINES = 10.0


class EpochTask(Protocol):
    """What wants to know when an epoch begins and ends: callbacks of scikit-learn."""

    def begin_epoch(self) -> None:
        """Tell that an epoch begins."""

    def end_epoch(self, make_model: Callable[[], FittedModel]) -> bool:
        """Tell that an epoch ended; return whether training should stop."""


class Reporter:
    """Writes lines about the progress of one fit. Threads may share it.

    Each line begins with the seconds since the fit began. A line is written in one call, so that
    lines of two threads do not mix. On a terminal, level 1 also draws a bar for each epoch, below
    the lines. A file or a notebook would keep each state of a bar, so it gets lines alone.

    Parameters
    ----------
    verbose : 0 is silent, 1 writes lines and draws bars on a terminal, 2 or more writes lines alone
    epoch_task : what else is told about epochs, or None
    """

    def __init__(self, verbose: int, epoch_task: EpochTask | None = None) -> None:
        self._verbose = int(verbose)
        self.epoch_task = epoch_task
        self._begin = perf_counter()
        self._lock = threading.Lock()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        if self._verbose == 1:
            self._bar = _bar_on_terminal()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def is_silent(self) -> bool:
        """Whether nothing is written."""
        return self._verbose == 0

    def say(self, text: str) -> None:
        """Write one line."""
        if self.is_silent:
            return
        line = f"[{perf_counter() - self._begin:7.1f} s] {text}\n"
        if self._bar is not None:
            self._bar.console.print(line, end="", markup=False, highlight=False, soft_wrap=True)
            return
        with self._lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    def say_fits(self, name: str) -> Callable[[int, int], None]:
        """Return a function that takes the numbers of fits that are done and of all fits."""
        return lambda n_done, n: self.say(f"{name}: fit {n_done} of {n}")

    def say_texts(self, name: str) -> Callable[[int, int], None]:
        """Return a function that takes the numbers of texts that are done and of all texts.

        It writes how many texts were done in a second, but not too often.
        """
        begin = last = perf_counter()

        def say(n_done: int, n: int) -> None:
            nonlocal last
            now = perf_counter()
            if n_done == n or now - last >= _SECONDS_BETWEEN_LINES:
                rate = n_done / max(now - begin, 1e-9)
                self.say(f"{name}: {n_done:,} of {n:,} different texts, {rate:,.0f} texts a second")
                last = now

        return say

    def begin_epoch(self) -> None:
        """Tell that an epoch begins."""
        if self.epoch_task is not None:
            self.epoch_task.begin_epoch()

    def end_epoch(
        self,
        history: Mapping[str, Sequence[float]],
        n_epochs: int,
        make_model: Callable[[], FittedModel],
    ) -> bool:
        """Write what Keras recorded for an epoch; return whether training should stop.

        Parameters
        ----------
        history : what Keras recorded for all epochs so far
        n_epochs : number of epochs that training may have
        make_model : returns the model as it is after this epoch
        """
        values = [f"{name} {of_epochs[-1]:.4f}" for name, of_epochs in history.items()]
        self.say(f"Epoch {len(history['loss'])}/{n_epochs}: {', '.join(values)}")
        return self.epoch_task is not None and self.epoch_task.end_epoch(make_model)

    def batch_watcher(self, n_steps: int) -> Callable[[int, float], None] | None:
        """Return a function that draws the step in an epoch, from 1, and the epoch's mean loss.

        None if no bar is drawn.
        """
        bar = self._bar
        if bar is None:
            return None
        task = bar.add_task("", total=n_steps)

        def draw(step: int, loss: float) -> None:
            is_done = step >= n_steps
            bar.update(task, completed=step, description=f"loss {loss:.4f}", visible=not is_done)

        return draw


def _bar_on_terminal() -> Progress | None:
    """Start a bar of Rich; None if standard output is no terminal that a bar can be drawn on."""
    if not sys.stdout.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console()
    if not console.is_interactive:
        return None
    columns: list[Any] = [MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}")]
    # Standard output is left as it is: another thread may use it.
    bar = Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    )
    bar.start()
    return bar
