"""What `partial_fit` continues from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float64
from skcnn.fitting._network_progress import NetworkProgress
from skcnn.fitting._ngram_progress import NgramProgress
from skcnn.fitting._recent_predictions import RecentPredictions
from skcnn.fitting._text_cnn import WORD_DROPOUT
from skcnn.predicting._model import FitSummary, FittedModel
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._text_cnn import FittedTextCNN


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What the next call of `partial_fit` continues from. It has no texts.

    Attributes
    ----------
    seed : the random numbers of each call follow from it and from the number of calls
    n_calls : int
    class_totals : (K,), total weight of each class so far, in units of the mean weight of the texts
        in the first call
    log_unit : logarithm of this mean weight
    network : NetworkProgress
    ngrams : NgramProgress or None
    recent : RecentPredictions
    """

    seed: int
    n_calls: int
    class_totals: Float64
    log_unit: float
    network: NetworkProgress
    ngrams: NgramProgress | None
    recent: RecentPredictions


def progress_of(model: FittedModel) -> Progress:
    """Return what `partial_fit` stored in the model, or what can be concluded after a `fit`.

    Raises
    ------
    ValueError
        If the model was loaded from a file, or has members that cannot learn more.
    """
    if isinstance(model.progress, Progress):
        return model.progress
    if model.progress is None:
        raise ValueError(
            "the model was loaded from a file, which keeps nothing to continue from; partial_fit "
            "expects a model in memory, or a pickle of it. Call partial_fit or fit on a new "
            "estimator."
        )
    network, *others = model.members
    are_known = all(isinstance(each, NgramModel) for each in others)
    if not isinstance(network, FittedTextCNN) or not are_known:
        kinds = [each.kind for each in model.members]
        raise ValueError(
            f"the model has the members {kinds}; partial_fit can only continue the TextCNN and the "
            "n-gram model. Call partial_fit on a new estimator, or fit on all texts."
        )
    ngrams = next((each for each in others if isinstance(each, NgramModel)), None)
    return _after_fit(model.progress, network, ngrams)


def _after_fit(summary: FitSummary, network: FittedTextCNN, ngrams: NgramModel | None) -> Progress:
    """Conclude from fitted models how to continue them.

    `fit` stores no counts and precisions, so they are estimated. The predictions are the same.
    """
    totals, n_texts = summary.class_totals, summary.n_texts
    no_rows = np.empty((1 if ngrams is None else 2, 0, len(totals)), np.float32)
    progress = None
    if ngrams is not None:
        progress = NgramProgress.from_model(ngrams, n_texts, totals / totals.sum())
    chances = np.full(network.weights.n_seen, WORD_DROPOUT, np.float32)
    return Progress(
        seed=summary.seed,
        n_calls=1,
        class_totals=totals,
        log_unit=summary.log_unit,
        network=NetworkProgress.begin(network, summary.filter_widths, chances, n_texts),
        ngrams=progress,
        recent=RecentPredictions(no_rows, np.empty(0, np.int32), np.empty(0)),
    )
