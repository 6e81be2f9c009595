"""A soak run: fits, predictions in threads, explanations, files and errors, for many minutes."""

from __future__ import annotations

import argparse
import ctypes
import pickle
import random
import string
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

import skcnn
from skcnn import CostSensitiveTextCNN
from skcnn.datasets import load_bbc_headlines

# The first cycles import libraries and fill caches.
WARM_UP = 5
LOSSES = ("expected_cost", "cross_entropy", "weighted", "focal", "misclassification")


def main() -> None:
    """Print the memory at the start and at the end, and what was done between."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    texts, topics = load_bbc_headlines(return_X_y=True)
    labels = np.where(np.array(topics) == "tech", "tech", "other")
    process, end, cycles = psutil.Process(), time.monotonic() + 60 * minutes, 0
    megabytes: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end or cycles <= WARM_UP:
            cycle(random.Random(cycles), texts, labels, Path(folder))
            cycles += 1
            megabytes.append(memory(process))
        left = sorted(path.name for path in Path(folder).iterdir())
    after = megabytes[WARM_UP:]
    tenth = max(1, len(after) // 10)
    print(f"{cycles} cycles in {minutes:g} minutes, no error")
    print(
        f"memory, MB: {np.mean(after[:tenth]):.0f} at first, {np.mean(after[-tenth:]):.0f} at last"
    )
    print(f"threads: {process.num_threads()}, open files: {process.num_fds()}, files left: {left}")


def memory(process: psutil.Process) -> float:
    """Return the memory of this process in MB, without what the C library holds in reserve."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):  # glibc
        library.malloc_trim(0)
    return process.memory_info().rss / 2**20


def cycle(rng: random.Random, texts: list[str], labels: np.ndarray, folder: Path) -> None:
    """Fit, predict in threads, explain, save, load, and provoke errors; check the results."""
    rows = rng.sample(range(len(texts)), 400)
    X, y = [texts[row] for row in rows], labels[rows]
    odd = "".join(rng.choices(string.printable + "免费é\u0301\ud800👍", k=rng.randrange(2000)))
    cnn = CostSensitiveTextCNN(
        {"tech": rng.choice([1, 5, 50])}, loss=rng.choice(LOSSES), epochs=3, random_state=0
    ).fit(X, y)
    P = cnn.predict_proba([*X, odd])
    in_threads = [np.empty(0)] * 4
    threads = [
        threading.Thread(target=predict, args=(cnn, [*X, odd], in_threads, i)) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    cnn.fit(X, y)  # the threads predict with the old model or with the new one, which are equal
    for thread in threads:
        thread.join()
    explanation = cnn.explain([X[0]])[0]
    cnn.save(folder / "model.skcnn")
    copies = [skcnn.load(folder / "model.skcnn"), pickle.loads(pickle.dumps(cnn))]
    for found in (*in_threads, *(copy.predict_proba([*X, odd]) for copy in copies)):
        assert np.array_equal(found, P), "a copy or a thread gave other probabilities"
    total = explanation.base_log_odds + explanation.log_odds.sum(axis=0)
    assert np.allclose(total[1], np.log(P[0, 1] / P[0, 0])), "an explanation does not add up"
    for bad in (dict(X=X, y=y[:-1]), dict(X=[*X[:-1], None], y=y), dict(X=X, y=["one"] * len(X))):
        try:
            cnn.fit(**bad)
        except (TypeError, ValueError):
            continue
        raise AssertionError("bad input was taken")


def predict(cnn: CostSensitiveTextCNN, texts: list[str], results: list[np.ndarray], i: int) -> None:
    """Put probabilities into a list: a thread returns nothing."""
    results[i] = cnn.predict_proba(texts)


if __name__ == "__main__":
    main()
