"""The estimator's parameters in four groups of plain values, each checked when it is created.

Each parameter of `CostSensitiveTextCNN` is in exactly one group, named after the step that reads
it. `_parameters.py` lists the values that scikit-learn can check. All other checks are here, such
as those of parameters that do not fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import signature
from numbers import Integral
from typing import Any, Self

from sklearn.metrics import get_scorer_names

# Twice Keras' default. With larger steps the weights change more from epoch to epoch; their average
# over the epochs changes less.
_ADAM_LEARNING_RATE = 0.002
# What SciKeras calls the arguments of a function that builds a model.
_NETWORK_ARGUMENTS = ("meta", "compile_kwargs")


@dataclass(frozen=True, slots=True, eq=False)
class _Settings:
    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Take the parameters of this group from all those of an estimator."""
        return cls(**{field.name: params[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True, eq=False)
class TextSettings(_Settings):
    """How texts become token ids, and which vectors their words start from."""

    word_vectors: Any
    embedding_dim: int
    embedding_init: str
    subwords: bool
    tokenizer: Callable[[str], Sequence[str]] | None
    lowercase: bool
    max_length: int | tuple[int, int] | None
    min_count: int
    max_vocabulary: int | None

    def __post_init__(self) -> None:
        check_max_length(self.max_length)
        if self.embedding_dim == 0 and self.word_vectors is None:
            raise ValueError(
                "embedding_dim is 0 and word_vectors is None, so words would have no vectors; "
                "expected one of them. Set embedding_dim above 0, or give word_vectors."
            )

    @property
    def learns_from_unlabeled(self) -> bool:
        """Whether word vectors are learned from texts, and so from unlabeled texts too."""
        return self.embedding_dim > 0 and self.embedding_init == "cooccurrence"

    def check_learns_from_unlabeled(self) -> None:
        """Check that word vectors are learned from unlabeled texts.

        Raises
        ------
        ValueError
            If `embedding_dim` is 0 or `embedding_init` is not "cooccurrence".
        """
        if not self.learns_from_unlabeled:
            raise ValueError(
                f"unlabeled is given with embedding_dim={self.embedding_dim} and "
                f"embedding_init={self.embedding_init!r}, so nothing would be learned from it; "
                "expected embedding_dim above 0 and embedding_init='cooccurrence'. Set both, or "
                "leave unlabeled out."
            )


@dataclass(frozen=True, slots=True, eq=False)
class NetworkSettings(_Settings):
    """The network's shape, its loss, and how it is trained."""

    loss: Any
    network: Callable[..., Any] | None
    filter_widths: Sequence[int]
    n_filters: int
    dropout: float
    optimizer: Any
    learning_rate: float | None
    optimizer_params: dict[str, Any] | None
    batch_size: int
    epochs: int
    average_weights: bool
    callbacks: Sequence[Any] | None
    verbose: int

    def __post_init__(self) -> None:
        _check_network(self.network)
        widths = list(self.filter_widths)
        if not widths or not all(isinstance(w, Integral) and w >= 1 for w in widths):
            raise ValueError(
                f"filter_widths is {self.filter_widths!r}; expected integers >= 1, such as "
                "(3, 4, 5)."
            )
        for name in ("loss", "optimizer"):
            value = getattr(self, name)
            if isinstance(value, type):
                raise TypeError(
                    f"{name} is the class {value.__name__}; expected an object: "
                    f"{value.__name__}(...)."
                )
        for callback in self.callbacks or ():
            if not hasattr(callback, "on_epoch_end"):
                raise TypeError(
                    f"callbacks has {callback!r}; expected objects of keras.callbacks.Callback."
                )
        self._check_optimizer()

    def _check_optimizer(self) -> None:
        if self.learning_rate and "learning_rate" in (self.optimizer_params or {}):
            raise ValueError(
                "learning_rate is given twice, also in optimizer_params; give it once."
            )
        if not isinstance(self.optimizer, str):
            given = [n for n in ("learning_rate", "optimizer_params") if getattr(self, n)]
            if given:
                raise ValueError(
                    f"optimizer is an object and {' and '.join(given)} would be ignored. "
                    "Set them in the object, or give the optimizer by name."
                )

    @property
    def ignores_costs(self) -> bool:
        """Whether training is the same for all costs."""
        return isinstance(self.loss, str) and self.loss == "cross_entropy"

    @property
    def is_plain(self) -> bool:
        """Whether training does nothing but train, with parameters that can be written to disk."""
        is_plain = isinstance(self.loss, str) and isinstance(self.optimizer, str)
        return is_plain and not self.callbacks and self.network is None

    @property
    def widths(self) -> tuple[int, ...]:
        """`filter_widths` as plain integers."""
        return tuple(int(width) for width in self.filter_widths)

    @property
    def all_optimizer_params(self) -> dict[str, Any]:
        """`optimizer_params` with the learning rate, unless the optimizer's own default counts."""
        params = dict(self.optimizer_params or {})
        if self.learning_rate is not None:
            params["learning_rate"] = float(self.learning_rate)  # Keras takes no integer
        elif self.optimizer == "adam":
            params.setdefault("learning_rate", _ADAM_LEARNING_RATE)
        return params


@dataclass(frozen=True, slots=True, eq=False)
class MemberSettings(_Settings):
    """Which models are fitted in addition to the network, and whether some only teach."""

    linear_model: bool
    sentence_vectors: Any
    members: Sequence[tuple[str, Any]] | None
    memory: Any
    distill: bool

    def __post_init__(self) -> None:
        if self.distill and not self.has_teachers:
            raise ValueError(
                "distill is True, but there is no model to learn from; expected sentence_vectors "
                "or members. Set one of them, or distill=False."
            )

    @property
    def has_teachers(self) -> bool:
        """Whether a model is fitted that knows more than the training texts."""
        return self.sentence_vectors is not None or bool(self.members)


@dataclass(frozen=True, slots=True, eq=False)
class FitSettings(_Settings):
    """What all steps of a fit need: costs, weights, the held-out part, the seed."""

    cost_matrix: Any
    decision: str
    class_weight: dict[Any, float] | str | None
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    validation_scoring: str | Callable[..., float]
    warm_start: bool
    random_state: Any

    def __post_init__(self) -> None:
        if isinstance(self.cost_matrix, str) and self.cost_matrix != "balanced":
            raise ValueError(
                f"cost_matrix is {self.cost_matrix!r}; the only name is 'balanced'. "
                f"To make it expensive to miss one class, write {{{self.cost_matrix!r}: 5}}."
            )
        scoring = self.validation_scoring
        if not callable(scoring) and scoring not in {"loss", "average_cost", *get_scorer_names()}:
            raise ValueError(
                f"validation_scoring is {scoring!r}; expected 'loss', 'average_cost', a scorer, "
                "or one of the names in sklearn.metrics.get_scorer_names()."
            )


def _check_network(network: Any) -> None:
    """Check that a user's network is None or a function that SciKeras' convention can call."""
    if network is None:
        return
    if not callable(network) or hasattr(network, "compile"):  # Keras models can be called too
        kind = network.__name__ if isinstance(network, type) else type(network).__name__
        raise TypeError(
            f"network is {network!r}, of type {kind}; expected a function that builds and returns "
            "a new Keras model: each fit starts from new weights."
        )
    needed = [
        each.name
        for each in signature(network).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    unknown = [name for name in needed if name not in _NETWORK_ARGUMENTS]
    if unknown:
        raise TypeError(
            f"network has the parameters {unknown}; expected {' and '.join(_NETWORK_ARGUMENTS)} "
            "only. Give the others defaults, or use functools.partial."
        )


def check_max_length(max_length: Any) -> None:
    """Check that `max_length` is None, a number of tokens >= 1, or a pair of numbers.

    Raises
    ------
    ValueError
        If it is something else, or keeps no token.
    """
    if max_length is None or isinstance(max_length, Integral):
        return
    numbers: list[Any] = list(max_length)
    valid = all(isinstance(n, Integral) and int(n) >= 0 for n in numbers)
    if len(numbers) != 2 or not valid or sum(numbers) == 0:
        raise ValueError(
            f"max_length is {max_length!r}; expected None, a number of tokens, or a pair: how many "
            "tokens to keep from the start and from the end, such as (400, 100)."
        )
