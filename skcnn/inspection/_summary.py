"""What a fitted estimator is, in a few lines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skcnn.predicting._classifier import FittedClassifier
from skcnn.predicting._members import Member
from skcnn.predicting._model import NETWORKS, FittedModel

_NOT_RECORDED = "not recorded"
# Of more classes, the first labels are printed, and no costs.
_MAX_CLASSES = 10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelSummary:
    """The result of `CostSensitiveTextCNN.summary`.

    Parameters
    ----------
    classes : list
        The labels, sorted.
    cost_matrix : list of list of float
        The costs in the order of `classes`.
    n_texts : int or None
        Number of labeled texts that the model learned from, the held-out ones included. None if the
        model file is older than this record.
    n_words : int
        Number of words that have a vector.
    n_epochs, best_epoch : int
        Number of epochs run, and the epoch whose weights are kept, counted from 1.
    members : dict of str to float
        The models, and their exponents in the logarithmic opinion pool: how much each counts.
        "network", "ngrams", "sentence_vectors", and the names of the parameter `members`.
    held_out : dict of str to float or None
        `n_texts` that were held out from the network, the `average_cost` of the decisions on them,
        and the `constant_cost`, that of the cheapest constant prediction. The best epoch was chosen
        and the pool fitted by these texts, so new texts may cost somewhat more. None if no text was
        held out, after `partial_fit` and `with_costs`, with unlabeled texts that teachers label,
        and in older files.
    version : str
        The version of skcnn that made this summary.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?", "win or lunch"]
    >>> labels = ["spam", "spam", "ham", "ham", "ham"]
    >>> cnn = CostSensitiveTextCNN({"spam": 5}, early_stopping=False, epochs=2, random_state=0)
    >>> summary = cnn.fit(texts, labels).summary()
    >>> print(summary)  # doctest: +ELLIPSIS
    classes        'ham', 'spam'
    cost matrix    'ham': 0 1
                   'spam': 5 0
    learned from   5 texts, which have 11 words
    epochs         2, weights of epoch 2
    models         network (weight 0.5), ngrams (weight 0.5)
    held-out cost  not recorded
    skcnn          ...
    >>> summary.to_dict()["members"]
    {'network': 0.5, 'ngrams': 0.5}
    """

    classes: list[Any]
    cost_matrix: list[list[float]]
    n_texts: int | None
    n_words: int
    n_epochs: int
    best_epoch: int
    members: dict[str, float]
    held_out: dict[str, float] | None
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Return all attributes as a dict that JSON can hold.

        Returns
        -------
        dict
            Its keys are the names of the attributes.
        """
        return asdict(self)

    def __str__(self) -> str:
        n_classes, labels = len(self.classes), ", ".join(map(repr, self.classes[:_MAX_CLASSES]))
        costs = [
            f"{label!r}: {' '.join(f'{cost:g}' for cost in row)}"
            for label, row in zip(self.classes, self.cost_matrix, strict=True)
        ]
        if n_classes > _MAX_CLASSES:
            labels += f", ... ({n_classes:,} classes)"
            costs = [f"{n_classes:,} rows and columns"]
        n_texts = _NOT_RECORDED if self.n_texts is None else f"{self.n_texts:,} texts"
        models = [f"{name} (weight {weight:.3g})" for name, weight in self.members.items()]
        rows = {
            "classes": [labels],
            "cost matrix": costs,
            "learned from": [f"{n_texts}, which have {self.n_words:,} words"],
            "epochs": [f"{self.n_epochs}, weights of epoch {self.best_epoch}"],
            "models": [", ".join(models)],
            "held-out cost": [self._held_out()],
            "skcnn": [self.version],
        }
        width = max(map(len, rows)) + 2
        indent = "\n" + " " * width
        return "\n".join(f"{name:{width}}{indent.join(lines)}" for name, lines in rows.items())

    __repr__ = __str__

    def _held_out(self) -> str:
        if self.held_out is None:
            return _NOT_RECORDED
        return (
            f"{self.held_out['average_cost']:.4g} on average of {self.held_out['n_texts']:,} texts "
            f"(the cheapest constant prediction: {self.held_out['constant_cost']:.4g})"
        )


class SummaryMixin:
    """`summary` of an estimator with a fitted model."""

    _model: FittedModel

    def summary(self) -> ModelSummary:
        """Summarize the fitted model: classes, costs, words, epochs, models, held-out cost.

        Returns
        -------
        ModelSummary
            It prints as a few lines, and `to_dict` gives what JSON can hold.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If this estimator is not fitted.
        """
        check_is_fitted(self)
        return summarize(self._model)


def summarize(model: FittedModel) -> ModelSummary:
    from skcnn import __version__

    record = model.record
    exponents = [1.0] if model.pool is None else model.pool.exponents.tolist()
    return ModelSummary(
        classes=model.classes.tolist(),
        cost_matrix=model.cost_matrix.tolist(),
        n_texts=record.n_texts,
        n_words=len(model.network.vocabulary),
        n_epochs=len(record.history["loss"]),
        best_epoch=record.best_iter,
        members=dict(zip(map(_name, model.members), exponents, strict=True)),
        held_out=None if record.held_out is None else asdict(record.held_out),
        version=__version__,
    )


def _name(member: Member) -> str:
    if isinstance(member, FittedClassifier):
        return member.name
    return "network" if isinstance(member, NETWORKS) else member.kind
