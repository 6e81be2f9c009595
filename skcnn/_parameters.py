"""The values that each parameter may have, and the names of parameters of members.

For any other value scikit-learn raises an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Self

from skcnn._compat import HasMethods, Interval, StrOptions, _BaseComposition
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.costs._loss_formulas import LOSS_NAMES

Settings = tuple[TextSettings, NetworkSettings, MemberSettings, FitSettings]

PARAMETER_CONSTRAINTS: dict[str, list[Any] | str] = {
    "cost_matrix": [None, str, "array-like", Mapping],
    "loss": [StrOptions(set(LOSS_NAMES)), HasMethods(["call", "get_config"])],
    "network": [None, callable],
    "decision": [StrOptions({"min_cost", "argmax"})],
    "word_vectors": "no_validation",  # any type with the right attributes; see `check_word_vectors`
    "embedding_dim": [Interval(Integral, 0, None, closed="left")],
    "embedding_init": [StrOptions({"cooccurrence", "uniform"})],
    "subwords": ["boolean"],
    "tokenizer": [None, callable],
    "lowercase": ["boolean"],
    "max_length": [None, Interval(Integral, 1, None, closed="left"), tuple, list],
    "min_count": [Interval(Integral, 1, None, closed="left")],
    "max_vocabulary": [None, Interval(Integral, 1, None, closed="left")],
    "filter_widths": ["array-like"],
    "n_filters": [Interval(Integral, 1, None, closed="left")],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "linear_model": ["boolean"],
    "sentence_vectors": "no_validation",  # see `check_sentence_vectors`
    "members": "no_validation",  # see `check_members`
    "memory": "no_validation",  # see `check_memory`
    "distill": ["boolean"],
    "optimizer": [str, HasMethods(["apply", "get_config"])],
    "learning_rate": [None, Interval(Real, 0, None, closed="neither")],
    "optimizer_params": [None, dict],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "epochs": [Interval(Integral, 1, None, closed="left")],
    "average_weights": ["boolean"],
    "callbacks": [None, list, tuple],
    "class_weight": [None, dict, StrOptions({"balanced"})],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "validation_scoring": [str, callable],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "unlabeled": "no_validation",  # deprecated: now an argument of `fit`
}


class MemberParameters(_BaseComposition):
    """Gives the members names among the parameters, as scikit-learn's VotingClassifier does."""

    members: Any

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters of this estimator.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the members by their names, and the parameters of objects that are
            parameters: ``NAME__PARAMETER``.

        Returns
        -------
        dict of str to object
        """
        params: dict[str, Any] = self._get_params("members", deep=deep)
        return params

    def _settings(self) -> Settings:
        # Not get_params: a subclass may have fewer parameters of its own.
        params = {name: getattr(self, name) for name in PARAMETER_CONSTRAINTS}
        return (
            TextSettings.from_params(params),
            NetworkSettings.from_params(params),
            MemberSettings.from_params(params),
            FitSettings.from_params(params),
        )

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this estimator, of its members, or of objects that are parameters.

        Parameters
        ----------
        **params : object
            By the names that `get_params` gives.

        Returns
        -------
        CostSensitiveTextCNN
            This object.
        """
        self._set_params("members", **params)
        return self
