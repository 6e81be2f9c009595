"""Model files of older formats, with the parts that the newest format has.

Format 5: as format 6, without vectors that are integers and scales. Format 4: as format 5, without
the digest. Format 3: as format 4, without sentence models and classifiers that the user gave.
Format 2: a network and at most one n-gram model, with fixed names. Format 1: a network alone.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from skcnn.files._archive import Archive
from skcnn.predicting._ngram_model import NgramModel
from skcnn.predicting._parts import PartsError, check_names, part
from skcnn.predicting._text_cnn import FittedTextCNN

TOKENIZATION = ("tokenizer", "lowercase", "max_length")
_NETWORK = ("vocabulary", "filter_widths", "loss")
_RECORD = ("history", "best_iter", "coverage")
_HEADER = ("parameters", "classes", "classes_dtype", "vector_words", "columns")
_OF_NETWORK = {
    "embedding": "embedding",
    "taps": "taps_by_offset",
    "filter_bias": "filter_bias",
    "dense_kernel": "dense_kernel",
    "dense_bias": "dense_bias",
    "frozen": "frozen",
    "subword_keys": "subword_keys",
    "subword_vectors": "subword_vectors",
    "loss_costs": "loss_costs",
}
_OF_NGRAMS = (
    "word_keys",
    "word_idf",
    "character_keys",
    "character_idf",
    "word_coef",
    "character_coef",
    "intercept",
)


def upgraded(archive: Archive) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return header and arrays as the newest format has them.

    Raises
    ------
    PartsError
        If a part is missing, or is one too many.
    """
    version, header, arrays, _ = archive
    if version >= 3:
        return header, arrays
    own = ("has_linear_model",) if version == 2 else ()
    check_names(header, (*_HEADER, *_NETWORK, *_RECORD, *own), "the header")
    network = {name: header[name] for name in _NETWORK}
    members: list[dict[str, Any]] = [{"kind": FittedTextCNN.kind, **network}]
    names = {old: f"member_0.{new}" for old, new in _OF_NETWORK.items()}
    if version == 2 and part(header, "has_linear_model", bool):
        members.append({"kind": NgramModel.kind})
        names |= {name: f"member_1.{name}" for name in _OF_NGRAMS}
    # `unlabeled` is an argument of `fit` now. Older versions could only write it as None.
    params = {k: v for k, v in part(header, "parameters", dict).items() if k != "unlabeled"}
    if header["parameters"].get("unlabeled") is not None:
        raise PartsError("unlabeled is among the parameters")
    columns = part(header, "columns", dict)
    if set(columns) - {"n_features_in_"}:
        raise PartsError(f"columns has {sorted(columns)}, expected n_features_in_ alone")
    content = {
        "parameters": {"linear_model": False, **params},  # format 1 has no n-gram model
        "tokenization": {name: part(params, name) for name in TOKENIZATION},
        "record": {name: header[name] for name in _RECORD},
        "n_features_in": columns.get("n_features_in_"),
        "feature_name": None,  # a model with such a name could not be saved
        "members": members,
        "classes": header["classes"],
        "classes_dtype": header["classes_dtype"],
        "vector_words": header["vector_words"],
    }
    # A name of the newest format keeps its name, and is refused there if nothing expects it.
    taken = set(names.values()) & set(arrays)
    if taken:
        raise PartsError(f"the arrays {sorted(taken)} are not expected in format {version}")
    return content, {names.get(name, name): array for name, array in arrays.items()}
