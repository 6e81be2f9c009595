"""Any classifier with probabilities, deciding by expected cost."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skcnn._compat import HasMethods, _fit_context
from skcnn._min_cost import MinCostMixin
from skcnn.costs import CostMatrixLike, check_cost_matrix, decide
from skcnn.costs._checks import check_has_probabilities
from skcnn.costs._inside import costs_inside
from skcnn.costs._sample_costs import matched_rows


class MinCostClassifier(MinCostMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Answer with the label whose expected cost is lowest, by any classifier's probabilities.

    For two classes that is a threshold, the Bayes threshold [1]_, and for K classes the rule
    ``argmin(P @ C)``. Nothing is tuned, so the probabilities must be good ones: wrap a classifier
    that has none, or bad ones, in `sklearn.calibration.CalibratedClassifierCV` first. Where the
    classifier is fitted already, wrap it in `sklearn.frozen.FrozenEstimator`.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        Fitted as it is; it is not told of the costs. A `CostSensitiveTextCNN` decides by expected
        cost itself and needs this class for abstentions alone.
    cost_matrix : None, "balanced", array-like, DataFrame or dict, default=None
        What each answer costs, in any form of `skcnn.check_cost_matrix`. None: the `cost_matrix_`
        of the classifier, or of the one inside a pipeline or a search, if it has one, as a
        `CostSensitiveTextCNN` has; otherwise every error costs 1. "balanced" goes by the numbers of
        rows, whatever their weights.
    abstain_cost : float, default=None
        What it costs to leave a row unanswered. Rows whose cheapest answer is expected to cost more
        get `abstain_label`. None: every row is answered.
    abstain_label : label, default=-1
        Not one of the classes, but of their type: a string if they are strings.

    Attributes
    ----------
    estimator_ : classifier
        The fitted one.
    classes_ : ndarray of shape (n_classes,)
        The labels, as in `estimator_`.
    cost_matrix_ : ndarray of shape (n_classes, n_classes)
        The costs in the order of `classes_`.
    n_features_in_ : int
        As in `estimator_`, if it has it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        As in `estimator_`, if it has them.

    See Also
    --------
    sklearn.model_selection.FixedThresholdClassifier : Two classes, a threshold that is given.
    sklearn.model_selection.TunedThresholdClassifierCV : Two classes, a threshold that is tuned.

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skcnn import MinCostClassifier
    >>> X, y = [[0], [1], [2], [3], [4], [5]], ["no", "no", "no", "maybe", "yes", "yes"]
    >>> MinCostClassifier(LogisticRegression()).fit(X, y).predict([[2.4]])
    array(['no'], dtype='<U5')
    >>> MinCostClassifier(LogisticRegression(), {"yes": 9}).fit(X, y).predict([[2.4]])
    array(['yes'], dtype='<U5')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        "estimator": [HasMethods(["fit"])],
        "cost_matrix": "no_validation",  # see `check_cost_matrix`
        "abstain_cost": "no_validation",  # see `decide`
        "abstain_label": "no_validation",
    }

    def __init__(
        self,
        estimator: Any,
        cost_matrix: CostMatrixLike = None,
        *,
        abstain_cost: float | None = None,
        abstain_label: Any = -1,
    ) -> None:
        self.estimator = estimator
        self.cost_matrix = cost_matrix
        self.abstain_cost = abstain_cost
        self.abstain_label = abstain_label

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, **params: Any) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : as the classifier takes it
        y : array-like of shape (n_samples,)
            Labels.
        **params : dict
            Passed on to the classifier's `fit`; with metadata routing, as it requests them.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the classifier has no `predict_proba`.
        ValueError
            If the costs do not fit the classes, beside what the classifier raises.
        """
        check_has_probabilities(self.estimator)
        if params and get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        estimator = clone(self.estimator).fit(X, y, **params)
        classes, counts = estimator.classes_, None
        if isinstance(self.cost_matrix, str):
            counts = [np.count_nonzero(np.asarray(y) == label) for label in classes]
        given = costs_inside(estimator) if self.cost_matrix is None else self.cost_matrix
        costs = check_cost_matrix(given, classes, class_weights=counts)
        decide(np.eye(len(classes)), costs, classes, **self._abstention())  # refuses bad ones now
        self.estimator_, self.classes_, self.cost_matrix_ = estimator, classes, costs
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)
            if hasattr(estimator, name):
                setattr(self, name, getattr(estimator, name))
        return self

    def predict(self, X: Any, *, sample_costs: Any = None) -> NDArray[Any]:
        """Answer each row with the label whose expected cost is lowest.

        Parameters
        ----------
        X : as in `fit`
        sample_costs : array-like of shape (n_samples, n_classes) or DataFrame, default=None
            What it costs to miss each class in each row, see `skcnn.costs.check_sample_costs`;
            None: what `cost_matrix_` says. Rows are matched by the index where X has one too.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels; `abstain_label` where even the cheapest answer is expected to cost more than
            `abstain_cost`.

        Raises
        ------
        ValueError
            If `sample_costs` does not fit X and the classes.
        """
        P = self.predict_proba(X)
        if sample_costs is None:
            return decide(P, self.cost_matrix_, self.classes_, **self._abstention())
        costs = matched_rows(sample_costs, X)
        return decide(P, None, self.classes_, sample_costs=costs, **self._abstention())

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities of the classifier, as they are.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)

    def _abstention(self) -> dict[str, Any]:
        return {"abstain_cost": self.abstain_cost, "abstain_label": self.abstain_label}

    def get_metadata_routing(self) -> MetadataRouter:
        """Say which metadata go where, for scikit-learn's metadata routing.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        """Take what the classifier takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
