"""Code that the benchmark scripts share: data, models to compare with, times of pairs."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from _corpora import columns

COST_RATIO = 5  # missing the rare class costs 5, a false alarm costs 1
DATA_SETS = {  # the file and its rare class
    "ade_sentences": "ade",
    "clothing_reviews": "not_recommended",
    "so_web_5k_15k": "web",
    "sms_spam": "spam",
    "zh_waimai": "pos",
    "hate_offensive": "hate",
}
DATA_HELP = "folder of the CSV files; without it, the corpora are downloaded"


def parser(description: str) -> argparse.ArgumentParser:
    """Return a command line with the folder of the data and the number of runs."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("--data", type=Path, help=DATA_HELP)
    result.add_argument("--repeats", type=int, default=5, help="runs of each candidate")
    return result


def load(folder: Path | None, name: str) -> tuple[list[str], np.ndarray]:
    """Return texts and labels of one corpus, without exact duplicates."""
    all_texts, labels, _ = columns(folder, name)
    first = dict(zip(reversed(all_texts), reversed(labels), strict=True))
    texts = list(reversed(first))
    return texts, np.array([first[text] for text in texts])


def load_binary(folder: Path | None, name: str) -> tuple[list[str], np.ndarray, str]:
    """Return texts, labels and the rare class; all other labels become "other"."""
    texts, labels = load(folder, name)
    rare = DATA_SETS[name]
    return texts, np.where(labels == rare, rare, "other"), rare


def seconds(work: Callable[[], object]) -> float:
    """Return the wall time of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def interleaved(
    candidates: dict[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Return the seconds of each candidate.

    The candidates run in turn, so that other work on the machine affects all of them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, work in candidates.items():
            times[name].append(seconds(work))
    return times


def report(times: dict[str, list[float]], reference: str) -> None:
    """Print the median seconds of each candidate, and the median of its ratios to the reference."""
    for name, values in times.items():
        ratios = np.array(values) / np.array(times[reference])
        print(
            f"{name:32s} {np.median(values):9.3f} s   {np.median(ratios):7.2f} x {reference}"
            f"   (min {min(values):.3f}, max {max(values):.3f})",
            flush=True,
        )


def tfidf_logistic_regression() -> object:
    """Return TF-IDF of 1 to 2 words and 2 to 5 characters with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2),
    )
    return make_pipeline(features, LogisticRegression(C=4, max_iter=1000))


def plain_keras(
    n_ids: int,
    dimension: int,
    n_classes: int = 2,
    *,
    channels: int = 1,
    length: int | None = None,
) -> object:
    """Return a TextCNN as Keras users write it. A second channel has frozen word vectors."""
    import keras
    from keras import layers

    ids = keras.Input((None,), dtype="int32")
    embedded = [
        layers.Embedding(n_ids, dimension, trainable=channel == 0)(ids)
        for channel in range(channels)
    ]
    pooled = []
    for width in (3, 4, 5):
        convolution = layers.Conv1D(100, width, padding="same")
        convolved = [convolution(vectors) for vectors in embedded]
        total = layers.Add()(convolved) if channels > 1 else convolved[0]
        pooled.append(layers.GlobalMaxPooling1D()(layers.Activation("relu")(total)))
    features = layers.Dropout(0.5)(layers.Concatenate()(pooled))
    model = keras.Model(ids, layers.Dense(n_classes, activation="softmax")(features))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def encoded(texts: list[str]) -> tuple[object, int]:
    """Return the texts as `TokenSequences`, and the number of ids."""
    from skcnn.text._tokenizer import tokenize_all
    from skcnn.text._vocabulary import FIRST_WORD, build_vocabulary, encode

    tokens = tokenize_all(texts)
    vocabulary = build_vocabulary(tokens)
    return encode(tokens, vocabulary), len(vocabulary) + FIRST_WORD
