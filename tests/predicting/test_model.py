"""The fitted model: members are a protocol, and what predicts is set once."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from skcnn import CostSensitiveTextCNN
from skcnn._arrays import Float64
from skcnn.files import _read_parts
from skcnn.fitting._pool import Predictions, pool_models
from skcnn.predicting._members import Member
from skcnn.predicting._model import FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._parts import part
from skcnn.predicting._pool import LogarithmicPool
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._long_text import Tokens
from tests.conftest import Corpus


class LengthMember:
    """A third kind of member: it knows nothing but the length of a text."""

    kind: ClassVar[str] = "length"
    reads_tokens: ClassVar[bool] = False

    def __init__(self, log_odds: NDArray[np.float64]) -> None:
        self.log_odds = log_odds

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        p = 1 / (1 + np.exp(-self.log_odds * np.array([len(text) for text in texts])))
        return np.stack([1 - p, p], axis=1)

    def with_cached_words(self, words: Sequence[str]) -> LengthMember:
        return self

    def without_unseen_words(self) -> LengthMember:
        return self

    def header(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"log_odds": self.log_odds}

    @classmethod
    def from_parts(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
    ) -> LengthMember:
        return cls(part(arrays, "log_odds"))


@pytest.fixture
def of_three(fitted: CostSensitiveTextCNN, noisy: Corpus) -> FittedModel:
    """The fitted model of an estimator with a third member."""
    model = fitted._model
    members: list[Member] = [*model.members, LengthMember(np.array([0.01]))]
    tokens = model.tokenize(noisy.texts)
    probabilities = [member.predict_proba(noisy.texts, tokens) for member in members]
    targets = (noisy.labels == "spam").astype(np.int32)
    return replace(
        model, members=tuple(members), pool=pool_models(Predictions(probabilities, targets))
    )


def test_a_third_member_needs_no_change_in_the_estimator(
    of_three: FittedModel, fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    cnn = CostSensitiveTextCNN(**fitted.get_params())
    cnn._set_model(of_three)
    tokens = of_three.tokenize(new_texts)
    logs = [np.log(m.predict_proba(new_texts, tokens)) for m in of_three.members]
    assert of_three.pool is not None
    pooled = np.exp(np.tensordot(of_three.pool.exponents, logs, 1) + of_three.pool.log_factors)
    expected = pooled / pooled.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(cnn.predict_proba(new_texts), expected, atol=1e-6)
    assert not np.allclose(expected, fitted.predict_proba(new_texts), atol=1e-3)


class NeverAsked(LengthMember):
    """A member that must not be asked for probabilities."""

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        raise AssertionError("this member does not count")


def test_a_member_that_does_not_count_takes_no_time(
    of_three: FittedModel, new_texts: list[str]
) -> None:
    assert of_three.pool is not None
    exponents, factors = np.array([0.0, 0.7, 0.0]), of_three.pool.log_factors
    pool = LogarithmicPool(exponents, factors)
    tokens = of_three.tokenize(new_texts)
    expected = pool([each.predict_proba(new_texts, tokens) for each in of_three.members])
    members: Any = (NeverAsked(np.zeros(1)), of_three.members[1], NeverAsked(np.zeros(1)))
    found = replace(of_three, members=members, pool=pool).predict_proba(new_texts)
    np.testing.assert_array_equal(found, expected)


def test_if_no_member_counts_all_texts_have_the_same_probabilities(of_three: FittedModel) -> None:
    pool = LogarithmicPool(np.zeros(3), np.log([1.0, 3.0]))
    P = replace(of_three, pool=pool).predict_proba(["win", "see you"])
    np.testing.assert_allclose(P, [[0.25, 0.75]] * 2)


def test_a_third_member_survives_the_file_where_its_kind_is_listed(
    of_three: FittedModel,
    fitted: CostSensitiveTextCNN,
    new_texts: list[str],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cnn = CostSensitiveTextCNN(**fitted.get_params())
    cnn._set_model(of_three)
    cnn.save(tmp_path / "model.skcnn")
    with pytest.raises(ValueError, match="a member is 'length', expected one of"):
        CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    monkeypatch.setitem(_read_parts._MEMBERS, "length", LengthMember)
    loaded = CostSensitiveTextCNN.load(tmp_path / "model.skcnn")
    np.testing.assert_array_equal(loaded.predict_proba(new_texts), cnn.predict_proba(new_texts))


def test_a_fitted_model_cannot_be_changed(fitted: CostSensitiveTextCNN) -> None:
    with pytest.raises(FrozenInstanceError):
        fitted._model.classes = np.array(["a", "b"])  # type: ignore[misc]


def test_a_fitted_model_predicts_as_it_was_fitted_whatever_becomes_of_the_parameters(
    fitted: CostSensitiveTextCNN, new_texts: list[str]
) -> None:
    twin = pickle.loads(pickle.dumps(fitted))
    expected = fitted.predict_proba(["WIN Cash", *new_texts])
    twin.set_params(lowercase=False, max_length=1)
    np.testing.assert_array_equal(twin.predict_proba(["WIN Cash", *new_texts]), expected)


def test_cached_words_are_those_that_the_network_saw(fitted: CostSensitiveTextCNN) -> None:
    text_cnn, ngrams = fitted._model.members
    assert isinstance(text_cnn, FittedTextCNN)
    assert isinstance(ngrams, NgramModel)
    assert list(ngrams.cached_words) == text_cnn.seen_words
