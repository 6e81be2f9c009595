"""Why texts got their labels: n-grams, their contributions, and how to show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn._compat import check_installed
from skcnn.inspection._explanation_html import highlighted, to_html
from skcnn.text._spans import joined

if TYPE_CHECKING:
    from pandas import DataFrame

# How many n-grams `print` and a notebook show for each text.
_SHOWN = 8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Explanation:
    """Why one text got its label.

    The log-odds of a class are those against the other classes: ``log P(k)`` minus the mean of
    ``log P`` over the other classes. For two classes these are the usual log-odds. They are
    `base_log_odds` plus the sum of `log_odds`. The expected costs are `base_costs` plus the sum of
    `costs`. The base is what a text without tokens gets.

    Parameters
    ----------
    text : str
        The text, as it was given.
    classes : ndarray of shape (n_classes,)
        The labels, sorted.
    prediction : label
        What `predict` returns.
    probabilities : ndarray of shape (n_classes,)
        P(class | text).
    expected_costs : ndarray of shape (n_classes,)
        The expected cost of predicting each class.
    ngrams : list of str, length m
        What contributes: n-grams of the text, the most important one for the decision first. Names
        in parentheses are not n-grams: "(sentence vectors)", "(network)" for a network of your
        own, the names of `members`, and with three or more classes "(correction)", a remainder.
    log_odds : ndarray of shape (m, n_classes)
        What each adds to the log-odds of each class.
    costs : ndarray of shape (m, n_classes)
        What each adds to the expected cost of predicting each class, in the unit of the cost
        matrix. A negative number speaks for the class.
    base_log_odds, base_costs : ndarray of shape (n_classes,)
        The same of a text without tokens.
    tokens : list of str, length n_tokens
        The tokens of the text.
    spans : list of (int, int) or None, length n_tokens
        Token i is ``text[start:end]``, but for its spelling. None if a tokenizer of your own made
        it up.
    token_log_odds : ndarray of shape (n_tokens, n_classes)
        The contributions of the n-grams, shared out over the tokens. See Notes.

    Notes
    -----
    An n-gram shares out its contribution equally over its tokens. A window of the network gives
    each token a share in proportion to the positive part of what the token adds to the filter.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
    >>> cnn = CostSensitiveTextCNN(early_stopping=False, random_state=0)
    >>> cnn = cnn.fit(texts, ["spam", "spam", "ham", "ham"])
    >>> explanation = cnn.explain(["cash for lunch"])[0]
    >>> explanation.tokens
    ['cash', 'for', 'lunch']
    >>> explanation.log_odds.shape == (len(explanation.ngrams), 2)
    True
    """

    text: str
    classes: NDArray[Any]
    prediction: Any
    probabilities: Float64
    expected_costs: Float64
    ngrams: list[str]
    log_odds: Float64
    costs: Float64
    base_log_odds: Float64
    base_costs: Float64
    tokens: list[str]
    spans: list[tuple[int, int] | None]
    token_log_odds: Float64

    @property
    def column(self) -> int:
        """The position of the prediction in `classes`."""
        return int(np.flatnonzero(self.classes == self.prediction)[0])

    @property
    def runner_up(self) -> int:
        """The position in `classes` of the cheapest other prediction."""
        others = np.flatnonzero(np.arange(len(self.classes)) != self.column)
        return int(others[self.expected_costs[others].argmin()])

    @property
    def savings(self) -> Float64:
        """How much each n-gram speaks for the prediction, in the unit of the costs, (m,).

        It is what the n-gram adds to the expected cost of the cheapest other prediction, minus what
        it adds to the expected cost of the prediction.
        """
        return np.asarray(self.costs[:, self.runner_up] - self.costs[:, self.column])

    def without(self, ngram: str) -> str:
        """Return the text without an n-gram, to see what the model says then.

        Parameters
        ----------
        ngram : str
            One of `ngrams`. It is deleted wherever it occurs.

        Returns
        -------
        str
            The shorter text.

        Raises
        ------
        ValueError
            If the n-gram is not in the text.
        """
        places = [(start, self._end(start, ngram)) for start in range(len(self.tokens))]
        found = [[span for span in self.spans[i:j] if span is not None] for i, j in places]
        deleted = [(spans[0][0], spans[-1][1]) for spans in found if spans]
        if not deleted:
            raise ValueError(f"ngram is {ngram!r}; expected an n-gram of the text, see `ngrams`.")
        gone = {i for begin, end in deleted for i in range(begin, end)}
        return "".join(character for i, character in enumerate(self.text) if i not in gone)

    def _end(self, start: int, ngram: str) -> int:
        """Return where an n-gram ends that begins at a token; `start` if none begins there."""
        ends = range(start + 1, min(start + 1 + len(ngram), len(self.tokens) + 1))
        return next((end for end in ends if joined(self.tokens[start:end]) == ngram), start)

    def to_frame(self) -> DataFrame:
        """Return a table with a row for each n-gram and class, and for the base.

        Returns
        -------
        DataFrame
            Columns "ngram", "class", "log_odds", "cost". The sum over the rows of a class gives its
            log-odds and its expected cost. The base is named "(base)".

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        check_installed("to_frame", "pandas")
        import pandas as pd

        names, n_classes = ["(base)", *self.ngrams], len(self.classes)
        return pd.DataFrame(
            {
                "ngram": np.repeat(np.array(names, dtype=object), n_classes),
                "class": np.tile(self.classes, len(names)),
                "log_odds": np.concatenate([self.base_log_odds, self.log_odds.ravel()]),
                "cost": np.concatenate([self.base_costs, self.costs.ravel()]),
            }
        )

    def __repr__(self) -> str:
        """Return the prediction and the n-grams that decided, as lines of text."""
        k, j = self.column, self.runner_up
        label, other = self.classes[[k, j]].tolist()
        lines = [
            f"{_shortened(self.text)!r}",
            f"  {label!r}: probability {_probability(self.probabilities[k])}, expected cost "
            f"{self.expected_costs[k]:.3g} (of {other!r}: {self.expected_costs[j]:.3g})",
        ]
        width = max(len(repr(name)) for name, _, _ in self.rows())
        for name, log_odds, saving in self.rows():
            lines.append(f"    {name!r:{width}}  log-odds {log_odds:+8.3f}  saves {saving:+8.3f}")
        if len(self.ngrams) > _SHOWN:
            lines.append(f"    and {len(self.ngrams) - _SHOWN} more")
        return "\n".join(lines)

    def rows(self) -> Iterator[tuple[str, float, float]]:
        """Yield what a display shows of the base and the n-grams.

        Yields
        ------
        (str, float, float)
            The name of an n-gram, what it adds to the log-odds of the prediction, and what it saves
            compared with the next best prediction.
        """
        k, j = self.column, self.runner_up
        yield "(base)", float(self.base_log_odds[k]), float(self.base_costs[j] - self.base_costs[k])
        shown = zip(self.ngrams, self.log_odds[:, self.column], self.savings, strict=True)
        for _, (name, log_odds, saving) in zip(range(_SHOWN), shown, strict=False):
            yield name, float(log_odds), float(saving)

    def _repr_html_(self) -> str:
        """Return the text with its words highlighted, for notebooks."""
        return to_html([self.view()])

    def view(self) -> dict[str, Any]:
        """Return what an HTML page shows of this explanation.

        Returns
        -------
        dict
            Words with their shares of the log-odds ("pieces"), the `rows`, and plain figures.
        """
        k, j = self.column, self.runner_up
        pieces = highlighted(self.text, self.spans, self.token_log_odds[:, k])
        return {
            "label": str(self.prediction),
            "other": str(self.classes[j]),
            "probability": _probability(self.probabilities[k]),
            "cost": float(self.expected_costs[k]),
            "other_cost": float(self.expected_costs[j]),
            "pieces": list(pieces),
            "rows": list(self.rows()),
        }


class Explanations(Sequence[Explanation]):
    """Why some texts got their labels: a sequence with an `Explanation` for each text.

    Parameters
    ----------
    explanations : sequence of Explanation
        One for each text.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?"]
    >>> cnn = CostSensitiveTextCNN(early_stopping=False, random_state=0)
    >>> explanations = cnn.fit(texts, ["spam", "spam", "ham", "ham"]).explain(["see you today"])
    >>> len(explanations), str(explanations[0].prediction)
    (1, 'ham')
    """

    def __init__(self, explanations: Sequence[Explanation]) -> None:
        self._explanations = list(explanations)

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self._explanations)

    def __getitem__(self, i: Any) -> Any:
        """Return the explanation of one text; of several texts for a slice."""
        if isinstance(i, slice):
            return Explanations(self._explanations[i])
        return self._explanations[i]

    def to_frame(self) -> DataFrame:
        """Return one table for all texts.

        Returns
        -------
        DataFrame
            The columns of `Explanation.to_frame`, after a column "row": the position of the text.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        check_installed("to_frame", "pandas")
        import pandas as pd

        frames = [each.to_frame().assign(row=row) for row, each in enumerate(self)]
        columns = ["row", "ngram", "class", "log_odds", "cost"]
        return pd.concat(frames, ignore_index=True)[columns] if frames else _empty(columns)

    def __repr__(self) -> str:
        """Return all explanations as text."""
        return "\n\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        """Return the texts with their words highlighted, for notebooks."""
        return to_html([each.view() for each in self])


def _empty(columns: list[str]) -> DataFrame:
    import pandas as pd

    return pd.DataFrame({column: [] for column in columns})


def _probability(p: float) -> str:
    """Write a probability; one that three digits would show as a certainty is "above 0.999"."""
    shown = f"{p:.3g}"
    return "above 0.999" if shown == "1" else shown


def _shortened(text: str, n_characters: int = 200) -> str:
    return text if len(text) <= n_characters else text[: n_characters - 1] + "…"
