"""The word vectors that the training of a network starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skcnn._arrays import Float32
from skcnn._compat import warn_user
from skcnn._settings import TextSettings
from skcnn.text._cooccurrence import cooccurrence_vectors, cooccurrence_word_vectors
from skcnn.text._coverage import EmbeddingCoverage, embedding_coverage
from skcnn.text._pretrained import (
    WordVectors,
    at_common_scale,
    resolve_word_vectors,
    side_by_side,
)
from skcnn.text._sequences import TokenSequences
from skcnn.text._tokenizer import Tokenization
from skcnn.text._vocabulary import FIRST_WORD

# Kim (2014) draws the vectors of unknown words from [-a, a], with a chosen so that their variance
# is that of pretrained vectors. In his published code a is 0.25.
_UNIFORM_LIMIT = 0.25


def initial_embeddings(
    sequences: TokenSequences,
    vocabulary: Mapping[str, int],
    word_vectors: WordVectors | None,
    *,
    embedding_dim: int,
    embedding_init: str,
    random_state: np.random.RandomState,
) -> Float32:
    """Return the vectors that training starts from: first pretrained, then learned dimensions.

    Parameters
    ----------
    sequences : TokenSequences
        The training texts.
    vocabulary : mapping of str to int
        Their words and ids, from `FIRST_WORD` on without gaps.
    word_vectors : WordVectors or None
        Pretrained vectors. A word without one has zeros in these dimensions.
    embedding_dim : int
        Number of further dimensions, which `embedding_init` fills. 0 is possible if there are
        pretrained vectors.
    embedding_init : {"cooccurrence", "uniform"}
        Whether these dimensions start with co-occurrence vectors of the training texts, or with
        random numbers from [-0.25, 0.25].
    random_state : RandomState
        For the decomposition of co-occurrences, or for the random numbers.

    Returns
    -------
    ndarray of float32, shape (n_ids, pretrained dimension + embedding_dim)
        The rows of padding and of the unknown word are zero.

    References
    ----------
    Y. Kim (2014). Convolutional neural networks for sentence classification. EMNLP.
    """
    n_ids = len(vocabulary) + FIRST_WORD
    parts = []
    if word_vectors is not None:
        pretrained = np.zeros((n_ids, word_vectors.dimension), np.float32)
        pretrained[FIRST_WORD:] = word_vectors.rows(list(vocabulary))[0]
        parts.append(pretrained)
    if embedding_init == "cooccurrence" and embedding_dim > 0:
        parts.append(
            cooccurrence_vectors(sequences, n_ids, embedding_dim, random_state=random_state)
        )
    elif embedding_dim > 0:
        uniform = random_state.uniform(-_UNIFORM_LIMIT, _UNIFORM_LIMIT, (n_ids, embedding_dim))
        uniform[:FIRST_WORD] = 0
        parts.append(uniform.astype(np.float32))
    return np.concatenate(parts, axis=1)  # (n_ids, d_pretrained), (n_ids, d_rest) -> (n_ids, d)


@dataclass(frozen=True, slots=True, eq=False)
class GivenVectors:
    """Vectors that words have before the training texts are read.

    Attributes
    ----------
    pretrained : those of the parameter `word_vectors`, or None
    coverage : of the texts by these, or None
    all : `pretrained` and the vectors from unlabeled texts, concatenated, or None
    dimensions_to_learn : dimensions that are left to learn from the training texts
    """

    pretrained: WordVectors | None
    coverage: EmbeddingCoverage | None
    all: WordVectors | None
    dimensions_to_learn: int


def given_vectors(
    settings: TextSettings,
    tokens: list[list[str]],
    train_tokens: list[list[str]],
    unlabeled: Sequence[str] | None,
    random_state: np.random.RandomState,
) -> GivenVectors:
    """Read the pretrained vectors, and learn vectors from unlabeled texts."""
    pretrained = _pretrained(settings)
    coverage = None
    if pretrained is not None:
        coverage = embedding_coverage(tokens, pretrained)
        _warn_if_none_is_known(coverage, len(pretrained))
    if unlabeled is None:
        return GivenVectors(pretrained, coverage, pretrained, settings.embedding_dim)
    learned = _from_all_texts(settings, train_tokens, unlabeled, random_state)
    both = learned if pretrained is None else side_by_side([pretrained, learned])
    return GivenVectors(pretrained, coverage, both, 0)


def _pretrained(settings: TextSettings) -> WordVectors | None:
    given = settings.word_vectors
    some = [
        resolve_word_vectors(one, lowercase=settings.lowercase, tokenizer=settings.tokenizer)
        for one in (given if isinstance(given, (list, tuple)) else [given])
    ]
    scaled = [at_common_scale(one) for one in some if one is not None]
    if len(scaled) > 1:
        return side_by_side(scaled)
    return scaled[0] if scaled else None


def _warn_if_none_is_known(coverage: EmbeddingCoverage, n_vectors: int) -> None:
    if coverage.types > 0:
        return
    warn_user(
        f"None of the words of the training texts is among the {n_vectors} words of word_vectors; "
        f"the most frequent are {', '.join(map(repr, coverage.missing[:5]))}. Check that "
        "the vectors are of the right language and that their words are spelled like the tokens."
    )


def _from_all_texts(
    settings: TextSettings,
    train_tokens: list[list[str]],
    unlabeled: Sequence[str],
    random_state: np.random.RandomState,
) -> WordVectors:
    """Learn co-occurrence vectors from the training texts and the unlabeled texts together."""
    tokenize = Tokenization(settings.tokenizer, settings.lowercase, settings.max_length)
    return cooccurrence_word_vectors(
        [*train_tokens, *tokenize(unlabeled)],
        settings.embedding_dim,
        min_count=settings.min_count,
        max_vocabulary=settings.max_vocabulary,
        random_state=random_state,
    )
