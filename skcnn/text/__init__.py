"""From texts to token ids, and from words to the vectors a network starts from."""

from __future__ import annotations

from skcnn.text._containers import as_texts, column_names, is_missing, n_columns
from skcnn.text._cooccurrence import cooccurrence_vectors
from skcnn.text._embeddings import (
    add_unseen_words,
    add_words_with_vectors,
    initial_embeddings,
)
from skcnn.text._sequences import PADDING, UNKNOWN, TokenSequences
from skcnn.text._subwords import SubwordVectors, frequent_ngrams, word_parts
from skcnn.text._tokenizer import Tokenizer, normalize, tokenize, tokenize_all
from skcnn.text._vocabulary import add_other_words, build_vocabulary, encode, encode_open
from skcnn.text._word_vectors import WordVectors, resolve_word_vectors

__all__ = [
    "PADDING",
    "UNKNOWN",
    "SubwordVectors",
    "TokenSequences",
    "Tokenizer",
    "WordVectors",
    "add_other_words",
    "add_unseen_words",
    "add_words_with_vectors",
    "as_texts",
    "build_vocabulary",
    "column_names",
    "cooccurrence_vectors",
    "encode",
    "encode_open",
    "frequent_ngrams",
    "initial_embeddings",
    "is_missing",
    "n_columns",
    "normalize",
    "resolve_word_vectors",
    "tokenize",
    "tokenize_all",
    "word_parts",
]
