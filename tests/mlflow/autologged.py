"""Fit estimators while MLflow logs automatically; print what it logged after each, as JSON.

Run in a process of its own, ``python autologged.py FOLDER``: autologging changes scikit-learn.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from sklearn import model_selection
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, MinCostClassifier

TEXTS = np.array(
    ["win cash now", "cash prize lottery", "win the lottery", "lunch at noon", "see you at home"]
    * 12
)
LABELS = np.array(["spam", "spam", "spam", "ham", "ham"] * 12)


def cnn(**parameters: Any) -> CostSensitiveTextCNN:
    return CostSensitiveTextCNN(
        {"spam": 5},
        embedding_dim=4,
        n_filters=2,
        filter_widths=(1, 2),
        epochs=1,
        early_stopping=False,
        random_state=0,
        **parameters,
    )


def bag_of_words() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


def pooling(meta: dict[str, Any]) -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Embedding(*meta["embeddings"].shape),
            layers.GlobalMaxPooling1D(),
            layers.Dense(meta["n_classes_"], activation="softmax"),
        ]
    )


def in_two_threads() -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: cnn().fit(TEXTS, LABELS), range(2)))


def in_folds() -> None:
    # MLflow turns itself off in this function, under this name.
    model_selection.cross_val_score(make_pipeline(cnn()), TEXTS, LABELS, cv=2)


def that_fails() -> None:
    try:
        MinCostClassifier(LogisticRegression()).fit(TEXTS, LABELS)
    except ValueError:
        return
    raise AssertionError("texts are no numbers")


FITS = {
    "alone": lambda: cnn(members=[("bag", bag_of_words())]).fit(TEXTS, LABELS),
    "partial_fit": lambda: cnn().partial_fit(TEXTS, LABELS, classes=["ham", "spam"]),
    "own network": lambda: cnn(network=pooling).fit(TEXTS, LABELS),
    "rule": lambda: MinCostClassifier(bag_of_words(), {"spam": 5}).fit(TEXTS, LABELS),
    "threads": in_two_threads,
    "folds": in_folds,
    "failure": that_fails,
    "pipeline": lambda: make_pipeline(cnn()).fit(TEXTS, LABELS),
    "rule in a pipeline": lambda: make_pipeline(MinCostClassifier(bag_of_words(), {"spam": 5})).fit(
        TEXTS, LABELS
    ),
    "search": lambda: model_selection.GridSearchCV(cnn(), {"dropout": [0.1, 0.5]}, cv=2).fit(
        TEXTS, LABELS
    ),
    "another classifier": lambda: bag_of_words().fit(TEXTS, LABELS),
}


def main(folder: Path) -> None:
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'runs.db'}")
    experiment = mlflow.create_experiment("tests", artifact_location=(folder / "a").as_uri())
    mlflow.set_experiment(experiment_id=experiment)
    mlflow.keras.autolog(log_models=False)
    logged: dict[str, Any] = {}
    for name, fit in FITS.items():
        mlflow.sklearn.autolog(log_models=name == "pipeline", log_datasets=name == "search")
        fit()
        runs = mlflow.MlflowClient().search_runs([experiment])
        logged[name] = [
            {"name": run.data.tags.get("estimator_name"), **run.data.params, **run.data.metrics}
            for run in runs
        ]
        for run in runs:
            mlflow.MlflowClient().delete_run(run.info.run_id)
    (model,) = mlflow.search_logged_models([experiment], output_format="list")
    mlflow.sklearn.autolog(disable=True)
    loaded = mlflow.sklearn.load_model(model.model_uri)
    logged["model"] = [type(loaded[-1]).__name__, loaded.predict(["cash prize"]).tolist()]
    (folder / "logged.json").write_text(json.dumps(logged))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
