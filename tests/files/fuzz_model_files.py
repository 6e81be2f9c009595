"""Change model files at random, and see what `load` makes of them.

Run ``python -m tests.files.fuzz_model_files 20000`` for as many tries. Of each file that was
changed, `load` must give the right model or a ModelFileError, within two seconds and 200 MB.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, ModelFileError
from tests.conftest import make_corpus
from tests.files import lies
from tests.files.raw_files import RawFile
from tests.text.encoders import count_topics

STORED = Path(__file__).parent / "stored"
TEXTS = ["win cash now", "lunch at home", "jackpot winners", "aunt", "", "unheard ж words"]
MAX_SECONDS, MAX_BYTES = 2.0, 200e6


@dataclass
class Source:
    """A model file that is right.

    Attributes
    ----------
    name : of the format
    content : the file
    given : the arguments of `load` that it needs
    """

    name: str
    content: bytes
    given: dict[str, Any] = field(default_factory=dict)

    def load(self, path: Path) -> CostSensitiveTextCNN:
        return CostSensitiveTextCNN.load(path, **self.given)

    @cached_property
    def answers(self) -> tuple[Any, ...]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            path.write_bytes(self.content)
            return answers(self.load(path))


def stored_sources() -> list[Source]:
    """The stored files, but for that of format 4, which needs a large encoder."""
    return [
        Source(path.stem, path.read_bytes())
        for path in sorted(STORED.glob("*.skcnn"))
        if path.stem != "format_4"
    ]


def full_source(folder: Path) -> Source:
    """A new file with members of all kinds but a Keras network, of three classes; int8 vectors."""
    corpus = make_corpus({"ham": 0.5, "offer": 0.25, "spam": 0.25}, 200, seed=1)
    cnn = CostSensitiveTextCNN(
        {("ham", "spam"): 5.0},
        embedding_dim=4,
        n_filters=3,
        filter_widths=(2, 1),
        epochs=2,
        max_length=(6, 2),
        class_weight={"ham": 2.0},
        sentence_vectors=count_topics,
        members=[("bayes", make_pipeline(CountVectorizer(), MultinomialNB()))],
        word_vectors={"win": [1.0, 0.0], "jackpot": [0.5, 0.5]},
        random_state=0,
    ).fit([[text] for text in corpus.texts], corpus.labels)
    cnn.save(folder / "full", word_vectors="int8")
    given = {"sentence_vectors": count_topics, "members": cnn.named_members_}
    return Source("full", (folder / "full").read_bytes(), given)


def answers(cnn: CostSensitiveTextCNN) -> tuple[Any, ...]:
    """What the model says; equal for equal models."""
    params = {k: repr(v) for k, v in cnn.get_params(deep=False).items()}
    return cnn.predict_proba(TEXTS).tolist(), cnn.predict(TEXTS).tolist(), params, cnn.history_


def check_sane(cnn: CostSensitiveTextCNN, source: Source, path: Path) -> None:
    """Check that a model can be used for everything."""
    n_classes = len(cnn.classes_)
    P = cnn.predict_proba(TEXTS)
    assert P.shape == (len(TEXTS), n_classes)
    assert (P >= 0).all()
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-6)
    assert np.isfinite(cnn.expected_costs(TEXTS)).all()
    assert set(cnn.predict(TEXTS)) <= set(cnn.classes_)
    assert 1 <= cnn.best_iter_ <= cnn.n_iter_
    assert cnn.cost_matrix_.shape == (n_classes, n_classes)
    assert all(isinstance(word, str) for word in cnn.vocabulary_)
    assert clone(cnn).get_params().keys() == cnn.get_params().keys()
    assert repr(cnn)
    assert hasattr(cnn, "feature_names_in_") <= hasattr(cnn, "n_features_in_")
    cnn.save(path)
    np.testing.assert_array_equal(source.load(path).predict_proba(TEXTS), P)


@dataclass
class Report:
    """What came of the tries."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    most_bytes: int = 0
    most_seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.outcomes.total()} tries: {dict(self.outcomes)}; {len(self.faults)} faults; "
            f"most memory {self.most_bytes / 1e6:.0f} MB, longest {self.most_seconds:.2f} s"
        )


def fuzz(sources: list[Source], n_tries: int, seed: int) -> Report:
    """Try so many changed files."""
    rng = np.random.default_rng(seed)
    report = Report()
    for source in sources:
        assert source.answers  # also imports what is imported on first use
    tracemalloc.start(1)
    with TemporaryDirectory() as folder:
        for number in range(n_tries):
            source, other = (sources[i] for i in rng.integers(len(sources), size=2))
            kind, content, is_right = _changed(source, other, rng)
            path = Path(folder) / "model.skcnn"
            path.write_bytes(content)
            try:
                outcome = _outcome(path, source, [source, other] if is_right else [], report)
            except Exception as error:
                outcome = "fault"
                what = f"{type(error).__name__}: {str(error)[:300]}"
                report.faults.append(f"try {number}, seed {seed}, {source.name}, {kind}: {what}")
            report.outcomes[f"{kind}: {outcome}"] += 1
    tracemalloc.stop()
    return report


def _changed(source: Source, other: Source, rng: np.random.Generator) -> tuple[str, bytes, bool]:
    """Return the kind of change, the changed file, and whether it must be an unchanged model."""
    if rng.integers(2):
        return "bytes", lies.random_bytes(source.content, other.content, rng), True
    file = RawFile.parse(source.content)
    match rng.integers(6):
        case 0:
            every = lies.REFUSED
            name = list(every)[rng.integers(len(every))]
            with suppress(LookupError, StopIteration):  # the file has no such part
                every[name](file)
            return "named lies", file.to_bytes(), False
        case 1 if source.name in ("format_5", "format_6", "full"):  # older formats have no digest
            file.digest = source.content[-71:]
            lies.splice(file, RawFile.parse(other.content), rng)
            return "splices", file.to_bytes(), True
        case 1 | 2 | 3:
            for _ in range(rng.integers(1, 3)):
                lies.random_json(file, rng)
            return "JSON", _to_bytes(file, source), False
        case _:
            lies.random_array(file, rng)
            return "arrays", file.to_bytes(), False


def _to_bytes(file: RawFile, source: Source) -> bytes:
    try:
        return file.to_bytes()
    except (TypeError, AttributeError):
        return source.content


def _outcome(path: Path, source: Source, models: list[Source], report: Report) -> str:
    tracemalloc.reset_peak()
    before, begin = tracemalloc.get_traced_memory()[0], time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cnn = source.load(path)
    except ModelFileError as error:
        cnn, message = None, str(error)
    finally:
        seconds, n_bytes = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1] - before
        report.most_seconds = max(report.most_seconds, seconds)
        report.most_bytes = max(report.most_bytes, n_bytes)
    assert seconds < MAX_SECONDS, "it takes long"
    assert n_bytes < MAX_BYTES, "it takes much memory"
    if cnn is None:
        assert message.startswith(str(path)), "the message does not begin with the file"
        assert len(message) < 2000, "the message is long"
        return "refused"
    if models:
        assert answers(cnn) in [model.answers for model in models], "a wrong model"
        return "right"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_sane(cnn, source, path.with_name("again"))
    return "usable"


def main(arguments: Iterator[str]) -> int:
    n_tries, seed = int(next(arguments, "20000")), int(next(arguments, "0"))
    with TemporaryDirectory() as folder:
        report = fuzz([*stored_sources(), full_source(Path(folder))], n_tries, seed)
    print(report, *report.faults, sep="\n")
    return len(report.faults) > 0


if __name__ == "__main__":
    sys.exit(main(iter(sys.argv[1:])))
