"""The corpora of the benchmarks: from a folder, or downloaded by `skcnn.datasets.fetch_corpus`."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
from sklearn.model_selection import train_test_split

from skcnn.datasets import fetch_corpus

DOWNLOADS = {  # names that differ: the name for fetch_corpus, and the part of its texts
    "so_web_5k_15k": ("stackoverflow_titles", None),
    "zh_waimai": ("waimai_reviews", None),
    "clinc150_imbalanced": ("clinc150", None),
    "kim_mr": ("movie_reviews", None),
    "kim_mpqa": ("mpqa", None),
    "kim_sst2_train": ("sst2", "train"),
    "kim_sst2_test": ("sst2", "test"),
    "kim_trec_train": ("trec", "train"),
    "kim_trec_test": ("trec", "test"),
}
Columns = tuple[list[str], np.ndarray, np.ndarray]


def columns(folder: Path | None, name: str) -> Columns:
    """Return texts, labels, and the part of each text ("" if there are no parts).

    A folder has gzipped CSV files with the columns label, text and perhaps split. Without a folder,
    the corpus is downloaded.
    """
    if folder is None:
        return published_split() if name == "ade_published_split" else downloaded(name)
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    parts = np.array([row.get("split", "") for row in rows])
    return [row["text"] for row in rows], np.array([row["label"] for row in rows]), parts


def downloaded(name: str) -> Columns:
    """Return the columns of a corpus, or of one of its parts, from its source."""
    corpus_name, part = DOWNLOADS.get(name, (name, None))
    corpus = fetch_corpus(corpus_name)
    parts = corpus.split if corpus.split is not None else np.full(len(corpus.data), "")
    chosen = np.flatnonzero(parts == part) if part else np.arange(len(parts))
    return [corpus.data[i] for i in chosen], corpus.target[chosen], parts[chosen]


def published_split() -> Columns:
    """Return the sentences on adverse drug events, each once, split as a fine-tuning run did.

    It took 70 % of all rows for training, 15 % for validation and 15 % for the test, with a seed of
    42: https://github.com/steven-cheun/nlp-ade-classification. Here the validation texts count as
    training texts, and test texts that are among them are left out.
    """
    texts, labels, _ = downloaded("ade_sentences")
    rows, y = np.arange(len(texts)), labels == "ade"  # numbers: their order counts in a split
    train, rest = train_test_split(rows, test_size=0.3, stratify=y, random_state=42)
    validation, test = train_test_split(rest, test_size=0.5, stratify=y[rest], random_state=42)
    label_of = dict(zip(texts, labels, strict=True))
    in_training = dict.fromkeys(texts[i] for i in (*train, *validation))
    in_test = dict.fromkeys(texts[i] for i in test if texts[i] not in in_training)
    data = [*in_training, *in_test]
    parts = ["train"] * len(in_training) + ["test"] * len(in_test)
    return data, np.array([label_of[text] for text in data]), np.array(parts)
