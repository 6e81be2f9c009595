"""Parameters of the estimator from a file, TOML or JSON, and from options."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skcnn._estimator import CostSensitiveTextCNN

# A file cannot hold these objects, the command sets these itself, or they mean nothing for one fit.
_NOT_HERE = {"callbacks", "members", "network", "tokenizer", "unlabeled", "verbose", "warm_start"}


def read_config(path: Path | None) -> dict[str, Any]:
    """Return the parameters in a TOML or JSON file; none without a file.

    Raises
    ------
    ValueError
        If it is neither, or its value is not a table of parameters.
    OSError
        If it cannot be read.
    """
    if path is None:
        return {}
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
        read: Any = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise ValueError(
            f"--config {path} cannot be read: {error}. Expected TOML, such as epochs = 10, or a "
            ".json file."
        ) from error
    if not isinstance(read, dict):
        raise ValueError(f'--config {path}: expected an object, such as {{"epochs": 10}}.')
    return read


def checked_estimator(params: dict[str, Any], config: Path | None) -> CostSensitiveTextCNN:
    """Return an estimator that can be fitted here, its parameters checked without any text.

    Raises
    ------
    ValueError
        If a parameter does not exist, has a wrong value, or cannot be set by the command.
    ImportError
        If a package that `fit` needs is missing.
    """
    from skcnn._estimator import CostSensitiveTextCNN
    from skcnn.fitting._fit import check_can_fit
    from skcnn.text._pretrained import check_word_vectors
    from skcnn.text._sentence_vectors import check_sentence_vectors

    check_can_fit()
    known = set(CostSensitiveTextCNN().get_params(deep=False)) - _NOT_HERE
    unknown = sorted(params.keys() - known)
    if unknown:
        raise ValueError(
            f"--config {config} sets {', '.join(unknown)}; expected parameters among "
            f"{', '.join(sorted(known))}."
        )
    estimator = CostSensitiveTextCNN(**params)
    try:
        estimator._validate_params()
        estimator._settings()
        if estimator.word_vectors is not None:
            check_word_vectors(estimator.word_vectors)
        check_sentence_vectors(estimator.sentence_vectors)
    except TypeError as error:  # a wrong type in the file is the user's to fix, as a wrong value
        raise ValueError(str(error)) from error
    return estimator
