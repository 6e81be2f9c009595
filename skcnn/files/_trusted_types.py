"""The types of skcnn that a file of skops may hold."""

from __future__ import annotations

TRUSTED_TYPES = (
    "skcnn._estimator.CostSensitiveTextCNN",
    "skcnn.costs._class_scorer.ClassScorer",
    "skcnn.costs._metrics.average_cost",
    "skcnn.costs._min_cost.MinCostClassifier",
    "skcnn.costs._posterior.PosteriorRule",
    "skcnn.fitting._network_progress.NetworkProgress",
    "skcnn.fitting._ngram_progress.NgramProgress",
    "skcnn.fitting._progress.Progress",
    "skcnn.fitting._recent_predictions.RecentPredictions",
    "skcnn.predicting._classifier.FittedClassifier",
    "skcnn.predicting._keras_network.KerasNetwork",
    "skcnn.predicting._keras_network.SavedModel",
    "skcnn.predicting._model.FitRecord",
    "skcnn.predicting._model.FitSummary",
    "skcnn.predicting._model.FittedModel",
    "skcnn.predicting._model.HeldOutCost",
    "skcnn.predicting._ngram_model.NgramModel",
    "skcnn.predicting._pool.LogarithmicPool",
    "skcnn.predicting._sentence_model.SentenceModel",
    "skcnn.predicting._text_cnn.FittedTextCNN",
    "skcnn.predicting._text_cnn_weights.TextCNNWeights",
    "skcnn.text._cooccurrence.CooccurrenceVectors",
    "skcnn.text._coverage.EmbeddingCoverage",
    "skcnn.text._ngrams.NgramFeatures",
    "skcnn.text._ngrams.WordSums",
    "skcnn.text._sentence_vectors.SentenceEncoder",
    "skcnn.text._tokenizer.Tokenization",
)
"""Names of the classes and functions of skcnn that a fitted estimator consists of."""
