"""imbalanced-learn's samplers in front of the estimator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import cross_val_score

SAMPLERS = {"over": RandomOverSampler(random_state=0), "under": RandomUnderSampler(random_state=0)}
FORMS: dict[str, Callable[[list[str]], Any]] = {
    "array": lambda texts: np.array(texts, dtype=object)[:, np.newaxis],
    "data frame": lambda texts: pd.DataFrame({"text": texts}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_recall_is_cross_validated_behind_a_sampler(
    sampler: str, form: str, small_cnn: Any, two_classes: Any
) -> None:
    X, labels = FORMS[form](two_classes.texts), two_classes.labels
    pipeline = Pipeline([("sampler", clone(SAMPLERS[sampler])), ("cnn", small_cnn(epochs=6))])
    by_name = cross_val_score(
        pipeline, X, (labels == "spam").astype(int), cv=3, scoring="recall", error_score="raise"
    )
    recall = make_scorer(recall_score, pos_label="spam")
    by_label = cross_val_score(pipeline, X, labels, cv=3, scoring=recall, error_score="raise")
    assert by_name.min() > 0.8
    np.testing.assert_array_equal(by_name, by_label)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_pipeline_trains_on_the_resampled_texts_and_predicts_all(
    sampler: str, form: str, small_cnn: Any, two_classes: Any, new_texts: list[str]
) -> None:
    X, labels = FORMS[form](two_classes.texts), two_classes.labels
    resampled, resampled_labels = clone(SAMPLERS[sampler]).fit_resample(X, labels)
    assert len(set(Counter(resampled_labels).values())) == 1
    pipeline = Pipeline([("sampler", clone(SAMPLERS[sampler])), ("cnn", small_cnn())])
    pipeline.fit(X, labels)
    alone = small_cnn().fit(resampled, resampled_labels)
    new = FORMS[form](new_texts)
    np.testing.assert_array_equal(pipeline.predict_proba(new), alone.predict_proba(new))
    assert pipeline.predict(new).shape == (len(new_texts),)


def test_copies_of_an_oversampled_text_are_not_held_out(small_cnn: Any) -> None:
    texts = [f"see you {number}" for number in range(30)] + ["win", "cash"]
    X, labels = FORMS["array"](texts), np.array(["ham"] * 30 + ["spam"] * 2)
    cnn = small_cnn(early_stopping=True)
    Pipeline([("over", RandomOverSampler(random_state=0)), ("cnn", cnn)]).fit(X, labels)
    # One of the two spam texts is held out with all its copies: its word was never trained on.
    assert len({"win", "cash"} & set(cnn.vocabulary_)) == 1
