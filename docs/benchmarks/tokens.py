"""Tokens a second on one core, and the time of co-occurrence vectors for more and more texts."""

from __future__ import annotations

import statistics

import numpy as np
from _common import load, parser, seconds
from threadpoolctl import threadpool_limits

from skcnn import CooccurrenceVectors
from skcnn.text import tokenize

CORPORA = {"ade_sentences": "English sentences", "zh_waimai": "Chinese reviews", "sms_spam": "SMS"}
REPETITIONS = (1, 2, 4, 8)


def main() -> None:
    """Print both tables."""
    arguments = parser(__doc__).parse_args()
    with threadpool_limits(1):
        for name, title in CORPORA.items():
            texts, _ = load(arguments.data, name)
            n_tokens = sum(len(tokenize(text)) for text in texts)
            spent = [
                seconds(lambda texts=texts: [tokenize(text) for text in texts])
                for _ in range(arguments.repeats)
            ]
            rate = n_tokens / statistics.median(spent) / 1e6
            print(f"{title:20s} {n_tokens:9,} tokens, {rate:.2f} million a second", flush=True)
    growth(load(arguments.data, "ade_sentences")[0], arguments.repeats)


def growth(texts: list[str], repeats: int) -> None:
    """Print seconds of co-occurrence vectors from the same texts, once and several times."""
    medians = []
    for times in REPETITIONS:
        more = texts * times
        spent = [
            seconds(lambda more=more: CooccurrenceVectors(random_state=0).fit(more))
            for _ in range(repeats)
        ]
        medians.append(statistics.median(spent))
        print(f"co-occurrence vectors of {len(more):7,} texts {medians[-1]:.2f} s", flush=True)
    exponent = np.polyfit(np.log(REPETITIONS), np.log(medians), 1)[0]
    print(f"exponent {exponent:.2f}")


if __name__ == "__main__":
    main()
