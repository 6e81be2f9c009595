"""Another population: the same classes with other shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcnn._arrays import Float64
from skcnn._compat import warn_user
from skcnn.costs._checks import check_probabilities
from skcnn.costs._labels import costs_as_dict, label_array, match_columns

_SUM_TOLERANCE = (
    1e-3  # shares that were rounded to three digits pass; counts and percentages do not
)
_MAX_ITERATIONS = 10_000
_CHANGE = 1e-9  # shares that change by less than this have converged


def change_prior(
    probabilities: ArrayLike,
    old: ArrayLike | Mapping[Any, float],
    new: ArrayLike | Mapping[Any, float],
    *,
    labels: ArrayLike | None = None,
) -> Float64:
    """Turn probabilities for one population into those for another with other class shares.

    Only the shares of the classes may differ: a text of a class must be as likely as before. This
    holds after a sampler of imbalanced-learn and after weights of classes, which it undoes. If
    texts of a class have changed, it does not hold.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class, as from ``predict_proba``.
    old : array-like of shape (K,), dict or Series
        Share of each class in the population that the classifier learned from: after the sampler,
        if there was one. In the order of the columns; a dict or a Series is by label. Above 0, with
        the sum 1.
    new : array-like of shape (K,), dict or Series
        Share of each class in the population of the rows. At least 0, with the sum 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed for a dict or a Series. None means
        the names of a DataFrame's columns, otherwise 0 .. K-1.

    Returns
    -------
    ndarray of shape (n_samples, K), dtype float64
        ``P_new(k | x)`` is proportional to ``new[k] / old[k] * P(k | x)`` (Saerens, Latinne &
        Decaestecker, 2002, "Adjusting the outputs of a classifier to new a priori probabilities: a
        simple procedure", equation 2.4; for two classes also Elkan, 2001, theorem 2).

    Raises
    ------
    ValueError
        If a row of `probabilities` is not a probability distribution, the shares are not, or a row
        is impossible with the new shares: all its probability is on classes with the share 0.

    See Also
    --------
    estimate_prior : The shares of classes in rows without labels.

    Examples
    --------
    Trained on as many of each class, for texts of which one in ten is spam:

    >>> from skcnn.costs import change_prior
    >>> change_prior([[0.5, 0.5], [0.1, 0.9]], old=[0.5, 0.5], new=[0.9, 0.1])
    array([[0.9, 0.1],
           [0.5, 0.5]])
    """
    P, classes = _check_columns(probabilities, labels)
    return reweighted(
        P, check_prior("old", old, classes, positive=True), check_prior("new", new, classes)
    )


def reweighted(P: Float64, old: Float64, new: Float64) -> Float64:
    """`change_prior` of checked arrays, (n, K)."""
    weighted = P * (new / old)
    total = weighted.sum(axis=1, keepdims=True)
    if not (total > 0).all():
        row = int(np.argmin(total[:, 0] > 0))
        raise ValueError(
            f"probabilities[{row}] is {P[row].tolist()}, which is impossible with the new shares "
            f"{new.tolist()}; expected a share above 0 of a class that the row can have."
        )
    return np.asarray(weighted / total)


def estimate_prior(
    probabilities: ArrayLike,
    old: ArrayLike | Mapping[Any, float],
    *,
    labels: ArrayLike | None = None,
) -> Float64:
    """Estimate the shares of the classes in rows without labels.

    It finds the shares under which the rows are most likely. The probabilities must be well
    calibrated for the population that the classifier learned from: calibrate first, with
    :class:`sklearn.calibration.CalibratedClassifierCV` (Alexandari, Kundaje & Shrikumar, 2020,
    "Maximum likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation").
    As for :func:`change_prior`, only the shares of the classes may differ.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples, K) or DataFrame
        Probability of each class for the new rows, as from ``predict_proba``. A few hundred rows or
        more.
    old : array-like of shape (K,), dict or Series
        Share of each class in the population that the classifier learned from, above 0, with the
        sum 1.
    labels : array-like of shape (K,), default=None
        The class labels, in the order of the columns. Needed for a dict or a Series. None means
        the names of a DataFrame's columns, otherwise 0 .. K-1.

    Returns
    -------
    ndarray of shape (K,), dtype float64
        The estimated shares, in the order of the columns: for `new` of :func:`change_prior`.

    Raises
    ------
    ValueError
        If there are no rows, a row of `probabilities` is not a probability distribution, or the
        shares are not.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If the shares still change after 10,000 iterations.

    Notes
    -----
    Expectation maximization (Saerens, Latinne & Decaestecker, 2002, equation 2.9): the mean of
    ``change_prior(probabilities, old, new)`` is the next `new`, from `old` on. The likelihood is
    concave in the shares, so the start does not matter.

    Examples
    --------
    >>> import numpy as np
    >>> from skcnn.costs import change_prior, estimate_prior
    >>> rng = np.random.default_rng(0)
    >>> trained_on_half = rng.beta(0.7, 0.7, size=20_000)
    >>> is_spam = rng.uniform(size=20_000) < trained_on_half
    >>> p = trained_on_half[~is_spam | (rng.uniform(size=20_000) < 0.25)]  # one spam in four
    >>> estimate_prior(np.column_stack([1 - p, p]), old=[0.5, 0.5]).round(2)
    array([0.81, 0.19])
    """
    P, classes = _check_columns(probabilities, labels)
    if not len(P):
        raise ValueError("probabilities has no rows; expected a few hundred rows or more.")
    before = check_prior("old", old, classes, positive=True)
    new = before
    for _ in range(_MAX_ITERATIONS):
        previous, new = new, reweighted(P, before, new).mean(axis=0)
        if np.abs(new - previous).max() < _CHANGE:
            return np.asarray(new)
    from sklearn.exceptions import ConvergenceWarning

    warn_user(
        f"The shares still change by {np.abs(new - previous).max():.1g} after {_MAX_ITERATIONS} "
        "iterations. Are there too few rows to tell the classes apart?",
        ConvergenceWarning,
    )
    return np.asarray(new)


def check_prior(
    name: str, shares: Any, classes: NDArray[Any], *, positive: bool = False
) -> Float64:
    """Return shares of the classes as an array (K,) with the sum 1.

    Raises
    ------
    ValueError
        If there is not one number for each class, a number is negative (or 0, if they must be
        `positive`), or the sum is not 1.
    """
    known = classes.tolist()
    shares = costs_as_dict(shares)
    if isinstance(shares, Mapping):
        if set(shares) != set(known):
            raise ValueError(
                f"{name} has the labels {list(shares)[:10]}; expected exactly the classes "
                f"{known[:10]}. Give the share of each class."
            )
        shares = [shares[label] for label in known]
    try:
        array = np.asarray(shares, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)  # no numbers
    lowest = np.finfo(np.float64).tiny if positive else 0.0
    is_prior = (
        array.shape == (len(known),)
        and bool(np.isfinite(array).all())
        and bool((array >= lowest).all())
        and abs(array.sum() - 1) <= _SUM_TOLERANCE
    )
    if not is_prior:
        raise ValueError(
            f"{name} is {shares!r}; expected {len(known)} shares {'above' if positive else 'from'} "
            f"0 with the sum 1, one for each of the classes {known[:10]}. Divide numbers of rows "
            "by their sum."
        )
    return np.asarray(array / array.sum())


def _check_columns(
    probabilities: ArrayLike, labels: ArrayLike | None
) -> tuple[Float64, NDArray[Any]]:
    """Return checked probabilities (n, K) and the label of each column (K,)."""
    table, classes = match_columns(probabilities, labels, "probabilities")
    P = check_probabilities(table, "probabilities")
    return P, np.arange(P.shape[1]) if classes is None else classes


def _class_shares(y: ArrayLike, classes: NDArray[Any]) -> Float64:
    """Share of the rows of each class, (n,) -> (K,)."""
    column = label_array(y)
    return np.array([np.count_nonzero(column == label) for label in classes]) / column.size


def priors_of_fit(
    prior: Any, train_prior: Any, y: ArrayLike, classes: NDArray[Any]
) -> tuple[Float64, Float64] | None:
    """Shares (K,) that a classifier learned from, and that it predicts for; None: both the same.

    A share that is not given is that of the rows of `y`, (n,).
    """
    if prior is None and train_prior is None:
        return None
    shares = _class_shares(y, classes)
    old = shares if train_prior is None else train_prior
    new = shares if prior is None else prior
    return (
        check_prior("train_prior", old, classes, positive=True),
        check_prior("prior", new, classes),
    )
