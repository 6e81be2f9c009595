"""Fitting the classifiers that the user gave as members."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64, Int32, Int64
from skcnn.predicting._classifier import FittedClassifier, check_classes, checked_probabilities

_TAKEN_NAMES = ("network", "ngrams", "sentence_vectors")
_EXPECTED = "expected a list of pairs such as [('forest', make_pipeline(...))]"


def check_members(members: Any, taken_names: Collection[str] = ()) -> None:
    """Check that the parameter is None, or a list of pairs: a name and a classifier of texts.

    Parameters
    ----------
    members : the parameter
    taken_names : names of the estimator's parameters

    Raises
    ------
    TypeError
        If it is no such list, or a classifier lacks `fit` or `predict_proba`.
    ValueError
        If a name is taken, given twice, or could not be used in `set_params`.
    """
    if members is None:
        return
    if not isinstance(members, list | tuple):
        raise TypeError(
            f"members is of type {type(members).__name__}; {_EXPECTED}. "
            f"Write members={_as_pairs(members)}."
        )
    for pair in members:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TypeError(f"members has {pair!r}; {_EXPECTED}. Write {_as_pairs(pair)}.")
        _check_classifier(*pair)
    names = [name for name, _ in members]
    for name in names:
        if not name or "__" in name or name in {*_TAKEN_NAMES, *taken_names}:
            raise ValueError(
                f"members has the name {name!r}; expected a name of at least one letter, without "
                f"'__', other than {', '.join(_TAKEN_NAMES)} and the names of the estimator's "
                "parameters. Choose another name."
            )
        if names.count(name) > 1:
            raise ValueError(
                f"members has the name {name!r} {names.count(name)} times; expected different "
                "names. Rename one."
            )


def check_members_take_weights(members: Iterable[tuple[str, Any]]) -> None:
    """Check that every classifier can be fitted with `sample_weight`.

    Raises
    ------
    ValueError
        If one cannot.
    """
    for name, classifier in members:
        if _weight_argument(classifier) is None:
            raise ValueError(
                f"the texts have weights (sample_weight or class_weight), but fit of the member "
                f"{name!r} ({type(classifier).__name__}) takes no sample_weight; expected a "
                "classifier that takes it, or a Pipeline whose last step takes it. Use another "
                "classifier, or fit without weights."
            )


def _as_pairs(given: Any) -> str:
    """Write members that have no names, or are a mapping, as a list of pairs."""
    named = given if isinstance(given, Mapping) and given else {"a": given}
    if hasattr(given, "fit") or isinstance(given, Mapping):
        pairs = [f"({str(name)!r}, {type(each).__name__}(...))" for name, each in named.items()]
        return f"[{', '.join(pairs)}]"
    return "[('a', classifier)]"


class ClassifierTrainer:
    """Training texts for one of the user's classifiers, which is fitted on all of them or on some.

    Parameters
    ----------
    name : as given in `members`
    classifier : is cloned for each fit
    texts : n texts
    targets : (n,) positions of the classes
    classes : (K,) labels: the classifier learns these
    sample_weight : (n,) positive, or None

    Raises
    ------
    ValueError
        If there are weights and the classifier takes none. Also TypeError: if its fit raises one of
        these errors.
    """

    def __init__(
        self,
        name: str,
        classifier: Any,
        texts: Sequence[str],
        targets: Int32,
        classes: NDArray[Any],
        sample_weight: Float64 | None,
    ) -> None:
        if sample_weight is not None:
            check_members_take_weights([(name, classifier)])
        self._name, self._classifier = name, classifier
        self._texts = texts
        self._targets = targets
        self._classes = classes
        self._weight = None if sample_weight is None else sample_weight / sample_weight.mean()

    def fit_predict_proba(self, train_rows: Int64, test_rows: Int64) -> Float64:
        """Learn from some rows and return probabilities of others, (len(test_rows), K).

        A class that the rows lack gets a probability of 0.
        """
        present = self._classes[np.unique(self._targets[train_rows])]
        classifier = self._fit(train_rows, present)
        P = np.zeros((len(test_rows), len(self._classes)))
        if len(test_rows) > 0:
            texts = [self._texts[row] for row in test_rows]
            columns = np.searchsorted(self._classes, present)
            P[:, columns] = checked_probabilities(self._name, classifier, texts, len(present))
        return P

    def fit(self) -> FittedClassifier:
        """Learn from all rows."""
        classifier = self._fit(np.arange(len(self._targets)), self._classes)
        return FittedClassifier(self._name, classifier, len(self._classes))

    def _fit(self, rows: Int64, classes: NDArray[Any]) -> Any:
        from sklearn.base import clone

        texts = [self._texts[row] for row in rows]
        labels = self._classes[self._targets[rows]]
        weights: dict[Any, Float64] = {}
        if self._weight is not None:
            weights[_weight_argument(self._classifier)] = self._weight[rows]
        classifier = clone(self._classifier)
        try:
            classifier.fit(texts, labels, **weights)
        except (TypeError, ValueError) as error:
            raise _fit_error(self._name, classifier, error) from error
        check_classes(self._name, classifier, classes)
        return classifier


def _check_classifier(name: str, classifier: Any) -> None:
    if isinstance(classifier, type):
        raise TypeError(
            f"the member {name!r} is the class {classifier.__name__}; expected an object: "
            f"{classifier.__name__}(...)."
        )
    for method in ("get_params", "fit", "predict_proba"):
        if not hasattr(classifier, method):
            fix = (
                "Wrap it in sklearn.calibration.CalibratedClassifierCV."
                if method == "predict_proba"
                else "Derive it from sklearn.base.BaseEstimator."
            )
            raise TypeError(
                f"the member {name!r} ({type(classifier).__name__}) has no {method}; expected a "
                f"scikit-learn classifier with fit and predict_proba. {fix}"
            )


def _fit_error(name: str, classifier: Any, error: TypeError | ValueError) -> Exception:
    """Return an error of the same kind that names the member."""
    kind = TypeError if isinstance(error, TypeError) else ValueError
    own = type(classifier).__name__
    of_texts = f"make_pipeline(TfidfVectorizer(), {own}(...))"
    if own == "Pipeline":
        of_texts = "make_pipeline(TfidfVectorizer(), LogisticRegression())"
    return kind(
        f"the member {name!r} ({own}) could not be fitted on a list of texts and their labels: "
        f"{error} Expected a classifier of texts. If it expects numbers, put a vectorizer before "
        f"it: {of_texts}."
    )


def _weight_argument(classifier: Any) -> str | None:
    """Return the keyword by which `fit` takes weights; None if it takes none."""
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    if isinstance(classifier, Pipeline):
        step, last = classifier.steps[-1]
        argument = _weight_argument(last)
        return None if argument is None else f"{step}__{argument}"
    return "sample_weight" if has_fit_parameter(classifier, "sample_weight") else None
