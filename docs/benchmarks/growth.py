"""Time of an epoch with larger vocabularies and more texts, and the memory of a fit.

The texts are synthetic, and the frequencies of their words follow Zipf's law. --data is ignored.
"""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import psutil
from _common import interleaved, parser, report, seconds

from skcnn import CostSensitiveTextCNN
from skcnn.network import build_text_cnn
from skcnn.text._sequences import TokenSequences
from skcnn.text._vocabulary import FIRST_WORD

SIZES = (5_000, 50_000, 500_000)


def zipf_sequences(
    n_texts: int, n_vocabulary: int, seed: int = 0
) -> tuple[TokenSequences, np.ndarray]:
    """Return texts of 20 tokens, and their targets."""
    generator = np.random.default_rng(seed)
    probabilities = 1 / np.arange(1, n_vocabulary + 1)
    ranks = generator.choice(n_vocabulary, n_texts * 20, p=probabilities / probabilities.sum())
    offsets = np.arange(0, n_texts * 20 + 1, 20)
    sequences = TokenSequences((ranks + FIRST_WORD).astype(np.int32), offsets)
    return sequences, (generator.random(n_texts) < 0.3) * 1


def compiled(n_vocabulary: int):
    """Return a compiled TextCNN for a vocabulary of this size."""
    model = build_text_cnn(n_vocabulary + FIRST_WORD, 100, 2, random_state=0)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def epoch(model, sequences: TokenSequences, targets: np.ndarray) -> None:
    """Train on every text once."""
    model.fit(sequences, targets, batch_size=50, verbose=0)


def vocabulary(repeats: int) -> None:
    """Time the same texts with a vocabulary of 20,000 words and of 200,000 words."""
    sequences, targets = zipf_sequences(20_000, 20_000)
    small, large = compiled(20_000), compiled(200_000)
    candidates = {
        "20,000 words": partial(epoch, small, sequences, targets),
        "200,000 words": partial(epoch, large, sequences, targets),
    }
    for warm_up in candidates.values():
        warm_up()
    report(interleaved(candidates, repeats), "20,000 words")


def texts() -> None:
    """Print seconds an epoch for 5,000 to 500,000 texts, and the exponent of growth."""
    times = []
    for n_texts in SIZES:
        sequences, targets = zipf_sequences(n_texts, 50_000)
        model = compiled(50_000)
        epoch(model, sequences, targets)
        runs = 3 if n_texts < SIZES[-1] else 1
        times.append(min(seconds(partial(epoch, model, sequences, targets)) for _ in range(runs)))
        print(f"{n_texts:8,d} texts: {times[-1]:8.2f} s an epoch", flush=True)
    exponent = np.polyfit(np.log(SIZES), np.log(times), 1)[0]
    print(f"exponent of growth: {exponent:.3f}")


def memory() -> None:
    """Print the peak memory of a fit on 500,000 raw texts, without the texts themselves."""
    generator = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(50_000)])
    texts: list[str] = []
    for _ in range(500):  # piece by piece: the fit must not find much freed memory
        ranks = np.minimum(generator.zipf(1.2, (1000, 20)) - 1, 49_999)
        texts += [" ".join(row) for row in words[ranks].tolist()]
    labels = (generator.random(len(texts)) < 0.3) * 1
    cnn = CostSensitiveTextCNN(epochs=1, random_state=0)
    cnn.fit(texts[:500], labels[:500])  # so that the memory of TensorFlow itself does not count
    process = psutil.Process()
    before, peak, done = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    cnn.fit(texts, labels)
    done.set()
    watcher.join()
    print(f"memory of fit at 500,000 texts: {(peak - before) / 2**30:.2f} GiB without the texts")


def main() -> None:
    """Print all three, the memory first: later, the process has freed memory to use again."""
    command_line = parser(__doc__)
    for action in command_line._actions:
        action.required = False
    arguments = command_line.parse_args()
    memory()
    vocabulary(arguments.repeats)
    texts()


if __name__ == "__main__":
    main()
