"""The word vectors that the training of a network starts from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from skcnn._arrays import Float32
from skcnn.text._cooccurrence import cooccurrence_vectors
from skcnn.text._pretrained import WordVectors
from skcnn.text._sequences import TokenSequences
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
