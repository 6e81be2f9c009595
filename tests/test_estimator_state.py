"""A fitted estimator is one model or another, never a part of each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import CooccurrenceVectors, CostSensitiveTextCNN, MinCostClassifier
from skcnn.predicting._attributes import FittedAttributes, fitted_property
from skcnn.text._pretrained import resolve_word_vectors

FIRST = ["win a free prize now", "see you at dinner", "free cash", "dinner at home"] * 6
SECOND = ["free at last", "home now", "a prize you see", "cash at dinner"] * 6
Y_FIRST = ["spam", "ham", "spam", "ham"] * 6
Y_SECOND = ["yes", "no", "maybe", "no"] * 6
TEXTS = ["free dinner", "a prize at home", "cash now", "nothing known"]


def small_cnn(**parameters: Any) -> CostSensitiveTextCNN:
    small: dict[str, Any] = {
        "embedding_dim": 4,
        "n_filters": 2,
        "filter_widths": (1,),
        "epochs": 1,
        "early_stopping": False,
        "random_state": 0,
    }
    return CostSensitiveTextCNN(**small | parameters)


def small_min_cost() -> MinCostClassifier:
    return MinCostClassifier(make_pipeline(CountVectorizer(), LogisticRegression()), "balanced")


def answers(classifier: Any) -> list[Any]:
    """Each answer comes from one call: between two calls, the model may change."""
    return [
        classifier.predict(TEXTS).tolist(),
        classifier.predict_proba(TEXTS).tolist(),
        classifier.expected_costs(TEXTS).tolist(),
    ]


def word_vectors(learned: CooccurrenceVectors) -> list[Any]:
    return [dict(zip(learned.words_, learned.vectors_.tolist(), strict=True))]


@dataclass(frozen=True)
class Case:
    """An estimator, what it says once it is fitted, and the function that sets its attributes."""

    make: Callable[[], Any]
    says: Callable[[Any], list[Any]]
    sets: Any
    data: tuple[Any, Any] = ((FIRST, Y_FIRST), (SECOND, Y_SECOND))

    def fitted(self, number: int) -> Any:
        return self.make().fit(*self.data[number])


CNN = Case(small_cnn, answers, FittedAttributes._set_model)
MIN_COST = Case(small_min_cost, answers, MinCostClassifier.fit.__wrapped__)
VECTORS = Case(
    partial(CooccurrenceVectors, 3, random_state=0),
    word_vectors,
    CooccurrenceVectors.fit.__wrapped__,
    ((FIRST,), (SECOND,)),
)
CASES = {"CNN": CNN, "MinCostClassifier": MIN_COST, "CooccurrenceVectors": VECTORS}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


class Interruption:
    """Raises KeyboardInterrupt before the n-th instruction of a function, as Ctrl-C may."""

    def __init__(self, function: Any, n: int) -> None:
        self._code, self._left = function.__code__, n
        self.has_come = False

    def __call__(self, frame: Any, event: str, _: Any) -> Any:
        if frame.f_code is not self._code:
            return None
        frame.f_trace_opcodes = True
        return self._count

    def _count(self, frame: Any, event: str, _: Any) -> Any:
        if event == "opcode":
            if self._left == 0:
                self.has_come = True
                raise KeyboardInterrupt
            self._left -= 1
        return self._count

    def during(self, call: Callable[[], Any]) -> None:
        before = sys.gettrace()
        sys.settrace(self)
        try:
            call()
        except KeyboardInterrupt:
            assert self.has_come
        finally:
            sys.settrace(before)


def set_second(case: Case, estimator: Any, second: Any) -> Callable[[], Any]:
    """Fit on the second texts; where a fit takes long, only its last step."""
    if case is CNN:
        return lambda: estimator._set_model(second._model)
    return lambda: estimator.fit(*case.data[1])


@every_case
def test_an_interrupt_leaves_the_old_or_the_new_model(case: Case) -> None:
    first, second = case.fitted(0), case.fitted(1)
    old, new = case.says(first), case.says(second)
    assert old != new
    found = []
    for n in range(10_000):
        estimator = case.make()
        estimator.__dict__.update(vars(first))
        interruption = Interruption(case.sets, n)
        interruption.during(set_second(case, estimator, second))
        found.append(case.says(estimator))
        if not interruption.has_come:
            break
    assert n > 10
    assert found[0] == old
    assert found[-1] == new
    assert all(each in (old, new) for each in found)


@pytest.mark.parametrize("case", [CNN, MIN_COST], ids=["CNN", "MinCostClassifier"])
def test_threads_that_predict_during_fits_get_the_answers_of_one_model(case: Case) -> None:
    expected = [case.says(case.fitted(number)) for number in (0, 1)]
    estimator = case.fitted(0)
    found: list[tuple[int, Any]] = []
    errors: list[Exception] = []
    is_over = threading.Event()

    def predict() -> None:
        try:
            while not is_over.is_set():
                found.extend(enumerate(case.says(estimator)))
        except Exception as error:
            errors.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=predict) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for i in range(4 if case is CNN else 30):
            estimator.fit(*case.data[i % 2])
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
    assert errors == []
    assert found
    assert all(answer in (expected[0][i], expected[1][i]) for i, answer in found)


METHODS = ["predict", "predict_proba", "expected_costs"]


def explain(cnn: CostSensitiveTextCNN) -> Any:
    return cnn.explain(TEXTS).to_frame().to_numpy()


def worst_errors(cnn: CostSensitiveTextCNN) -> Any:
    return cnn.worst_errors(FIRST, Y_FIRST[1:] + Y_FIRST[:1]).to_numpy()


class FitsMeanwhile:
    """A tokenizer during whose work, once, another thread fits the estimator."""

    estimator: Any = None

    def __call__(self, text: str) -> list[str]:
        if self.estimator is not None:
            estimator, self.estimator = self.estimator, None
            thread = threading.Thread(target=estimator.fit, args=(SECOND, Y_SECOND))
            thread.start()
            thread.join()
        return text.split()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["CNN", "MinCostClassifier"])
def test_a_fit_that_ends_while_texts_are_predicted_does_not_change_the_answer(
    method: str, kind: str
) -> None:
    tokenizer = FitsMeanwhile()
    if kind == "CNN":
        estimator: Any = small_cnn(tokenizer=tokenizer, cost_matrix="balanced")
    else:
        counts = CountVectorizer(tokenizer=tokenizer, token_pattern=None)
        estimator = MinCostClassifier(make_pipeline(counts, LogisticRegression()), "balanced")
    estimator.fit(FIRST, Y_FIRST)
    fitted_tokenizer = tokenizer
    if kind == "MinCostClassifier":  # which fits a clone
        fitted_tokenizer = estimator.estimator_[0].tokenizer
    expected = getattr(estimator, method)(TEXTS)
    fitted_tokenizer.estimator = estimator
    np.testing.assert_array_equal(getattr(estimator, method)(TEXTS), expected)
    assert estimator.classes_.tolist() == ["maybe", "no", "yes"]


@pytest.mark.parametrize("tool", [explain, worst_errors])
def test_a_fit_that_ends_while_predictions_are_explained_does_not_change_the_answer(
    tool: Callable[[CostSensitiveTextCNN], Any],
) -> None:
    tokenizer = FitsMeanwhile()
    cnn = small_cnn(tokenizer=tokenizer, cost_matrix="balanced").fit(FIRST, Y_FIRST)
    expected = tool(cnn)
    tokenizer.estimator = cnn
    np.testing.assert_array_equal(tool(cnn), expected)
    assert cnn.classes_.tolist() == ["maybe", "no", "yes"]


def test_word_vectors_are_read_from_one_fit() -> None:
    class FitsMeanwhile(CooccurrenceVectors):
        """Whenever its vectors are read, it has just been fitted on the other texts."""

        def __getattribute__(self, name: str) -> Any:
            if name == "vectors_":
                texts.reverse()
                learned.fit(texts[0])
            return super().__getattribute__(name)

    texts = [FIRST, SECOND]
    learned = FitsMeanwhile(3, random_state=0).fit(FIRST)
    found = resolve_word_vectors(learned, tokenizer=None, lowercase=True)
    assert found is not None
    one = VECTORS.fitted(0 if "win" in found.words else 1)
    assert found.words == one.words_
    np.testing.assert_array_equal(found.vectors, one.vectors_)


SETTABLE = {"n_features_in_", "feature_names_in_"}
FITTED = sorted(
    name
    for name in dir(CostSensitiveTextCNN)
    if name.endswith("_") and not name.startswith("_") and name not in SETTABLE
)


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("is_fitted", [True, False])
def test_a_fitted_attribute_that_is_set_by_hand_says_what_to_do(name: str, is_fitted: bool) -> None:
    assert isinstance(getattr(CostSensitiveTextCNN, name), fitted_property)
    cnn = small_cnn()
    if is_fitted:
        cnn.fit(FIRST, Y_FIRST)
    with pytest.raises(AttributeError, match=f"^{name} is .*cannot be set.*call fit.*decide"):
        setattr(cnn, name, None)
    with pytest.raises(AttributeError, match=f"^{name} is .*cannot be deleted.*clone"):
        delattr(cnn, name)
