from __future__ import annotations

import re
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import GridSearchCV, GroupKFold, RandomizedSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from skcnn import CostPath, MinCostClassifier, cost_path, decide, normalized_cost
from skcnn.costs._min_cost import MinCostMixin

X, CODES = make_classification(
    300, n_informative=5, n_classes=3, weights=[0.6, 0.25, 0.15], random_state=0
)
LABELS = ["ham", "offer", "spam"]
Y = np.array(LABELS)[CODES]
RATIOS = [0.5, 1, 3, 10]
CLASSIFIERS = {
    "linear": LogisticRegression(),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "sampler": make_imblearn_pipeline(RandomOverSampler(random_state=0), LogisticRegression()),
}


class Counting(MinCostMixin, ClassifierMixin, BaseEstimator):
    """Counts fits, and says which costs it was fitted with."""

    classes_: Any
    cost_matrix_: Any
    fits: list[Any] = []  # noqa: RUF012
    decision = "min_cost"

    def __init__(
        self, cost_matrix: Any = None, learns: bool = False, extra: int = 0, loss: Any = None
    ) -> None:
        self.cost_matrix = cost_matrix
        self.learns = learns
        self.extra = extra
        self.loss = loss

    @property
    def _learns_costs(self) -> bool:
        return self.learns or self.loss == "learns"

    def fit(self, X: Any, y: Any) -> Counting:
        self.fits.append(self.cost_matrix)
        self.classes_ = np.unique(y)
        self.cost_matrix_ = 1 - np.eye(len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> Any:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def missing(cost: float) -> list[list[float]]:
    """The cost matrix of two classes, where missing the second has this cost."""
    return [[0, 1], [cost, 0]]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_path_is_what_a_loop_over_folds_and_ratios_finds(name: str) -> None:
    folds = StratifiedKFold(3, shuffle=True, random_state=1)
    path = cost_path(CLASSIFIERS[name], X, Y, RATIOS, pos_label="spam", cv=folds)
    assert path.ratios.tolist() == RATIOS
    for fold, (train, test) in enumerate(folds.split(X, Y)):
        P = clone(CLASSIFIERS[name]).fit(X[train], Y[train]).predict_proba(X[test])
        for row, ratio in enumerate(RATIOS):
            answers, truth = decide(P, {"spam": ratio}, LABELS), Y[test]
            expected = (
                recall_score(truth == "spam", answers == "spam"),
                precision_score(truth == "spam", answers == "spam"),
                normalized_cost(truth, answers, cost_matrix={"spam": ratio}),
            )
            found = (path.recall, path.precision, path.cost)
            assert tuple(values[row, fold] for values in found) == pytest.approx(expected)


def test_ratios_may_come_one_by_one() -> None:
    ratios = (float(ratio) for ratio in (1, 5, 1))
    assert cost_path(LogisticRegression(), X, Y, ratios, pos_label="spam").ratios.tolist() == [1, 5]


def test_a_more_expensive_miss_never_lowers_the_recall() -> None:
    path = cost_path(LogisticRegression(), X, Y, RATIOS, pos_label="spam")
    assert (np.diff(path.recall, axis=0) >= 0).all()
    assert path.recall.shape == path.precision.shape == path.cost.shape == (4, 5)


@pytest.mark.parametrize("learns", [False, True])
def test_what_learns_without_costs_is_fitted_once_a_fold(learns: bool) -> None:
    Counting.fits.clear()
    steps = make_pipeline(StandardScaler(), Counting(learns=learns))
    cost_path(steps, X, Y == "spam", [1, 5], cv=3)
    expected = [missing(1)] * 3 + [missing(5)] * 3 if learns else [None] * 3
    assert [costs if costs is None else costs.tolist() for costs in Counting.fits] == expected


@pytest.mark.parametrize(
    "wrap",
    [
        lambda learner: GridSearchCV(learner, {"extra": [1, 2]}, cv=2),
        lambda learner: make_pipeline(make_pipeline(StandardScaler(), learner)),
        MinCostClassifier,
    ],
    ids=["search", "pipeline in a pipeline", "MinCostClassifier"],
)
def test_what_learns_by_costs_is_found_wherever_it_is(wrap: Any) -> None:
    Counting.fits.clear()
    cost_path(wrap(Counting(learns=True)), X, Y == "spam", [1, 5], cv=2)
    assert [costs.tolist() for costs in Counting.fits[:1] + Counting.fits[-1:]] == [
        missing(1),
        missing(5),
    ]
    assert all(costs.tolist() in (missing(1), missing(5)) for costs in Counting.fits)


@pytest.mark.parametrize("labels", [[0, 1], ["ham", "spam"]])
def test_what_numbers_the_labels_is_given_the_costs_too(labels: list[Any]) -> None:
    Counting.fits.clear()
    several = VotingClassifier(
        [("learner", Counting(learns=True)), ("linear", LogisticRegression())], voting="soft"
    )
    y = np.array(labels)[(Y == "spam").astype(int)]
    path = cost_path(several, X, y, [1, 5], cv=2)
    assert [costs.tolist() for costs in Counting.fits] == [missing(1)] * 2 + [missing(5)] * 2
    by_hand = several.set_params(learner__cost_matrix=missing(5)).fit(X[::2], y[::2])
    assert by_hand.predict_proba(X).shape == (300, 2)
    assert (path.recall[1] >= path.recall[0]).all()


# One fold holds a single class: nothing can be saved there.
@pytest.mark.filterwarnings("ignore:Savings and the normalized cost are undefined")
def test_a_training_part_without_another_class_is_given_costs_that_fit() -> None:
    Counting.fits.clear()
    rows = np.arange(len(Y))
    offers = Y == "offer"
    # All held-out rows are offers: predicting always "offer" costs nothing.
    with pytest.warns(UndefinedMetricWarning, match="cheapest constant prediction costs 0"):
        path = cost_path(
            Counting(learns=True), X, Y, [5], pos_label="spam", cv=[(rows[~offers], rows[offers])]
        )
    assert Counting.fits == [{"spam": 5.0}]
    assert np.isnan(path.recall[0, 0])


@pytest.mark.parametrize(
    ("settings", "grid"),
    [
        ({"learns": True}, {"cost_matrix": [None, {"spam": 2}]}),
        ({"learns": True}, [{"extra": [1]}, {"cost_matrix": [None]}]),
        ({"loss": "plain"}, {"loss": ["learns"], "cost_matrix": [None]}),
    ],
)
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV])
def test_a_search_that_tunes_the_costs_itself_is_refused(
    settings: dict[str, Any], grid: Any, search: Any
) -> None:
    Counting.fits.clear()
    tuning = search(Counting(**settings), grid)
    for estimator in (tuning, make_pipeline(StandardScaler(), tuning)):
        with pytest.raises(ValueError, match=r"tunes 'cost_matrix'.*leaves the costs alone"):
            cost_path(estimator, X, Y, [1, 5], pos_label="spam")
    assert Counting.fits == []


def test_a_search_that_tunes_the_costs_of_a_step_is_refused() -> None:
    grid = {"counting__cost_matrix": [None]}
    search = GridSearchCV(make_pipeline(StandardScaler(), Counting(learns=True)), grid)
    with pytest.raises(ValueError, match="search inside that tunes 'counting__cost_matrix'"):
        cost_path(search, X, Y, [1, 5], pos_label="spam")
    frozen = FrozenEstimator(search.fit(X, Y))
    assert cost_path(frozen, X, Y, [5], pos_label="spam").cost.shape == (1, 5)


def test_a_search_that_chooses_what_learns_by_costs_is_refused() -> None:
    steps = Pipeline([("last", LogisticRegression())])
    search = GridSearchCV(steps, {"last": [LogisticRegression(), Counting(learns=True)]})
    with pytest.raises(ValueError, match="search inside that tunes 'last'"):
        cost_path(search, X, Y, [1, 5], pos_label="spam")


def test_a_search_for_the_loss_is_given_the_costs() -> None:
    Counting.fits.clear()
    search = GridSearchCV(Counting(loss="plain"), {"loss": ["plain", "learns"]}, cv=2)
    cost_path(search, X, Y == "spam", [1, 5], cv=2)
    assert Counting.fits[0].tolist() == missing(1)
    assert Counting.fits[-1].tolist() == missing(5)


def test_costs_that_only_decide_may_be_tuned() -> None:
    search = GridSearchCV(
        MinCostClassifier(LogisticRegression()), {"cost_matrix": [None, {"spam": 2}]}, cv=2
    )
    plain = cost_path(LogisticRegression(), X, Y, [1, 5], pos_label="spam", cv=2)
    found = cost_path(search, X, Y, [1, 5], pos_label="spam", cv=2)
    np.testing.assert_array_equal(found.cost, plain.cost)


@pytest.mark.parametrize("wrap", [lambda frozen: frozen, MinCostClassifier, make_pipeline])
def test_what_is_frozen_is_not_fitted(wrap: Any) -> None:
    learner = Counting(learns=True).fit(X, Y)
    Counting.fits.clear()
    path = cost_path(wrap(FrozenEstimator(learner)), X, Y, [1, 5], pos_label="spam", cv=2)
    assert Counting.fits == []
    assert path.cost.shape == (2, 2)


def test_groups_stay_together() -> None:
    groups = np.arange(len(Y)) % 10
    path = cost_path(
        LogisticRegression(), X, Y, [1], pos_label="spam", cv=GroupKFold(5), groups=groups
    )
    splits = list(GroupKFold(5).split(X, Y, groups))
    by_hand = cost_path(LogisticRegression(), X, Y, [1], pos_label="spam", cv=splits)
    np.testing.assert_array_equal(path.cost, by_hand.cost)


def test_a_fold_without_the_positive_class_is_named() -> None:
    order = np.argsort(Y == "spam", kind="stable")
    n_spam = np.count_nonzero(Y == "spam")
    cv = [(order[:-n_spam], order[-n_spam:])]
    with pytest.raises(ValueError, match=r"without pos_label 'spam'.*stratified cv"):
        cost_path(LogisticRegression(), X, Y, [1], pos_label="spam", cv=cv)


def test_every_ratio_has_the_same_folds() -> None:
    shuffled = StratifiedKFold(3, shuffle=True)
    path = cost_path(Counting(learns=True), X, Y == "spam", [2, 2.0000001], cv=shuffled)
    np.testing.assert_allclose(path.cost[0], path.cost[1], rtol=1e-5)


def test_the_networks_that_learn_costs_are_those_whose_loss_or_early_stopping_has_them(
    small_cnn: Any,
) -> None:
    learns = {
        "cross_entropy": False,
        "expected_cost": True,
        "weighted": True,
        "misclassification": True,
        "focal": True,
    }
    assert {loss: small_cnn(loss=loss)._learns_costs for loss in learns} == learns
    assert small_cnn(validation_scoring="average_cost")._learns_costs
    assert not small_cnn(loss="sparse_categorical_crossentropy")._learns_costs


@pytest.mark.parametrize("loss", ["cross_entropy", "weighted"])
def test_a_network_goes_along_the_path(small_cnn: Any, two_classes: Any, loss: str) -> None:
    texts = pd.DataFrame({"text": two_classes.texts})
    cnn = small_cnn(loss=loss, epochs=2)
    path = cost_path(cnn, texts, two_classes.labels, [1, 20], pos_label="spam", cv=2)
    assert (path.recall[1] >= path.recall[0]).all()
    assert cnn.cost_matrix is None


def test_weights_reach_fit() -> None:
    weight = np.where(Y == "spam", 9.0, 1.0)
    paths = [
        cost_path(LogisticRegression(), X, Y, [1], pos_label="spam", params=params)
        for params in (None, {"sample_weight": weight})
    ]
    assert paths[1].recall.mean() > paths[0].recall.mean()


def test_a_path_prints_as_a_table() -> None:
    path = CostPath(
        np.array([1.0, 20.0]),
        np.array([[0.0, 0.0], [0.5, 1.0]]),
        np.array([[np.nan, np.nan], [0.25, 0.75]]),
        np.array([[1.0, 1.0], [0.5, 0.7]]),
        "spam",
    )
    assert str(path).splitlines() == [
        "Missing 'spam' costs the ratio, another error 1.",
        "  ratio         recall      precision           cost",
        "      1  0.000 ± 0.000              -  1.000 ± 0.000",
        "     20  0.750 ± 0.250  0.500 ± 0.250  0.600 ± 0.100",
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"ratios": []}, ValueError, r"ratios is \[\]; expected finite numbers above 0"),
        ({"ratios": [1, 0]}, ValueError, r"ratios is \[1, 0\]"),
        ({"ratios": [float("nan")]}, ValueError, "ratios is"),
        ({"pos_label": None}, ValueError, r"pos_label is None; expected one of the labels \['ham'"),
        ({"pos_label": "egg"}, ValueError, "pos_label is 'egg'"),
        ({"ratios": 5}, ValueError, "ratios is 5; expected finite numbers above 0"),
        ({"estimator": LinearSVC()}, TypeError, r"no predict_proba.*CalibratedClassifierCV"),
        (
            {"estimator": LogisticRegression},
            TypeError,
            r"estimator is the class LogisticRegression; expected an object: LogisticRegr.*\(",
        ),
    ],
)
def test_what_has_no_path_is_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    settings = {"estimator": LogisticRegression(), "pos_label": "spam", **arguments}
    with pytest.raises(error, match=message):
        cost_path(X=X, y=Y, **settings)


def test_a_path_is_the_same_where_joblib_returns_all_results_at_the_end() -> None:
    expected = cost_path(LogisticRegression(), X, Y, [1, 5], pos_label="spam", cv=3)
    with joblib.parallel_config(backend="multiprocessing", n_jobs=2):
        path = cost_path(LogisticRegression(), X, Y, [1, 5], pos_label="spam", cv=3)
    np.testing.assert_array_equal(path.cost, expected.cost)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("learns", [False, True])
def test_a_path_says_which_fits_are_done(
    learns: bool, n_jobs: int | None, capfd: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"pos_label": "spam", "cv": 3, "n_jobs": n_jobs}
    silent = cost_path(Counting(learns=learns), X, Y, [1, 5], **options)
    assert capfd.readouterr() == ("", "")
    spoken = cost_path(Counting(learns=learns), X, Y, [1, 5], verbose=1, **options)
    out, err = capfd.readouterr()
    assert err == ""
    n_fits = 6 if learns else 3
    ratios = ["1"] * 3 + ["5"] * 3 if learns else ["1, 5"] * 3
    assert [line.split(" s] ")[1] for line in out.splitlines()] == [
        f"Fit {n + 1} of {n_fits}: fold {n % 3 + 1} of 3, ratio {ratio}"
        for n, ratio in enumerate(ratios)
    ]
    for name in ("ratios", "recall", "precision", "cost"):
        np.testing.assert_array_equal(getattr(spoken, name), getattr(silent, name))


def test_a_notebook_shows_the_table_that_print_shows() -> None:
    path = CostPath(
        ratios=np.array([1.0, 5.0]),
        recall=np.array([[0.5, 0.7], [1.0, 1.0]]),
        precision=np.array([[np.nan, np.nan], [0.5, 0.25]]),
        cost=np.array([[0.5, 0.5], [0.25, 0.75]]),
        pos_label="<b>",
    )
    html = path._repr_html_()
    assert "<b>" not in html
    cells = re.findall("<t[hd]>(.*?)</t[hd]>", html)
    assert cells == re.split(r"\s{2,}", "  ".join(str(path).splitlines()[1:]).strip())
