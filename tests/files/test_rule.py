"""Files of a `MinCostClassifier` around a network: `skcnn.save` and `skcnn.load`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import skcnn
from skcnn import CostSensitiveTextCNN, MinCostClassifier, ModelFileError
from tests.files.raw_files import RawFile

TEXTS = [
    "win cash now",
    "cash prize",
    "free cash",
    "see you at lunch",
    "lunch today",
    "at noon",
] * 5
LABELS = ["spam", "spam", "spam", "ham", "ham", "ham"] * 5
NEW = ["cash at lunch", "see you", "win", "noon cash", "today", ""]
SMALL: dict[str, Any] = {"epochs": 1, "n_filters": 4, "embedding_dim": 4, "random_state": 0}
FRAME = pd.DataFrame([[0, 1], [5, 0]], ["ham", "spam"], ["ham", "spam"])
RULES: dict[str, dict[str, Any]] = {
    "costs of the network": {},
    "a dict": {"cost_matrix": {"spam": 9}},
    "pairs": {"cost_matrix": {("spam", "ham"): 9}},
    "an array": {"cost_matrix": np.array([[0, 1], [7, 0]])},
    "a table": {"cost_matrix": FRAME},
    "balanced": {"cost_matrix": "balanced"},
    "abstentions": {"abstain_cost": 0.2, "abstain_label": "a person"},
    "a threshold": {"threshold": 0.35, "pos_label": "ham"},
    "class shares": {"prior": {"ham": 0.9, "spam": 0.1}, "train_prior": [0.5, 0.5]},
}


@pytest.fixture(scope="module")
def cnn() -> CostSensitiveTextCNN:
    return CostSensitiveTextCNN({"spam": 3}, **SMALL).fit(TEXTS, LABELS)


@pytest.fixture(scope="module", params=RULES, ids=str)
def model(request: pytest.FixtureRequest, cnn: CostSensitiveTextCNN) -> MinCostClassifier:
    rule = RULES[request.param]
    return MinCostClassifier(FrozenEstimator(cnn), **rule).fit(TEXTS, LABELS)


def test_a_rule_decides_as_before(model: MinCostClassifier, tmp_path: Path) -> None:
    skcnn.save(model, tmp_path / "a.skcnn")
    loaded = skcnn.load(tmp_path / "a.skcnn")
    assert isinstance(loaded, MinCostClassifier)
    np.testing.assert_array_equal(loaded.predict(NEW), model.predict(NEW))
    np.testing.assert_array_equal(loaded.predict_proba(NEW), model.predict_proba(NEW))
    np.testing.assert_array_equal(loaded.expected_costs(NEW), model.expected_costs(NEW))
    assert repr(loaded) == repr(loaded.fit(TEXTS, LABELS))


def test_a_loaded_rule_is_saved_again_and_decides_at_other_costs(
    model: MinCostClassifier, tmp_path: Path
) -> None:
    skcnn.save(model, tmp_path / "a.skcnn")
    loaded = skcnn.load(tmp_path / "a.skcnn")
    skcnn.save(loaded, tmp_path / "b.skcnn")
    assert (tmp_path / "a.skcnn").read_bytes() == (tmp_path / "b.skcnn").read_bytes()
    if model.threshold is None:
        other = {"ham": 20}
        expected = model.with_costs(other).predict(NEW)
        np.testing.assert_array_equal(loaded.with_costs(other).predict(NEW), expected)


def test_a_network_that_the_rule_fitted_itself_is_saved(tmp_path: Path) -> None:
    model = MinCostClassifier(CostSensitiveTextCNN(**SMALL), {"spam": 9}).fit(TEXTS, LABELS)
    skcnn.save(model, tmp_path / "a.skcnn")
    np.testing.assert_array_equal(skcnn.load(tmp_path / "a.skcnn").predict(NEW), model.predict(NEW))


def test_a_network_alone_is_saved_as_by_its_method(
    cnn: CostSensitiveTextCNN, tmp_path: Path
) -> None:
    skcnn.save(cnn, tmp_path / "a.skcnn")
    cnn.save(tmp_path / "b.skcnn")
    assert (tmp_path / "a.skcnn").read_bytes() == (tmp_path / "b.skcnn").read_bytes()
    assert isinstance(skcnn.load(tmp_path / "a.skcnn"), CostSensitiveTextCNN)


def test_the_method_of_the_network_names_the_function_that_reads_a_rule(
    model: MinCostClassifier, tmp_path: Path
) -> None:
    skcnn.save(model, tmp_path / "a.skcnn")
    with pytest.raises(ModelFileError, match=r"a MinCostClassifier .* skcnn\.load"):
        CostSensitiveTextCNN.load(tmp_path / "a.skcnn")


def test_other_classifiers_are_refused(cnn: CostSensitiveTextCNN, tmp_path: Path) -> None:
    linear = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    wrapped = MinCostClassifier(FrozenEstimator(linear)).fit(TEXTS, LABELS)
    for model in (linear, wrapped):
        with pytest.raises(TypeError, match=r"expected a CostSensitiveTextCNN.*joblib"):
            skcnn.save(model, tmp_path / "a.skcnn")
    for unfitted in (CostSensitiveTextCNN(), MinCostClassifier(FrozenEstimator(cnn))):
        with pytest.raises(ValueError, match="not fitted"):
            skcnn.save(unfitted, tmp_path / "a.skcnn")
    assert not list(tmp_path.iterdir())


LIES: dict[str, dict[str, Any]] = {
    "a part is missing": {"priors": ...},
    "a part is one too many": {"estimator": "evil"},
    "no parameters": {"parameters": {}},
    "not a rule": {"parameters": 7},
    "negative costs": {"cost_matrix": [[0, -1], [5, 0]]},
    "costs of three classes": {"cost_matrix": [[0, 1, 1]] * 3},
    "ragged costs": {"cost_matrix": [[0, 1], [5]]},
    "costs that are strings": {"cost_matrix": [["0", "1"], ["5", "0"]]},
    "costs that are one number": {"cost_matrix": 3},
    "shares of three classes": {"priors": [[0.2, 0.3, 0.5]] * 2},
    "shares that do not sum to 1": {"priors": [[0.2, 0.3]] * 2},
    "negative shares": {"priors": [[-0.5, 1.5]] * 2},
    "a class that was never learned": {"priors": [[0, 1], [0.5, 0.5]]},
    "a name of a threshold": {"parameters.threshold": "high"},
    "a threshold beside costs": {"parameters.threshold": 0.5},
    "a threshold beyond 1": {"parameters.threshold": 5, "parameters.cost_matrix": None},
    "an abstention like a class": {"parameters.abstain_cost": 1, "parameters.abstain_label": "ham"},
    "an unknown parameter": {"parameters.evil": 1},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_rule_that_lies_is_refused(lie: str, cnn: CostSensitiveTextCNN, tmp_path: Path) -> None:
    path = tmp_path / "a.skcnn"
    skcnn.save(MinCostClassifier(FrozenEstimator(cnn), {"spam": 9}).fit(TEXTS, LABELS), path)
    file = RawFile.parse(path.read_bytes())
    rule = copy.deepcopy(file.header["content"]["rule"])
    for name, value in LIES[lie].items():
        *outer, last = name.split(".")
        place = rule[outer[0]] if outer else rule
        if value is ...:
            del place[last]
        else:
            place[last] = value
    file.header["content"]["rule"] = rule
    path.write_bytes(file.to_bytes())
    with pytest.raises(ModelFileError, match=r"a\.skcnn"):
        skcnn.load(path)
