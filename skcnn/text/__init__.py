"""From texts to token ids, and from words to the vectors a network starts from."""

from __future__ import annotations

from skcnn.text._containers import as_texts, column_names, is_missing, n_columns
from skcnn.text._cooccurrence import cooccurrence_vectors
from skcnn.text._coverage import EmbeddingCoverage, embedding_coverage
from skcnn.text._embeddings import (
    add_unseen_words,
    add_words_with_vectors,
    cooccurrence_word_vectors,
    initial_embeddings,
)
from skcnn.text._ngrams import NgramFeatures, fit_ngrams
from skcnn.text._sequences import PADDING, UNKNOWN, TokenSequences
from skcnn.text._subwords import (
    SubwordVectors,
    explain_by_subwords,
    frequent_ngrams,
    ngram_means,
    word_ngrams,
    word_parts,
)
from skcnn.text._tokenizer import Tokenizer, normalize, tokenize, tokenize_all
from skcnn.text._vocabulary import add_other_words, build_vocabulary, encode, encode_open
from skcnn.text._word_vectors import (
    WordVectors,
    at_common_scale,
    check_word_vectors,
    resolve_word_vectors,
    side_by_side,
)

__all__ = [
    "PADDING",
    "UNKNOWN",
    "EmbeddingCoverage",
    "NgramFeatures",
    "SubwordVectors",
    "TokenSequences",
    "Tokenizer",
    "WordVectors",
    "add_other_words",
    "add_unseen_words",
    "add_words_with_vectors",
    "as_texts",
    "at_common_scale",
    "build_vocabulary",
    "check_word_vectors",
    "column_names",
    "cooccurrence_vectors",
    "cooccurrence_word_vectors",
    "embedding_coverage",
    "encode",
    "encode_open",
    "explain_by_subwords",
    "fit_ngrams",
    "frequent_ngrams",
    "initial_embeddings",
    "is_missing",
    "n_columns",
    "ngram_means",
    "normalize",
    "resolve_word_vectors",
    "side_by_side",
    "tokenize",
    "tokenize_all",
    "word_ngrams",
    "word_parts",
]
