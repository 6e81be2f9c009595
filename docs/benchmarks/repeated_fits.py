"""Time before the first training step, time of a grid search, and memory over many fits.

The texts are synthetic, so no data is needed. --data is ignored.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil
from _common import parser
from sklearn.model_selection import GridSearchCV

from skcnn import CostSensitiveTextCNN, cost_grid

N_TEXTS, N_FITS = 2000, 25


def synthetic(n_texts: int, n_words: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return texts of 20 words and their labels.

    The frequencies of the words follow Zipf's law. One more word shows the class.
    """
    generator = np.random.default_rng(seed)
    labels = generator.random(n_texts) < 0.25
    ranks = np.minimum(generator.zipf(1.3, (n_texts, 20)), n_words)
    hints = generator.integers(3, size=n_texts)
    texts = [
        " ".join(f"w{rank}" for rank in row) + (f" rare{hint}" if label else f" usual{hint}")
        for row, label, hint in zip(ranks, labels, hints, strict=True)
    ]
    return texts, np.where(labels, "rare", "other")


class EpochTimer:
    """Adds up the seconds of epochs, from begin to end."""

    first_begin: float | None = None
    total = 0.0


def timing_callback(record: EpochTimer):
    """Return a Keras callback that writes into `record`."""
    import keras

    class Timer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            record.begin = time.perf_counter()
            if record.first_begin is None:
                record.first_begin = record.begin

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            record.total += time.perf_counter() - record.begin

        def __deepcopy__(self, memo: dict) -> Timer:
            return self  # so that clones of the estimator write into the same record

    return Timer()


def overhead() -> None:
    """Print the seconds from the call of the training to its first step, fit after fit."""
    from skcnn.network import _fit

    delays = []
    fit_text_cnn = _fit.fit_text_cnn
    record = EpochTimer()

    def timed(*args: object, **kwargs: object) -> object:
        record.first_begin = None
        begin = time.perf_counter()
        trained = fit_text_cnn(*args, **kwargs)
        delays.append(record.first_begin - begin)
        return trained

    _fit.fit_text_cnn = timed
    try:
        for seed in range(12):
            texts, labels = synthetic(400 + 50 * seed, 500 + 100 * seed, seed)
            callbacks = [timing_callback(record)]
            cnn = CostSensitiveTextCNN(epochs=1, callbacks=callbacks, random_state=seed)
            cnn.fit(texts, labels)
    finally:
        _fit.fit_text_cnn = fit_text_cnn
    print(
        f"time before the first step: first fit {delays[0]:.3f} s, later fits median "
        f"{statistics.median(delays[1:]):.3f} s (max {max(delays[1:]):.3f})"
    )


def grid_search(repeats: int) -> None:
    """Print the seconds of a grid search over costs, with and without `memory`.

    For the default loss, they are divided by the seconds of the network's epochs. With
    cross-entropy, one network of each fold serves all costs.
    """
    texts, labels = synthetic(N_TEXTS, 5000, 0)
    ratios: dict[str, list[float]] = {"without memory": [], "with memory": []}
    shares = []
    for _ in range(repeats):
        for name, values in ratios.items():
            record = EpochTimer()
            with maybe_folder(name == "with memory") as folder:
                seconds = search_seconds(
                    texts, labels, memory=folder, callbacks=[timing_callback(record)]
                )
            values.append(seconds / record.total)
        with maybe_folder(True) as folder:
            one_network = search_seconds(texts, labels, memory=folder, loss="cross_entropy")
        shares.append(one_network / search_seconds(texts, labels, loss="cross_entropy"))
    for name, values in ratios.items():
        print(
            f"grid search, {N_FITS} fits on {N_TEXTS} texts, {name}: total time / time in epochs "
            f"{statistics.median(values):.2f} ({', '.join(f'{r:.2f}' for r in values)})"
        )
    print(
        "the same with cross-entropy: time with memory / time without "
        f"{statistics.median(shares):.2f} ({', '.join(f'{r:.2f}' for r in shares)})"
    )


def search_seconds(texts: list[str], labels: np.ndarray, **parameters: object) -> float:
    """Return the seconds of a grid search over five cost matrices in five folds."""
    cnn = CostSensitiveTextCNN(epochs=5, random_state=0, **parameters)
    grid = {"cost_matrix": cost_grid("rare", [1, 2, 5, 10, 20])}
    search = GridSearchCV(cnn, grid, cv=5, refit=False, scoring="accuracy")
    begin = time.perf_counter()
    search.fit(texts, labels)
    return time.perf_counter() - begin


@contextmanager
def maybe_folder(wanted: bool) -> Iterator[str | None]:
    """Yield an empty folder, or None."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def memory_growth() -> None:
    """Print the resident memory over 50 cycles of fit and predict."""
    process, sizes = psutil.Process(), []
    for cycle in range(50):
        texts, labels = synthetic(500, 1000 + 20 * cycle, cycle)
        CostSensitiveTextCNN(epochs=2, random_state=cycle).fit(texts, labels).predict(texts)
        sizes.append(process.memory_info().rss)
    growth = sizes[-1] / sizes[5] - 1
    print(
        f"resident memory after the fifth cycle {sizes[5] / 2**20:.0f} MiB, after the fiftieth "
        f"{sizes[-1] / 2**20:.0f} MiB: {100 * growth:+.1f} %"
    )


def main() -> None:
    """Print all three."""
    command_line = parser(__doc__)
    for action in command_line._actions:
        action.required = False
    arguments = command_line.parse_args()
    overhead()
    grid_search(min(arguments.repeats, 3))
    memory_growth()


if __name__ == "__main__":
    main()
