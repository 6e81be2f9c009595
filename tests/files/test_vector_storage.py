"""Word vectors that take fewer bytes in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import skcnn
from skcnn import CostSensitiveTextCNN, MinCostClassifier
from skcnn.files._archive import read
from skcnn.files._budget import Budget
from skcnn.files._vector_storage import read_stored, stored
from skcnn.predicting._parts import PartsError

COMPACT = ["float16", "int8", "int4"]
# Half a step of the integers, as a share of the largest number of a row; and float16's rounding.
ERROR = {"float16": 0.0005, "int8": 0.0045, "int4": 0.0725}
SHARE_OF_FLOAT32 = {"float16": 0.5, "int8": 0.26, "int4": 0.135}


@pytest.fixture(scope="module")
def vectors() -> dict[str, np.ndarray]:
    """More words than the training texts have, with vectors of an odd number of dimensions."""
    rng = np.random.default_rng(0)
    words = ["win", "lunch", "cash", *(f"word{i}" for i in range(400))]
    return dict(zip(words, rng.normal(size=(len(words), 51)).astype(np.float32), strict=True))


@pytest.fixture(scope="module")
def model(small_cnn: Any, two_classes: Any, vectors: Any) -> CostSensitiveTextCNN:
    """With pretrained vectors; not to be fitted again."""
    return small_cnn({"spam": 5}, word_vectors=vectors, linear_model=False).fit(
        two_classes.texts, two_classes.labels
    )


def loaded(model: Any, path: Path, storage: Any) -> CostSensitiveTextCNN:
    model.save(path, word_vectors=storage)
    return CostSensitiveTextCNN.load(path)


@pytest.mark.parametrize("storage", COMPACT)
@pytest.mark.parametrize("d", [1, 2, 7, 50])
def test_vectors_come_back_within_half_a_step(storage: Any, d: int) -> None:
    rng = np.random.default_rng(d)
    given = (rng.normal(size=(30, d)) * 10 ** rng.uniform(-3, 3, size=(30, 1))).astype(np.float32)
    given[3] = 0
    found = read_stored(stored("x", given, storage), Budget(0))
    assert list(found) == ["x"]
    error = np.abs(found["x"] - given).max(axis=1)
    assert (error <= ERROR[storage] * np.abs(given).max(axis=1)).all()
    assert (found["x"][3] == 0).all()


@pytest.mark.parametrize("storage", COMPACT)
def test_a_file_is_smaller_and_its_model_answers_nearly_alike(
    storage: Any, model: Any, vectors: Any, tmp_path: Path
) -> None:
    small, path = loaded(model, tmp_path / "small", storage), tmp_path / "whole"
    model.save(path)
    whole, fewer = (read(each).arrays for each in (path, tmp_path / "small"))
    for name in ("member_0.frozen", "word_vectors"):
        n_bytes = sum(array.nbytes for key, array in fewer.items() if key.startswith(name))
        assert n_bytes < SHARE_OF_FLOAT32[storage] * whole[name].nbytes + 1000
    unseen = [f"word{i}" for i in range(400)]
    differences = np.abs(small.predict_proba(unseen) - model.predict_proba(unseen))
    assert 0 < differences.max() < 10 * ERROR[storage]
    assert small.vocabulary_ == model.vocabulary_
    assert small.word_vectors.keys() == vectors.keys()
    for word in ("win", "word7"):
        np.testing.assert_allclose(small.word_vectors[word], vectors[word], atol=0.3)


@pytest.mark.parametrize("storage", COMPACT)
def test_words_of_the_training_texts_are_not_rounded(
    storage: Any, model: Any, two_classes: Any, tmp_path: Path
) -> None:
    small = loaded(model, tmp_path / "small", storage)
    np.testing.assert_array_equal(
        small.predict_proba(two_classes.texts), model.predict_proba(two_classes.texts)
    )


@pytest.mark.parametrize("storage", COMPACT)
def test_rounding_again_changes_nothing(storage: Any, model: Any, tmp_path: Path) -> None:
    first = loaded(model, tmp_path / "first", storage)
    loaded(first, tmp_path / "again", storage)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()


@pytest.mark.parametrize("storage", COMPACT)
def test_a_loaded_model_learns_more_texts(
    storage: Any, model: Any, two_classes: Any, tmp_path: Path
) -> None:
    small = loaded(model, tmp_path / "small", storage)
    small.fit(two_classes.texts, two_classes.labels)
    assert small.predict(["win cash"]).tolist() == ["spam"]


def test_a_decision_rule_is_saved_with_such_vectors(
    model: Any, two_classes: Any, tmp_path: Path
) -> None:
    rule = MinCostClassifier(model, threshold=0.3).fit(two_classes.texts, two_classes.labels)
    skcnn.save(rule, tmp_path / "rule", word_vectors="int8")
    assert "member_0.frozen_int8" in read(tmp_path / "rule").arrays
    assert skcnn.load(tmp_path / "rule").threshold == 0.3


def test_a_model_without_pretrained_vectors_is_saved_as_ever(fitted: Any, tmp_path: Path) -> None:
    fitted.save(tmp_path / "whole")
    fitted.save(tmp_path / "small", word_vectors="int8")
    assert (tmp_path / "small").read_bytes() == (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize("storage", [True, False, None])
@pytest.mark.parametrize("as_numbers", [int, np.int64, np.bool_])
def test_what_was_taken_as_true_and_false_before_still_is(
    storage: Any, as_numbers: Any, model: Any, tmp_path: Path
) -> None:
    model.save(tmp_path / "expected", word_vectors=bool(storage))
    model.save(tmp_path / "found", word_vectors=None if storage is None else as_numbers(storage))
    assert (tmp_path / "found").read_bytes() == (tmp_path / "expected").read_bytes()


@pytest.mark.parametrize("storage", ["float32", "", 2, 0.5, ["int8"], np.int8])
def test_another_storage_is_refused(storage: Any, model: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"word_vectors is .*expected True, False, 'float16'"):
        model.save(tmp_path / "model", word_vectors=storage)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [1e5, -1e30])
def test_numbers_too_large_for_float16_are_refused_with_the_cure(value: float) -> None:
    given = np.array([[1.0, value]], np.float32)
    with pytest.raises(
        ValueError, match=r"from 6\.1e-05 to 6\.6e\+04.*word_vectors='int8' or True"
    ):
        stored("x", given, "float16")


@pytest.mark.parametrize("value", [1e-7, -6e-5])
def test_vectors_too_small_for_float16_are_refused_with_the_cure(value: float) -> None:
    given = np.array([[1.0, 2.0], [0.0, 0.0], [0.0, value]], np.float32)
    with pytest.raises(
        ValueError, match=r"from 6\.1e-05 to 6\.6e\+04.*word_vectors='int8' or True"
    ):
        stored("x", given, "float16")
    assert stored("x", given[:2], "float16")["x"].dtype == np.float16


@pytest.mark.parametrize("storage", ["int8", "int4"])
@pytest.mark.parametrize("size", [1e-30, 1e-6, 1e30])
def test_integers_hold_vectors_of_every_size(storage: Any, size: float) -> None:
    given = (np.random.default_rng(0).normal(size=(30, 9)) * size).astype(np.float32)
    found = read_stored(stored("x", given, storage), Budget(0))["x"]
    error = np.abs(found - given).max(axis=1)
    assert (error <= ERROR[storage] * np.abs(given).max(axis=1)).all()


@pytest.mark.parametrize("value", [1e-44, 1e300])
def test_numbers_that_float32_does_not_hold_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"from .*e-3\d to 3\.4e\+38.*word_vectors=True"):
        stored("x", np.array([[value]]), "int8")


def test_scales_of_two_bytes_are_read() -> None:
    rows, scales = np.array([[127, -1]], np.int8), np.array([0.5], np.float16)
    assert read_stored({"x_int8": rows, "x_scales": scales}, Budget(0))["x"].tolist() == [
        [63.5, -0.5]
    ]


def test_the_memory_of_vectors_is_counted_before_it_is_reserved() -> None:
    arrays = stored("x", np.ones((1_000, 9_000), np.float32), "int4")
    with pytest.raises(PartsError, match="x_int4 would take 36,000,000 bytes"):
        read_stored(arrays, Budget(0))
