"""Models of skcnn in MLflow, as model files without code."""

from __future__ import annotations

from skcnn.mlflow._flavor import _load_pyfunc as _load_pyfunc  # MLflow calls it
from skcnn.mlflow._flavor import load_model, log_model, save_model

__all__ = ["load_model", "log_model", "save_model"]
