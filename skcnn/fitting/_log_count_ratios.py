"""How much more often an n-gram occurs in texts of a class than in other texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64

# Added to each count, in texts. Measured with 0.3 and 1: see docs/design.md.
_SMOOTHING = 0.3


def log_count_ratios(matrix: Any, is_positive: NDArray[Any], weight: Float64) -> Float64:
    """Return the log-count ratio of each n-gram, as naive Bayes estimates it.

    With p and q the shares of the positive and of the other texts that contain the n-gram, each
    count raised by 0.3, the ratio is log(p / q) (Wang & Manning 2012, "Baselines and bigrams:
    simple, good sentiment and topic classification", equation 1; there with counts of n-grams
    instead of shares of texts).

    Parameters
    ----------
    matrix : csr_array of shape (n, m), above 0 where a text contains an n-gram
    is_positive : (n,), True or 1 for the texts of the class; a probability counts as a part
    weight : (n,), how much each text counts

    Returns
    -------
    ndarray of float64, shape (m,)
    """
    contains = presence(matrix)
    of_class = weight * is_positive
    of_others = weight - of_class
    return ratios_of_counts(
        of_class @ contains, of_others @ contains, of_class.sum(), of_others.sum()
    )


def presence(matrix: Any) -> Any:
    """Return 1 for each n-gram that a text contains, a csr_array of float64, (n, m).

    SciPy's `astype` would sort the whole matrix first.
    """
    data = (matrix.data > 0).astype(np.float64)
    return type(matrix)((data, matrix.indices, matrix.indptr), matrix.shape)


def ratios_of_counts(
    of_class: Float64, of_others: Float64, total: Float64, total_of_others: Float64
) -> Float64:
    """Return log-count ratios; see `log_count_ratios`.

    Parameters
    ----------
    of_class, of_others : weights of the texts that contain each n-gram, of the class and others
    total, total_of_others : weights of all texts of the class, and of the others

    Returns
    -------
    ndarray of float64, of the shape of `of_class`
    """
    p = (of_class + _SMOOTHING) / (total + 2 * _SMOOTHING)
    q = (of_others + _SMOOTHING) / (total_of_others + 2 * _SMOOTHING)
    ratios: Float64 = np.log(p / q)
    return ratios
