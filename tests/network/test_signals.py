"""Ctrl-C while TensorFlow is imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import skcnn
from skcnn.network._signals import signals_held_back

ROOT = Path(skcnn.__file__).parents[1]


class Stop(Exception):  # noqa: N818
    pass


def stop(number: int, frame: Any) -> None:
    raise Stop(number)


@pytest.fixture(autouse=True)
def handlers() -> Any:
    """Handlers of three signals, set back at the end. A shell may have told us to ignore Ctrl-C."""
    before = {number: signal.signal(number, stop) for number in (signal.SIGUSR1, signal.SIGUSR2)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers_now() -> list[Any]:
    return [signal.getsignal(number) for number in sorted(signal.valid_signals())]


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGUSR1, Stop)]
)
def test_a_signal_waits_until_the_end(number: int, error: type[BaseException]) -> None:
    @signals_held_back()
    def work() -> None:
        for _ in range(2):
            signal.raise_signal(number)
            steps.append(number)

    before, steps = handlers_now(), []  # type: ignore[var-annotated]
    with pytest.raises(error):
        work()
    assert steps == [number, number]
    assert handlers_now() == before
    with pytest.raises(error):
        signal.raise_signal(number)


def test_each_signal_is_handled_even_if_the_first_handler_raises_an_error() -> None:
    @signals_held_back()
    def work() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGUSR2)

    seen = []
    signal.signal(signal.SIGUSR2, lambda number, frame: seen.append((number, frame is not None)))
    with pytest.raises(KeyboardInterrupt):
        work()
    assert seen == [(signal.SIGUSR2, True)]


def test_the_handlers_come_back_after_an_error() -> None:
    before = handlers_now()
    with pytest.raises(RuntimeError), signals_held_back():
        raise RuntimeError
    assert handlers_now() == before


def test_on_other_threads_nothing_changes() -> None:
    def hold_back() -> None:
        with signals_held_back():
            found.extend(handlers_now())

    before, found = handlers_now(), []  # type: ignore[var-annotated]
    thread = threading.Thread(target=hold_back)
    thread.start()
    thread.join()
    assert found == before


FIT = """
import signal, sys

texts, labels = ["win cash", "lunch today", "cash prize", "see you at lunch"] * 8, [1, 0, 1, 0] * 8

def fit():
    from skcnn import CostSensitiveTextCNN
    cnn = CostSensitiveTextCNN(epochs=1, n_filters=2, random_state=0, early_stopping=False)
    return cnn.fit(texts, labels)
"""

# Ctrl-C when each of these modules begins to be imported. Names without a dot are also looked for
# before, without an import, to see whether they are installed.
DURING_IMPORTS = f"""{FIT}
class Interrupts:
    left = {{
        "tensorflow.python", "tensorflow.python.eager.context", "tensorflow.python.ops.math_ops",
        "keras.src.layers", "keras.src.saving", "scikeras.wrappers",
        "numba.core", "numba.core.types",
    }}

    def find_spec(self, name, path=None, target=None):
        if name in self.left:
            self.left.discard(name)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
before = signal.getsignal(signal.SIGINT)
try:
    fit()
except KeyboardInterrupt:
    print("interrupted")
assert signal.getsignal(signal.SIGINT) is before
assert not Interrupts.left, Interrupts.left
assert fit().predict(texts[:2]).tolist() == [1, 0]
fit().model_
"""


def test_ctrl_c_during_imports_does_not_break_later_fits() -> None:
    process = subprocess.run(
        [sys.executable, "-c", DURING_IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (process.stdout, process.stderr, process.returncode) == ("interrupted\n", "", 0)


# Fits until the interrupt has come, so that it never meets an interpreter that is shutting down.
# Python cannot import scikit-learn again where Ctrl-C cut that off, so this is done before.
AT_A_MOMENT = f"""{FIT}
import skcnn
skcnn.CostSensitiveTextCNN
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored
try:
    print("ready", flush=True)
    while True:
        fit()
except KeyboardInterrupt:
    pass
assert fit().predict(texts[:2]).tolist() == [1, 0]
"""


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8])
def test_ctrl_c_at_a_moment_does_not_break_later_fits(seconds: float) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", AT_A_MOMENT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 0, errors
