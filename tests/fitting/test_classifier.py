"""Classifiers that the user gives as members."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skcnn.fitting._classifier import (
    ClassifierTrainer,
    check_members,
    check_members_take_weights,
)
from tests.conftest import Corpus

BAYES = make_pipeline(CountVectorizer(), MultinomialNB())
LINEAR = make_pipeline(TfidfVectorizer(), LogisticRegression())
NEIGHBORS = make_pipeline(TfidfVectorizer(), KNeighborsClassifier())


def trainer_of(corpus: Corpus, classifier: Any, sample_weight: Any = None) -> ClassifierTrainer:
    classes, targets = np.unique(corpus.labels, return_inverse=True)
    return ClassifierTrainer(
        "own", classifier, corpus.texts, targets.astype(np.int32), classes, sample_weight
    )


def probabilities(trainer: ClassifierTrainer, texts: list[str]) -> NDArray[np.float64]:
    return trainer.fit().predict_proba(texts, [[]] * len(texts))


def test_a_classifier_predicts_as_if_it_was_fitted_alone(three_classes: Corpus) -> None:
    expected = LINEAR.fit(three_classes.texts, three_classes.labels)
    member = trainer_of(three_classes, LINEAR).fit()
    np.testing.assert_array_equal(
        member.predict_proba(three_classes.texts, []), expected.predict_proba(three_classes.texts)
    )
    assert member.classifier.classes_.tolist() == ["ham", "offer", "spam"]
    assert member.classifier is not LINEAR
    assert member.predict_proba([], []).shape == (0, 3)


def test_rows_that_are_left_out_are_not_learned_from(noisy: Corpus) -> None:
    found = trainer_of(noisy, BAYES).fit_predict_proba(np.arange(300), np.arange(300, 400))
    expected = BAYES.fit(noisy.texts[:300], noisy.labels[:300]).predict_proba(noisy.texts[300:])
    np.testing.assert_array_equal(found, expected)


def test_a_class_that_some_rows_lack_gets_no_probability(three_classes: Corpus) -> None:
    rows = np.flatnonzero(three_classes.labels != "offer")
    P = trainer_of(three_classes, BAYES).fit_predict_proba(rows, np.arange(200))
    assert P.shape == (200, 3)
    assert (P[:, 1] == 0).all()
    np.testing.assert_allclose(P.sum(axis=1), 1)


@pytest.mark.parametrize(
    "classifier",
    [BAYES, LINEAR, make_pipeline(LINEAR), DummyClassifier()],
    ids=["naive Bayes", "linear", "a pipeline in a pipeline", "no pipeline"],
)
def test_weights_reach_the_classifier_and_their_unit_does_not_matter(
    classifier: Any, noisy: Corpus
) -> None:
    texts = noisy.texts[:20]
    weight = np.where(noisy.labels == "spam", 3.0, 1.0)
    plain, weighted, other_unit = (
        probabilities(trainer_of(noisy, classifier, w), texts) for w in (None, weight, 1e5 * weight)
    )
    assert (weighted[:, 1] > plain[:, 1]).all()
    np.testing.assert_allclose(other_unit, weighted, atol=1e-6)


def test_a_classifier_that_takes_no_weights_is_refused_before_a_fit(noisy: Corpus) -> None:
    trainer_of(noisy, NEIGHBORS).fit()
    message = (
        r"fit of the member 'own' \(Pipeline\) takes no sample_weight; expected.*without weights"
    )
    with pytest.raises(ValueError, match=message):
        trainer_of(noisy, NEIGHBORS, np.ones(400))
    with pytest.raises(ValueError, match="the member 'second'"):
        check_members_take_weights([("first", BAYES), ("second", NEIGHBORS)])
    check_members_take_weights([("first", BAYES)])


class Wrong(ClassifierMixin, BaseEstimator):
    """A classifier whose probabilities or classes are wrong in some way."""

    def __init__(self, result: Any = None, classes: Any = None) -> None:
        self.result = result
        self.classes = classes

    def fit(self, X: Any, y: Any) -> Wrong:
        self.classes_ = np.unique(y) if self.classes is None else self.classes
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.array([self.result] * len(X))


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            [0.5, 0.25, 0.25],
            r"'own' gave shape \(2, 3\) and dtype float64; expected shape \(2, 2\)",
        ),
        (1.0, r"gave shape \(2,\)"),
        (["a", "b"], "dtype <U1"),
        ([1.5, -0.5], "gave values from -0.5 to 1.5.*CalibratedClassifierCV"),
        ([0.2, 0.2], r"rows that add up to 0.4 to 0.4; expected"),
        ([np.nan, 1.0], "gave values from nan"),
    ],
)
def test_probabilities_that_are_none_are_refused(
    result: Any, message: str, two_classes: Corpus
) -> None:
    with pytest.raises(ValueError, match=message):
        probabilities(trainer_of(two_classes, Wrong(result)), ["a", "b"])


@pytest.mark.parametrize("classes", [[0, 1], ["spam", "ham"], ["ham"]])
def test_a_classifier_with_other_classes_is_refused(classes: Any, two_classes: Corpus) -> None:
    with pytest.raises(ValueError, match=r"'own' has classes_=\[.*\]; expected \[.*'ham'.*'spam'"):
        trainer_of(two_classes, Wrong([0.5, 0.5], classes)).fit()


@pytest.mark.parametrize(
    ("classifier", "fix"),
    [
        (LogisticRegression(), r"TfidfVectorizer\(\), LogisticRegression\(...\)\)"),
        (MultinomialNB(), r"TfidfVectorizer\(\), MultinomialNB\(...\)\)"),
        (make_pipeline(MultinomialNB()), r"TfidfVectorizer\(\), LogisticRegression\(\)\)"),
    ],
)
def test_a_classifier_that_cannot_learn_from_texts_is_named(
    classifier: Any, fix: str, two_classes: Corpus
) -> None:
    message = (
        rf"(?s)the member 'own' \({type(classifier).__name__}\) could not.*make_pipeline\({fix}"
    )
    with pytest.raises(ValueError, match=message) as raised:
        trainer_of(two_classes, classifier).fit()
    assert isinstance(raised.value.__cause__, ValueError)


class Untyped(Wrong):
    """A classifier whose fit raises a TypeError."""

    def fit(self, X: Any, y: Any) -> Wrong:
        raise TypeError("texts have no numbers.")


def test_an_error_in_a_classifiers_fit_keeps_its_type(two_classes: Corpus) -> None:
    with pytest.raises(TypeError, match=r"the member 'own'.*texts have no numbers\. Expected"):
        trainer_of(two_classes, Untyped()).fit_predict_proba(np.arange(100), np.arange(5))


def test_named_classifiers_are_accepted() -> None:
    check_members(None)
    check_members([])
    check_members([("bayes", BAYES), ("linear", LINEAR)])
    check_members((["bayes", BAYES],))


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        (BAYES, TypeError, "members is of type Pipeline; expected a list of pairs"),
        (BAYES, TypeError, r"Write members=\[\('a', Pipeline\(...\)\)\]"),
        ({"bayes": BAYES}, TypeError, "members is of type dict; expected a list of pairs"),
        ({"bayes": BAYES}, TypeError, r"Write members=\[\('bayes', Pipeline\(...\)\)\]"),
        (5, TypeError, r"Write members=\[\('a', classifier\)\]"),
        ([BAYES], TypeError, "members has Pipeline"),
        ([MultinomialNB()], TypeError, r"Write \[\('a', MultinomialNB\(...\)\)\]"),
        ([("bayes", BAYES, 1)], TypeError, r"expected a list of pairs such as \[\('forest'"),
        ([(1, BAYES)], TypeError, "expected a list of pairs"),
        ([("network", BAYES)], ValueError, "members has the name 'network'; expected a name of"),
        ([("ngrams", BAYES)], ValueError, "has the name 'ngrams'"),
        ([("a__b", BAYES)], ValueError, "has the name 'a__b'; expected.*without '__'"),
        ([("sentence_vectors", BAYES)], ValueError, "has the name 'sentence_vectors'"),
        ([("", BAYES)], ValueError, "has the name ''"),
        ([("a", BAYES), ("a", LINEAR)], ValueError, "has the name 'a' 2 times.*Rename one"),
        (
            [("svm", LinearSVC())],
            TypeError,
            r"'svm' \(LinearSVC\) has no predict_proba.*Calibrated",
        ),
        ([("svm", make_pipeline(TfidfVectorizer(), LinearSVC()))], TypeError, "no predict_proba"),
        ([("bayes", MultinomialNB)], TypeError, r"is the class MultinomialNB; expected an object"),
        ([("object", object())], TypeError, "has no get_params.*BaseEstimator"),
    ],
)
def test_members_that_cannot_be_fitted_are_refused(
    members: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_members(members)
