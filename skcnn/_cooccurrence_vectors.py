"""Word vectors learnt from texts without labels, as an object to keep."""

from __future__ import annotations

from copy import copy
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from skcnn._compat import _fit_context, own_random_state
from skcnn.text import Tokenizer, as_texts, cooccurrence_word_vectors, tokenize_all


class CooccurrenceVectors(BaseEstimator):
    """Word vectors from which words stand near each other, for `CostSensitiveTextCNN`.

    Positive pointwise mutual information, reduced by a singular value decomposition [1]_. Time is
    linear in the number of tokens: some seconds for a million.

    Parameters
    ----------
    n_components : int, default=100
        Dimension of the vectors.
    window : int, default=4
        How far two words may stand apart; a distance of d counts 1/d.
    power : float, default=0.75
        The contexts' frequencies are raised to this power, so that rare ones weigh less.
    min_count : int, default=2
        Words seen less often get no vector.
    tokenizer : callable, default=None
        As in `CostSensitiveTextCNN`; use the same there.
    lowercase : bool, default=True
        As in `CostSensitiveTextCNN`.
    random_state : int or RandomState, default=None
        Seeds the decomposition.

    Attributes
    ----------
    words_ : list of str
        The words, the most frequent first.
    vectors_ : ndarray of float32, shape (n_words, n_components)
        Their vectors.

    References
    ----------
    .. [1] O. Levy, Y. Goldberg and I. Dagan (2015). Improving distributional similarity with
       lessons learned from word embeddings. Transactions of the ACL 3, 211-225.

    Examples
    --------
    >>> from skcnn import CooccurrenceVectors
    >>> texts = ["red wine", "white wine", "red car", "white car"]
    >>> vectors = CooccurrenceVectors(2, random_state=0).fit(texts)
    >>> vectors.words_
    ['car', 'red', 'white', 'wine']
    >>> vectors.vectors_.shape
    (4, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Integral],
        "window": [Integral],
        "power": [Real],
        "min_count": [Integral],
        "tokenizer": [None, callable],
        "lowercase": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components: int = 100,
        *,
        window: int = 4,
        power: float = 0.75,
        min_count: int = 2,
        tokenizer: Tokenizer | None = None,
        lowercase: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_components = n_components
        self.window = window
        self.power = power
        self.min_count = min_count
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn vectors from texts.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str
            The texts.
        y : object, default=None
            Not used; scikit-learn passes it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no word is seen `min_count` times, or a parameter is of another type or out of its
            range.
        """
        for name, least in (("n_components", 1), ("window", 1), ("min_count", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least {least}.")
        tokens = tokenize_all(as_texts(X), self.tokenizer, lowercase=self.lowercase)
        learnt = cooccurrence_word_vectors(
            tokens,
            self.n_components,
            window=self.window,
            power=self.power,
            min_count=self.min_count,
            random_state=own_random_state(self.random_state),
        )
        if len(learnt) == 0:
            raise ValueError(
                f"No word of the {len(tokens)} texts is seen min_count={self.min_count} times; "
                "give more texts or lower min_count."
            )
        self.words_ = learnt.words
        self.vectors_ = learnt.vectors
        return self

    def __sklearn_clone__(self) -> Self:
        """Keep what was learnt: as a parameter of an estimator, a fitted object is data."""
        if hasattr(self, "vectors_"):
            return copy(self)
        clone: Self = super().__sklearn_clone__()
        return clone

    def __sklearn_tags__(self) -> Any:
        """Say that X is text."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
