"""From a network's softmax outputs to the posterior P(class | text), whatever loss trained it.

A cost-sensitive loss moves the softmax outputs away from the posterior. Let q be the softmax
outputs for one text (they sum to 1), t its true class, l(t, q) the loss, and eta the posterior.
Training moves q to where the expected loss sum_t eta_t l(t, q) is smallest among all q that sum to
1. There (Lagrange) its slope is the same in every q_k:

    sum_t eta_t J[t, k] = constant over k,      J[t, k] = d l(t, q) / d q_k.

These equations are linear in eta. `_loss_formulas.py` has l, J and the solution for each loss,
`_equations.py` solves the equations where the solution is no formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from skcnn._arrays import Float64
from skcnn._compat import renamed_arguments
from skcnn.costs._checks import check_probabilities
from skcnn.costs._loss_formulas import LOSS_FORMULAS, LOSS_NAMES, CrossEntropyFormula, LossFormula
from skcnn.costs._matrix import CostMatrixLike, check_cost_matrix, scaled_excess

_BLOCK = 2**20  # numbers in one (rows, K) array: 8 MB


@renamed_arguments(scores="softmax")
def posterior(
    softmax: ArrayLike, loss: str, cost_matrix: CostMatrixLike, **params: float
) -> Float64:
    """Estimate P(class | text) from the softmax outputs of a network trained with `loss`.

    Parameters
    ----------
    softmax : array-like of shape (n_samples, K)
        Softmax outputs. For a single sigmoid output s pass ``[1 - s, s]``.
    loss : str
        "cross_entropy", "weighted", "misclassification", "hard_misclassification",
        "expected_cost" or "focal".
    cost_matrix : array-like of shape (K, K), None or dict
        The matrix that the loss used, from :func:`loss_cost_matrix`; or any form of
        :func:`check_cost_matrix` for the classes 0 .. K-1, except "balanced". Its scale matters for
        "expected_cost" only.
    **params : float
        Parameters of the loss: ``cost_weight`` of "expected_cost", ``gamma`` of "focal".

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        Rows sum to 1. For "cross_entropy" the softmax outputs themselves, bit for bit. Before
        training has converged, softmax outputs of three or more classes can be such that no
        posterior leads to them; then the negative entries of the solution are set to 0. A class
        whose errors cost nothing has no effect on such a loss: it keeps its softmax output, and the
        other classes share the rest.

    Raises
    ------
    TypeError
        If the loss has no such parameter.
    ValueError
        If `loss` is unknown, a row of `softmax` is not a probability distribution, a parameter is
        negative or not finite, or the costs are invalid.

    Examples
    --------
    A network was trained with a miss of class 1 five times as expensive as a false alarm. Where its
    output is 0.5, the probability of class 1 is 1/6. Decisions by expected cost need this
    probability:

    >>> from skcnn.costs import decide, posterior
    >>> costs = [[0, 1], [5, 0]]
    >>> posterior([[0.5, 0.5]], "weighted", costs).round(3)
    array([[0.833, 0.167]])
    >>> decide([[0.6, 0.4]], costs), decide(posterior([[0.6, 0.4]], "weighted", costs), costs)
    (array([1]), array([0]))
    """
    if loss not in LOSS_FORMULAS:
        raise ValueError(f"loss is {loss!r}; expected one of {sorted(LOSS_NAMES)}.")
    formula = LOSS_FORMULAS[loss](**params)
    q = check_probabilities(softmax, "softmax")  # (n, K)
    return to_posterior(q, formula, check_cost_matrix(cost_matrix, range(q.shape[1])))


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorRule:
    """The loss that trained a network: all that is needed to get the posterior from its outputs.

    Attributes
    ----------
    loss : name of the loss; with "cross_entropy" the outputs are the posterior
    costs : (K, K), the matrix that the loss used
    parameters : the loss' own parameters by name
    """

    loss: str
    costs: Float64
    parameters: dict[str, float] = field(default_factory=dict)

    def __call__(self, softmax: Float64) -> Float64:
        """Probabilities (n, K) for softmax outputs (n, K)."""
        return to_posterior(softmax, LOSS_FORMULAS[self.loss](**self.parameters), self.costs)


def to_posterior(softmax: Float64, formula: LossFormula, cost_matrix: Float64) -> Float64:
    """Turn softmax outputs into the posterior, (n, K) -> (n, K), without checks."""
    if isinstance(formula, CrossEntropyFormula):
        return softmax
    costs, unit = scaled_excess(cost_matrix)
    n_rows = max(1, _BLOCK // softmax.shape[1])
    blocks = [softmax[start : start + n_rows] for start in range(0, len(softmax), n_rows)]
    parts = [
        formula.invert(block / block.sum(axis=1, keepdims=True), costs, unit) for block in blocks
    ]
    return np.concatenate(parts) if parts else softmax
