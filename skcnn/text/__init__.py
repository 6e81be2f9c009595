"""From texts to token ids, and from words to the vectors that a network starts from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skcnn.text._containers import as_texts as as_texts
from skcnn.text._containers import column_names as column_names
from skcnn.text._containers import is_missing as is_missing
from skcnn.text._containers import n_columns as n_columns
from skcnn.text._coverage import EmbeddingCoverage
from skcnn.text._coverage import embedding_coverage as embedding_coverage
from skcnn.text._ngrams import NgramFeatures as NgramFeatures
from skcnn.text._ngrams import fit_ngrams as fit_ngrams
from skcnn.text._pretrained import WordVectors as WordVectors
from skcnn.text._pretrained import at_common_scale as at_common_scale
from skcnn.text._pretrained import check_word_vectors as check_word_vectors
from skcnn.text._pretrained import resolve_word_vectors as resolve_word_vectors
from skcnn.text._pretrained import side_by_side as side_by_side
from skcnn.text._sequences import PADDING as PADDING
from skcnn.text._sequences import UNKNOWN as UNKNOWN
from skcnn.text._sequences import TokenSequences as TokenSequences
from skcnn.text._subwords import SubwordVectors as SubwordVectors
from skcnn.text._subwords import explain_by_subwords as explain_by_subwords
from skcnn.text._subwords import frequent_ngrams as frequent_ngrams
from skcnn.text._subwords import ngram_means as ngram_means
from skcnn.text._subwords import word_ngrams as word_ngrams
from skcnn.text._subwords import word_parts as word_parts
from skcnn.text._tokenizer import Tokenizer as Tokenizer
from skcnn.text._tokenizer import normalize, tokenize
from skcnn.text._tokenizer import tokenize_all as tokenize_all
from skcnn.text._vocabulary import build_vocabulary as build_vocabulary
from skcnn.text._vocabulary import encode as encode
from skcnn.text._vocabulary import encode_open as encode_open

if TYPE_CHECKING:
    from skcnn.text._cooccurrence import CooccurrenceVectors

__all__ = ["CooccurrenceVectors", "EmbeddingCoverage", "normalize", "tokenize"]


def __getattr__(name: str) -> Any:
    # It needs scikit-learn, whose import takes longer than all the rest.
    if name == "CooccurrenceVectors":
        return import_module("skcnn.text._cooccurrence").CooccurrenceVectors
    raise AttributeError(f"module 'skcnn.text' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
