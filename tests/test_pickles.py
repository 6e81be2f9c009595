"""Pickles name the version that wrote them."""

from __future__ import annotations

import copy
import inspect
import io
import pickle
import warnings
from typing import Any

import joblib
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression

import skcnn
from skcnn import CooccurrenceVectors, MinCostClassifier

PUBLIC = [getattr(skcnn, name) for name in skcnn.__all__]
ESTIMATORS = [each for each in PUBLIC if inspect.isclass(each) and issubclass(each, BaseEstimator)]


@pytest.fixture(params=ESTIMATORS, ids=lambda each: each.__name__)
def estimator(request: Any, fitted: Any) -> Any:
    """One estimator of each public class, fitted and not to be fitted again."""
    if request.param is MinCostClassifier:
        return MinCostClassifier(LogisticRegression()).fit([[0], [1]], ["a", "b"])
    if request.param is CooccurrenceVectors:
        return CooccurrenceVectors(1, random_state=0).fit(["a b", "b c", "a b c"])
    return fitted


def test_a_pickle_of_another_version_is_read_with_a_warning(
    estimator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = type(estimator).__name__
    monkeypatch.setattr(skcnn, "__version__", "0.1.7")
    content = pickle.dumps(estimator)
    monkeypatch.undo()
    message = rf"This {name} was pickled by skcnn 0\.1\.7; this is skcnn.*Fit it again"
    with pytest.warns(InconsistentVersionWarning, match=message) as caught:
        twin = pickle.loads(content)
    assert {each.filename for each in caught} == {__file__}
    assert vars(twin).keys() == vars(estimator).keys() - {"_keras_model"}


def test_a_pickle_without_a_version_is_read_with_a_warning(estimator: Any) -> None:
    state = {k: v for k, v in estimator.__getstate__().items() if k != "_skcnn_version"}
    twin: Any = object.__new__(type(estimator))
    with pytest.warns(InconsistentVersionWarning, match=r"pickled by skcnn before 0\.2"):
        twin.__setstate__(state)


def test_a_copy_of_this_version_is_made_without_a_warning(estimator: Any) -> None:
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        twins = [
            pickle.loads(pickle.dumps(estimator)),
            joblib.load(buffer),
            copy.deepcopy(estimator),
            copy.copy(estimator),
        ]
        assert not hasattr(clone(estimator), "_skcnn_version")
    for twin in twins:
        assert vars(twin).keys() == vars(estimator).keys() - {"_keras_model"}
        assert repr(twin) == repr(estimator)
