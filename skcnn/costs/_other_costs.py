"""Decisions of a fitted classifier at other costs, without a new fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from skcnn._arrays import Float64
from skcnn._compat import warn_user
from skcnn.costs._labels import matrix_by_number
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix


class OtherCostsMixin:
    """What a classifier with a parameter `cost_matrix` needs to decide at other costs.

    A class with this mixin defines `_costs_of_fit` and `_set_costs`.
    """

    cost_matrix: CostMatrixLike

    if TYPE_CHECKING:

        @property
        def classes_(self) -> NDArray[Any]: ...
        def _unchanging_copy(self) -> Self: ...

    @property
    def _costs_of_fit(self) -> CostMatrixLike:
        """The parameter `cost_matrix` as it was when the costs were set."""
        raise NotImplementedError

    def _set_costs(self, given: CostMatrixLike, costs: Float64) -> None:
        """Set the costs of decisions, as given and as a matrix (K, K)."""
        raise NotImplementedError

    def with_costs(self, cost_matrix: CostMatrixLike) -> Self:
        """Return a fitted copy that decides at other costs, without a new fit.

        The copy has the same probabilities. What was trained with a cost-sensitive loss was trained
        for the old costs; if the costs change for good, fit again. As a rule the probabilities
        hardly differ.

        Parameters
        ----------
        cost_matrix : None, array-like of shape (n_classes, n_classes), DataFrame, Series or dict
            The new costs, in any form of `skcnn.check_cost_matrix` but "balanced". None: every
            error costs 1.

        Returns
        -------
        estimator of the same class
            Fitted, with `cost_matrix` as its parameter. It can be saved. This estimator is not
            changed.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        ValueError
            If the costs do not fit the classes, or are "balanced".

        Examples
        --------
        >>> from sklearn.linear_model import LogisticRegression
        >>> from skcnn import MinCostClassifier
        >>> X, y = [[0], [1], [2], [3], [4], [5]], ["no", "no", "no", "yes", "yes", "yes"]
        >>> model = MinCostClassifier(LogisticRegression()).fit(X, y)
        >>> model.predict([[2.2]])
        array(['no'], dtype='<U3')
        >>> model.with_costs({"yes": 9}).predict([[2.2]])
        array(['yes'], dtype='<U3')
        """
        check_is_fitted(self)
        classes = np.asarray(self.classes_)
        if isinstance(cost_matrix, str):
            raise ValueError(
                f"cost_matrix is {cost_matrix!r}; expected costs, as there are no labels to count "
                "here. Write check_cost_matrix('balanced', classes, class_totals=counts)."
            )
        costs = check_cost_matrix(matrix_by_number(cost_matrix, classes), classes)
        copy = self._unchanging_copy()
        copy._set_costs(cost_matrix, costs)
        return copy

    def _warn_if_costs_changed(self) -> None:
        """Warn if the parameter is not the one whose costs decide."""
        if not _same(self.cost_matrix, self._costs_of_fit):
            warn_user(
                "cost_matrix was changed after fit. The new costs count from the next fit on. To "
                "decide at them now, without a new fit, use with_costs(cost_matrix)."
            )


def _same(first: Any, second: Any) -> bool:
    """Return whether two cost matrices were given in the same form with the same costs."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if hasattr(first, "equals"):  # pandas
        return bool(first.equals(second))
    if isinstance(first, Mapping):
        return bool(first == second)
    return np.array_equal(first, second)
