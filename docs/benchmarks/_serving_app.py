"""The service of docs/serving/app.py with another model, or without batches."""

from __future__ import annotations

import os
import pickle
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import app as service
import numpy as np
from fastapi import FastAPI

import skcnn
from skcnn.text._minilm import load_minilm


class MiniLMClassifier:
    """A logistic regression on the sentence vectors of all-MiniLM-L6-v2."""

    decision = "min_cost"

    def __init__(self, regression: Any, cost_matrix: Any) -> None:
        self.regression, self.classes_ = regression, regression.classes_
        self.cost_matrix_ = cost_matrix

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Estimate P(class | text), (n, K)."""
        return np.asarray(self.regression.predict_proba(load_minilm().encode(texts)))


def load(path: Path) -> Any:
    """Read a model file, or a pickle of the other model."""
    return pickle.loads(path.read_bytes()) if path.suffix == ".pickle" else load_skcnn(path)


load_skcnn, skcnn.load = skcnn.load, load
with_batches = service.app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model."""
    app.state.model = load(service.PATH)
    yield


without_batches = FastAPI(lifespan=lifespan)


@without_batches.post("/predict")
def predict(body: service.Texts) -> list[dict[str, Any]]:
    """One call of the model for each request, on one of the threads that FastAPI has for this."""
    return service.predictions(without_batches.state.model, body.texts)


app = with_batches if os.environ["BATCHES"] == "1" else without_batches
