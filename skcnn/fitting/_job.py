"""What a fit is asked for, and what all its steps share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from numbers import Integral
from typing import Any, TypeVar

import numpy as np

from skcnn._arrays import Float64, Int64
from skcnn._settings import FitSettings, MemberSettings, NetworkSettings, TextSettings
from skcnn.fitting._memory import digest_of_texts, remember
from skcnn.fitting._reporter import Reporter
from skcnn.fitting._training_set import TrainingSet
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.text._tokenizer import Tokenization

T = TypeVar("T")


@dataclass(eq=False)
class Job:
    """What a fit is asked for: the texts, the estimator's parameters, and what follows from them.

    Attributes
    ----------
    data : TrainingSet
    unlabeled : more texts of the same kind, without labels, or None
    text, network, members, settings : the estimator's parameters
    costs : (K, K)
    train_rows, held_out_rows : which texts the network learns from, and which not
    random_state : RandomState
    reporter : what is told about the progress
    start : the network whose weights training starts from, or None
    """

    data: TrainingSet
    unlabeled: Sequence[str] | None
    text: TextSettings
    network: NetworkSettings
    members: MemberSettings
    settings: FitSettings
    costs: Float64
    train_rows: Int64
    held_out_rows: Int64
    random_state: np.random.RandomState
    reporter: Reporter
    start: FittedTextCNN | None = None

    @property
    def tokenize(self) -> Tokenization:
        """The function from texts to tokens."""
        return Tokenization(self.text.tokenizer, self.text.lowercase, self.text.max_length)

    @property
    def n_classes(self) -> int:
        """K."""
        return len(self.data.classes)

    def seed(self) -> int:
        """Draw a seed."""
        return int(self.random_state.randint(2**31 - 1))

    def remember(
        self, what: str, more_key: Sequence[Any], function: Callable[..., T], *args: Any
    ) -> T:
        """Call a function, or read its result from `memory`, see `skcnn.fitting._memory`.

        What depends on costs is not called this way. So a grid search over costs computes all else
        once for each fold. With a random state of None, no result could be used again.

        Parameters
        ----------
        what : what is computed, to say if it was read
        more_key : what the result depends on besides the texts, their labels and weights, the
            rows, the text settings, which models there are, and the random state
        """
        if not self.can_remember:
            return function(*args)
        is_read = True

        @wraps(function)  # the name is part of the key
        def compute(*args: Any) -> T:
            nonlocal is_read
            is_read = False
            return function(*args)

        result = remember(self.members.memory, [*self._key, *more_key], compute, *args)
        if is_read:
            self.reporter.say(f"{what}: read from memory")
        return result

    @property
    def can_remember(self) -> bool:
        """Whether there is a `memory`, and a seed by which results can be found again."""
        has_seed = isinstance(self.settings.random_state, Integral)
        return self.members.memory is not None and has_seed

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        data, members = self.data, self.members
        return (
            digest_of_texts(data.texts),
            digest_of_texts(self.unlabeled),
            data.targets,
            data.classes,
            data.sample_weight,
            self.train_rows,
            self.held_out_rows,
            self.text,
            (members.linear_model, members.has_teachers),
            int(self.settings.random_state),
        )
