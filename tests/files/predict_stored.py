"""Predict with stored model files where only skcnn and what it needs to predict are installed.

``python tests/files/predict_stored.py FILE.skcnn ...`` compares with the probabilities and labels
in FILE.json. It fails if TensorFlow is there, or if skcnn is not the installed one.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import skcnn


def check(path: Path) -> None:
    """Raise an error if a file does not predict as on the day it was written."""
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    model = skcnn.load(path)
    P = model.predict_proba(expected["texts"])
    # Sentence vectors: other processors round their many layers otherwise.
    np.testing.assert_allclose(P, expected["probabilities"], rtol=0, atol=1e-3)
    assert model.predict(expected["texts"]).tolist() == expected["labels"], path


if __name__ == "__main__":
    assert find_spec("tensorflow") is None, "TensorFlow is installed"
    assert Path(sys.prefix) in Path(skcnn.__file__).parents, skcnn.__file__
    for argument in sys.argv[1:]:
        check(Path(argument))
        print(f"{argument} predicts as it did")
