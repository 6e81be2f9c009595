"""The one place where a command waits for `fit`, and shows how far it is."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from time import perf_counter
from typing import TYPE_CHECKING

from skcnn.cli._output import progress

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

_LINES = 2  # the level of `verbose` that writes lines
_SECONDS = re.compile(r"^\[ *[\d.]+ s\] ")
_EPOCH = re.compile(r"^Epoch (\d+)/(\d+)")


def fit(
    model: CostSensitiveTextCNN,
    texts: Sequence[str],
    y: Sequence[str],
    what: str,
    *,
    unlabeled: Sequence[str] | None = None,
) -> CostSensitiveTextCNN:
    """Fit a model; show `what`, the step that it is at, and the longest time that is left.

    Parameters
    ----------
    model : CostSensitiveTextCNN
    texts, y : n texts and labels
    what : such as "Training on 1,677 rows"
    unlabeled : more texts
    """
    verbose = model.verbose
    with progress(f"{what}: starting TensorFlow") as show:
        model.set_params(verbose=_LINES)
        try:
            with redirect_stdout(FitMessages(what, show)):  # standard output is for results
                model.fit(list(texts), list(y), unlabeled=unlabeled)
        finally:
            model.set_params(verbose=verbose)
    return model


class FitMessages(io.StringIO):
    """Shows each line that a fit writes; after an epoch, the longest time that is left too.

    Parameters
    ----------
    what : begins each message
    show : shows a message
    seconds : a clock
    """

    def __init__(
        self, what: str, show: Callable[[str], None], seconds: Callable[[], float] = perf_counter
    ) -> None:
        super().__init__()
        self._what, self._show, self._seconds = what, show, seconds
        self._ends: list[float] = []

    def write(self, text: str) -> int:
        """Show the lines of a text."""
        for line in text.splitlines():
            message = _SECONDS.sub("", line).strip()
            if message:
                self._show(f"{self._what}: {message}{self._time_left(message)}")
        return len(text)

    def _time_left(self, message: str) -> str:
        """Return how long the other epochs take at most; nothing after the first epoch."""
        epoch = _EPOCH.match(message)
        if epoch is None:
            return ""
        self._ends.append(self._seconds())
        n_left = int(epoch[2]) - int(epoch[1])
        if len(self._ends) == 1 or n_left == 0:
            return ""
        of_one = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        return f", at most {of_one * n_left:.0f} s left for the network"
