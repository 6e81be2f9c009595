"""The TextCNN that learns from one part of the texts after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from skcnn._arrays import Float32, Float64, Int32
from skcnn._settings import NetworkSettings
from skcnn.costs._posterior import PosteriorRule
from skcnn.fitting._network_start import layers_without_embedding, own_rows
from skcnn.predicting._text_cnn import FittedTextCNN
from skcnn.predicting._text_cnn_weights import TextCNNWeights
from skcnn.text._prepare import join_subwords
from skcnn.text._sequences import UNKNOWN, TokenSequences
from skcnn.text._subwords import word_parts
from skcnn.text._vocabulary import FIRST_WORD, add_text_words, encode

# A call makes one pass, so it takes more and larger steps than an epoch of `fit`. docs/design.md
# has the measurements behind these numbers.
_BATCH_SIZE = 20
_LEARNING_RATE = 0.003
# The mean of the weights is updated after so many steps.
_STEPS_PER_MEAN = 10
# At any time, about the last quarter of the texts counts in the mean.
_FORGETTING = 3.0

Arrays = tuple[Float32, ...]


@dataclass(frozen=True, slots=True, eq=False)
class NetworkProgress:
    """The network after the last call, and what its training needs.

    Four tuples hold the arrays of a network in training: the embedding (n_rows, d), the filters,
    their bias, the dense layer and its bias. The embedding has rows of words and rows of subwords;
    those of a word's subwords are not yet added to its own.

    Attributes
    ----------
    network : the fitted network, with the mean of the weights; its words never change
    filter_widths : in the order of Keras' layers
    word_dropout : (n_seen,), chance of each seen id to be dropped from a batch
    n_texts : number of texts so far
    last, mean : the last weights, and the mean of the weights
    adam_means, adam_variances : the moments of Adam
    n_steps : number of steps of Adam
    """

    network: FittedTextCNN
    filter_widths: tuple[int, ...]
    word_dropout: Float32
    n_texts: int
    last: Arrays
    mean: Arrays
    adam_means: Arrays
    adam_variances: Arrays
    n_steps: int

    @classmethod
    def begin(
        cls,
        network: FittedTextCNN,
        filter_widths: tuple[int, ...],
        word_dropout: Float32,
        n_texts: int,
    ) -> NetworkProgress:
        """Return the state after a first fit."""
        embedding = np.concatenate([own_rows(network), network.weights.subword_vectors])
        *filters, kernel, bias = layers_without_embedding(network, filter_widths)
        # (width, d, F) -> (width * F, d)
        taps = [each.transpose(0, 2, 1).reshape(-1, embedding.shape[1]) for each in filters[::2]]
        arrays = (embedding, np.concatenate(taps), np.concatenate(filters[1::2]), kernel, bias)
        zeros = tuple(np.zeros_like(each) for each in arrays)
        return cls(
            network, filter_widths, word_dropout, n_texts, arrays, arrays, zeros, zeros, n_steps=0
        )

    def learn(
        self,
        tokens: list[list[str]],
        targets: Int32,
        sample_weight: Float64,
        *,
        loss_costs: Float64,
        posterior_rule: PosteriorRule,
        settings: NetworkSettings,
        seed: int,
    ) -> tuple[NetworkProgress, float]:
        """Learn from more texts in one pass; return the new state and the mean loss."""
        from skcnn.network._labeled_texts import LabeledTexts
        from skcnn.network._one_pass import Moments, train_one_pass
        from skcnn.network._weights import Weights

        more = MoreTexts.prepare(self.network, tokens)
        weights = Weights(*more.with_extra_rows(self.last))
        average = RunningMean(self.mean, self.n_texts)
        moments, loss = train_one_pass(
            weights,
            Moments(
                more.with_zero_rows(self.adam_means),
                more.with_zero_rows(self.adam_variances),
                self.n_steps,
            ),
            LabeledTexts(more.sequences, targets, sample_weight),
            word_parts=more.word_parts,
            word_dropout=np.concatenate([self.word_dropout, more.word_dropout]),
            widths=np.array(self.filter_widths),
            loss_costs=loss_costs,
            settings=_for_one_pass(settings),
            report_every=_STEPS_PER_MEAN,
            report=lambda weights, n_texts: average.add(weights.arrays, n_texts),
            seed=seed,
        )
        last = more.without_extra_rows(weights.arrays)
        mean = average.mean if settings.average_weights else last
        return (
            replace(
                self,
                network=replace(_fitted(self, mean), posterior_rule=posterior_rule),
                n_texts=average.n_texts,
                last=last,
                mean=mean,
                adam_means=more.without_extra_rows(moments.means),
                adam_variances=more.without_extra_rows(moments.variances),
                n_steps=moments.n_steps,
            ),
            loss,
        )


def _for_one_pass(settings: NetworkSettings) -> NetworkSettings:
    """Return the settings of a single pass.

    Batches are smaller and, if no learning rate is given, it is larger. No features are dropped:
    dropout keeps a network from learning its texts by heart, in many passes.
    """
    batch_size = min(settings.batch_size, _BATCH_SIZE)
    settings = replace(settings, batch_size=batch_size, dropout=0.0)
    is_default = (
        settings.optimizer == "adam"
        and settings.learning_rate is None
        and "learning_rate" not in (settings.optimizer_params or {})
    )
    return replace(settings, learning_rate=_LEARNING_RATE) if is_default else settings


@dataclass(frozen=True, slots=True, eq=False)
class MoreTexts:
    """Texts for the training of a network whose vocabulary does not grow.

    A word that the first call did not see is represented as when predicting: by its pretrained
    vector, its subwords, or both. Such a vector is an extra row of the embedding, which is not kept
    after training.

    Attributes
    ----------
    sequences : the texts; ids from n_seen on belong to the other words
    word_parts : rows of the embedding that make up each id; extra rows are the last ones
    word_dropout : (n_ids - n_seen,), chance of each other word to be dropped from a batch
    extra_rows : (n_extra, d)
    """

    sequences: TokenSequences
    word_parts: TokenSequences
    word_dropout: Float32
    extra_rows: Float32

    @classmethod
    def prepare(cls, network: FittedTextCNN, tokens: list[list[str]]) -> MoreTexts:
        """Give ids and rows to the words of texts."""
        weights, n_seen = network.weights, network.weights.n_seen
        seen = dict(zip(network.seen_words, range(FIRST_WORD, n_seen), strict=True))
        ids = add_text_words(seen, tokens)
        sequences = encode(tokens, ids)
        counts = np.bincount(sequences.ids, minlength=len(ids) + FIRST_WORD)[n_seen:]
        parts = word_parts(list(ids), n_seen, weights.subword_keys)
        places = [network.vocabulary.get(word, UNKNOWN) - n_seen for word in list(ids)[len(seen) :]]
        has_vector = np.array(places, np.int64) >= 0
        extra = np.zeros((has_vector.sum(), weights.embedding.shape[1]), np.float32)
        extra[:, : weights.frozen.shape[1]] = weights.frozen[np.array(places, np.int64)[has_vector]]
        own = parts.offsets[n_seen:-1][has_vector]  # the first part of a word is its own row
        parts.ids[own] = n_seen + len(weights.subword_keys) + np.arange(len(own))
        return cls(sequences, parts, (1 / (1 + counts)).astype(np.float32), extra)

    def with_extra_rows(self, arrays: Arrays) -> Arrays:
        """Copy the arrays of a network, the embedding with the extra rows."""
        embedding, *others = arrays
        return np.concatenate([embedding, self.extra_rows]), *(each.copy() for each in others)

    def with_zero_rows(self, arrays: Arrays) -> Arrays:
        """Copy arrays of the same shapes, with zeros in the extra rows."""
        return replace(self, extra_rows=np.zeros_like(self.extra_rows)).with_extra_rows(arrays)

    def without_extra_rows(self, arrays: Sequence[Float32]) -> Arrays:
        """Return the arrays without the extra rows."""
        embedding, *others = arrays
        return embedding[: len(embedding) - len(self.extra_rows)].copy(), *others


class RunningMean:
    """The mean of the weights, in which the weights of early texts fade out.

    If n of N texts so far are new, the new weights have the share 4 n / N ("polynomial-decay
    averaging" [1]_). So the mean does not depend on how many texts are in each call.

    .. [1] O. Shamir and T. Zhang (2013). Stochastic gradient descent for non-smooth optimization:
       convergence results and optimal averaging schemes. ICML, 71-79.

    Parameters
    ----------
    mean : the arrays of the mean so far, which are not changed
    n_texts : the number of texts so far
    """

    def __init__(self, mean: Arrays, n_texts: int) -> None:
        self.mean = tuple(each.copy() for each in mean)
        self.n_texts = n_texts

    def add(self, arrays: Sequence[Float32], n_new: int) -> None:
        """Add the weights after some more texts; the embedding may have more rows at its end."""
        self.n_texts += n_new
        share = np.float32(min(1, (1 + _FORGETTING) * n_new / self.n_texts))
        for mean, array in zip(self.mean, arrays, strict=True):
            change = array[: len(mean)] - mean
            np.add(mean, share * change, out=mean)


def _fitted(progress: NetworkProgress, arrays: Arrays) -> FittedTextCNN:
    """Return the fitted network with the given weights."""
    network, widths = progress.network, progress.filter_widths
    rows, taps, filter_bias, dense_kernel, dense_bias = arrays
    vocabulary = {word: network.vocabulary[word] for word in network.seen_words}
    embedding, subwords = join_subwords(rows, vocabulary, network.weights.subword_keys)
    n_filters, d = network.weights.n_filters, rows.shape[1]
    ends = np.cumsum([width * n_filters for width in widths])
    kernels = [
        part.reshape(width, n_filters, d).transpose(0, 2, 1)  # (width * F, d) -> (width, d, F)
        for part, width in zip(np.split(taps, ends[:-1]), widths, strict=True)
    ]
    weights = TextCNNWeights.from_layers(
        embedding,
        kernels,
        filter_bias,
        dense_kernel,
        dense_bias,
        network.weights.frozen,
        subwords,
    )
    return replace(network, weights=weights)
