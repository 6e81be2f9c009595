"""Predictions by expected cost: what all such classifiers share, and the one for any classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.validation import check_is_fitted

from skcnn._arrays import Float64
from skcnn._compat import (
    DocLinkMixin,
    HasMethods,
    PickleVersionMixin,
    _fit_context,
    warn_renamed,
    without_autologging,
)
from skcnn.costs._abstention import check_abstention
from skcnn.costs._checks import check_has_probabilities
from skcnn.costs._decision import decide, decision_costs, expected_costs
from skcnn.costs._fixed_threshold import (
    FixedThreshold,
    check_fixed_threshold,
    check_no_contradiction,
)
from skcnn.costs._inside import costs_inside
from skcnn.costs._labels import matrix_by_number, plain_labels, sample_costs_by_number
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix
from skcnn.costs._other_costs import OtherCostsMixin
from skcnn.costs._prior import priors_of_fit, reweighted
from skcnn.costs._sample_costs import matched_rows


class MinCostMixin(OtherCostsMixin, DocLinkMixin):
    """What follows from `predict_proba`, `decision`, `classes_` and `cost_matrix_`.

    A class with this mixin defines these four, and what `OtherCostsMixin` needs. It may override
    `_learns_costs`, `_abstention` and `_fixed_threshold`.
    """

    if TYPE_CHECKING:  # read-only here, so that a class may have attributes or properties

        @property
        def classes_(self) -> NDArray[Any]: ...
        @property
        def cost_matrix_(self) -> Float64: ...

    decision: str  # "min_cost", or "argmax": the most probable class, whatever the costs

    @property
    def _learns_costs(self) -> bool:
        """Whether `fit` gives other probabilities with another cost matrix."""
        return False

    def _abstention(self) -> dict[str, Any]:
        """Arguments of `decide` about abstentions; {} means no abstentions."""
        return {}

    def _fixed_threshold(self) -> FixedThreshold | None:
        """The threshold that decides instead of the costs; None: the costs decide."""
        return None

    def _unchanging_copy(self) -> Self:
        """Return a copy that keeps its model if another thread fits this object meanwhile."""
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        return copy

    def predict_proba(self, X: Any) -> Float64:
        """Estimate P(class | x)."""
        raise NotImplementedError

    def predict(self, X: Any, *, sample_costs: Any = None) -> NDArray[Any]:
        """Predict the label with the lowest expected cost for each row.

        Parameters
        ----------
        X : array-like
            Rows, in any form that `fit` takes.
        sample_costs : array-like of shape (n_samples, n_classes) or (n_samples, n_classes, \
n_classes), or DataFrame, default=None
            The cost of missing each class in each row, or a cost matrix for each row, see
            `skcnn.costs.check_sample_costs`. Rows are matched by the index if X has one too. None:
            the costs are `cost_matrix_`.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, with the dtype of `classes_`. A `MinCostClassifier` with an `abstain_cost`
            returns its `abstain_label` for each row where every prediction has a higher expected
            cost than `abstain_cost`.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `predict_proba`, or if `sample_costs` does not fit X and the classes, or is given
            while `decision` is not "min_cost".
        """
        fitted = self._unchanging_copy()
        P = fitted.predict_proba(X)
        fitted._warn_if_costs_changed()
        fixed = fitted._fixed_threshold()
        if fixed is not None:
            return fixed.decide(P, fitted.classes_, sample_costs)
        if sample_costs is None:
            costs = decision_costs(fitted.decision, fitted.cost_matrix_)
            return decide(P, costs, fitted.classes_, **fitted._abstention())
        if fitted.decision != "min_cost":
            raise ValueError(
                f"sample_costs is given, but decision is {fitted.decision!r}, which ignores costs; "
                "expected decision='min_cost'. Set it, or leave sample_costs out."
            )
        rows = sample_costs_by_number(matched_rows(sample_costs, X), fitted.classes_)
        return decide(P, None, fitted.classes_, sample_costs=rows, **fitted._abstention())

    def predict_log_proba(self, X: Any) -> Float64:
        """Logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like
            Rows, in any form that `fit` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), dtype float64
            The logarithm of 0 is minus infinity.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `predict_proba`.
        """
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.predict_proba(X)))

    def expected_costs(self, X: Any, *, sample_costs: Any = None) -> Float64:
        """Expected cost of each prediction, with the estimated probabilities.

        Parameters
        ----------
        X : array-like
            Rows, in any form that `fit` takes.
        sample_costs : array-like or DataFrame, default=None
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), dtype float64
            Column j: the expected cost of predicting ``classes_[j]``, in the unit of the costs.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        TypeError, ValueError
            As `predict_proba`, or if `sample_costs` does not fit X and the classes.
        """
        fitted = self._unchanging_copy()
        P = fitted.predict_proba(X)
        fitted._warn_if_costs_changed()
        if sample_costs is None:
            return expected_costs(P, fitted.cost_matrix_)
        costs = sample_costs_by_number(matched_rows(sample_costs, X), fitted.classes_)
        return expected_costs(P, None, fitted.classes_, sample_costs=costs)

    def expected_cost(self, X: Any, *, sample_costs: Any = None) -> Float64:
        """Old name of `expected_costs`, with a FutureWarning.

        Parameters
        ----------
        X : array-like
            Rows, in any form that `fit` takes.
        sample_costs : array-like or DataFrame, default=None
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), dtype float64
            What `expected_costs` returns.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `expected_costs`.
        """
        warn_renamed("The method expected_cost", "expected_costs(X)")
        return self.expected_costs(X, sample_costs=sample_costs)


class MinCostClassifier(
    MinCostMixin, PickleVersionMixin, ClassifierMixin, MetaEstimatorMixin, BaseEstimator
):
    """Predict the label with the lowest expected cost, by any classifier's probabilities.

    For two classes that is a threshold, the Bayes threshold [1]_, and for K classes the rule
    ``argmin(P @ C)``. Nothing is tuned, so the probabilities must be well calibrated. If a
    classifier has no probabilities, or badly calibrated ones, wrap it in
    `sklearn.calibration.CalibratedClassifierCV` first. If it is fitted already, wrap it in
    `sklearn.frozen.FrozenEstimator`.

    Parameters
    ----------
    estimator : classifier with `predict_proba`
        A clone is fitted, without the costs. A `CostSensitiveTextCNN` predicts by expected cost
        itself and needs this class only for abstentions.
    cost_matrix : None, "balanced", array-like, DataFrame or dict, default=None
        The cost of each prediction for each true class, in any form of `skcnn.check_cost_matrix`.
        None: the `cost_matrix_` of the classifier, or of those inside a pipeline, a search, a
        calibration or an ensemble, as a `CostSensitiveTextCNN` has one. If these differ, `fit`
        raises an error. If there is none, every error costs 1. "balanced" uses the numbers of rows,
        not their weights.
    abstain_cost : float, default=None
        Cost of making no prediction for a row. Rows where every prediction has a higher expected
        cost get `abstain_label`. None: every row gets a prediction.
    abstain_label : label, default=-1
        Not one of the classes, but of their type: a string if they are strings.
    threshold : float, default=None
        For two classes: predict `pos_label` where its probability is at least this, whatever the
        costs are, for example with :func:`skcnn.costs.threshold_at_recall`. Not together with
        `cost_matrix`, `abstain_cost` or `sample_costs`. None: the costs decide.
    pos_label : label, default=None
        The class that `threshold` is about. None: ``classes_[1]``.
    prior : array-like of shape (n_classes,) or dict, default=None
        Share of each class among the rows that will be predicted, see
        :func:`skcnn.costs.change_prior`. All probabilities and expected costs are then for such
        rows. None: the shares of the rows that `fit` gets, if `train_prior` is given; otherwise the
        probabilities stay as they are.
    train_prior : array-like of shape (n_classes,) or dict, default=None
        Share of each class, or of its weights, in what the classifier learned from: equal shares
        after a sampler in a pipeline or with ``class_weight="balanced"``. None: the shares of the
        rows that `fit` gets. Needed with `prior` and a `FrozenEstimator`, which does not learn from
        these rows, and with weights of rows.

    Attributes
    ----------
    estimator_ : classifier
        The fitted one.
    classes_ : ndarray of shape (n_classes,)
        The labels, as in `estimator_`.
    cost_matrix_ : ndarray of shape (n_classes, n_classes), dtype float64
        The costs in the order of `classes_`.
    priors_ : pair of ndarray of shape (n_classes,), or None
        The shares that the classifier learned from and those that it predicts for. None if neither
        `prior` nor `train_prior` is given.
    n_features_in_ : int
        As in `estimator_`, if it has it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        As in `estimator_`, if it has them.

    See Also
    --------
    sklearn.model_selection.FixedThresholdClassifier : Two classes, a given threshold.
    sklearn.model_selection.TunedThresholdClassifierCV : Two classes, a tuned threshold.

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

    estimator_: Any
    classes_: NDArray[Any]
    cost_matrix_: Float64
    _given_costs: CostMatrixLike

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = {
        "estimator": [HasMethods(["fit"])],
        "cost_matrix": "no_validation",  # see `check_cost_matrix`
        "abstain_cost": "no_validation",  # see `check_abstention`
        "abstain_label": "no_validation",
        "threshold": "no_validation",  # see `check_fixed_threshold`
        "pos_label": "no_validation",
        "prior": "no_validation",  # see `check_prior`
        "train_prior": "no_validation",
    }
    decision = "min_cost"

    def __init__(
        self,
        estimator: Any,
        cost_matrix: CostMatrixLike = None,
        *,
        abstain_cost: float | None = None,
        abstain_label: Any = -1,
        threshold: float | None = None,
        pos_label: Any = None,
        prior: ArrayLike | Mapping[Any, float] | None = None,
        train_prior: ArrayLike | Mapping[Any, float] | None = None,
    ) -> None:
        self.estimator = estimator
        self.cost_matrix = cost_matrix
        self.abstain_cost = abstain_cost
        self.abstain_label = abstain_label
        self.threshold = threshold
        self.pos_label = pos_label
        self.prior = prior
        self.train_prior = train_prior

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike, **params: Any) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : array-like
            Rows, in any form that the classifier takes.
        y : array-like of shape (n_samples,)
            Labels.
        **params : dict
            Passed to the classifier's `fit`; with metadata routing, as it requests them.

        Returns
        -------
        MinCostClassifier
            This object, fitted.

        Raises
        ------
        TypeError
            If the classifier has no `predict_proba`, or `abstain_label` has another type than the
            classes.
        ValueError
            If the costs or class shares do not fit the classes, parameters contradict each other,
            and any error of the classifier's `fit`.
        """
        check_has_probabilities(self.estimator)
        check_no_contradiction(self.get_params(deep=False), params)
        y = plain_labels(y)
        if params and get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        with without_autologging:
            estimator = clone(self.estimator).fit(X, y, **params)
        classes, counts = estimator.classes_, None
        if isinstance(self.cost_matrix, str):
            counts = [np.count_nonzero(np.asarray(y) == label) for label in classes]
        given = costs_inside(estimator) if self.cost_matrix is None else self.cost_matrix
        costs = matrix_by_number(given, np.asarray(classes))
        costs = check_cost_matrix(costs, classes, class_totals=counts)
        check_abstention(self.abstain_cost, self.abstain_label, classes)
        check_fixed_threshold(self.threshold, self.pos_label, classes)
        priors = priors_of_fit(self.prior, self.train_prior, y, classes)
        # In one call: an interrupt between two would leave a new model with old costs.
        self.__dict__.update(
            estimator_=estimator,
            classes_=classes,
            cost_matrix_=costs,
            priors_=priors,
            _given_costs=self.cost_matrix,
        )
        return self

    @property
    def n_features_in_(self) -> int:
        """Number of features of the classifier, if it has it."""
        check_is_fitted(self, "estimator_")
        n_features: int = self.estimator_.n_features_in_
        return n_features

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the features of the classifier, if it has them."""
        check_is_fitted(self, "estimator_")
        names: NDArray[Any] = self.estimator_.feature_names_in_
        return names

    def predict_proba(self, X: Any) -> Float64:
        """Return the classifier's probabilities, for rows with the class shares `prior`.

        Parameters
        ----------
        X : array-like
            Rows, in any form that `fit` takes.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), dtype float64
            Columns in the order of `classes_`. Without `prior` and `train_prior` they are those of
            the classifier, unchanged.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        Exception
            Any error of the classifier's `predict_proba`, such as ValueError for another number of
            features than in `fit`.
        """
        check_is_fitted(self, "estimator_")
        P = np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
        return P if self.priors_ is None else reweighted(P, *self.priors_)

    @property
    def _costs_of_fit(self) -> CostMatrixLike:
        check_is_fitted(self, "estimator_")
        return self._given_costs

    def _set_costs(self, given: CostMatrixLike, costs: Float64) -> None:
        check_no_contradiction(self.get_params(deep=False) | {"cost_matrix": given}, {})
        self.__dict__.update(cost_matrix=given, cost_matrix_=costs, _given_costs=given)

    def _abstention(self) -> dict[str, Any]:
        return {"abstain_cost": self.abstain_cost, "abstain_label": self.abstain_label}

    def _fixed_threshold(self) -> FixedThreshold | None:
        return check_fixed_threshold(self.threshold, self.pos_label, self.classes_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata go where, for scikit-learn's metadata routing.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        """Return the input tags of the classifier; a threshold is for two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.classifier_tags.multi_class = self.threshold is None
        return tags
