"""
Your own Keras network, rescued
===============================

A hand-written Keras network finds few of the texts that matter. Its recall is low, although its
precision is good. This example first changes only what is done with its outputs, and then trains
the same network with skcnn.

The network is a TextCNN with two channels: it sees each word with a vector that training changes,
and with a vector that stays as it was. Its output is one sigmoid, its loss is binary cross-entropy.
The task: find the tech headlines among headlines of BBC News. A missed tech headline costs 5, a
false alarm costs 1.
"""

from __future__ import annotations

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skcnn import CooccurrenceVectors, CostSensitiveTextCNN, average_cost, bayes_threshold
from skcnn.datasets import load_bbc_headlines

headlines, sections = load_bbc_headlines(return_X_y=True)
y = (sections == "tech").astype(int)
X_train, X_test, y_train, y_test = train_test_split(headlines, y, stratify=y, random_state=0)
print(f"{len(X_train)} headlines to train on, {len(X_test)} to test on; {y.mean():.0%} are tech")

# %%
# The network
# -----------
# Both channels start from word vectors that are learned from the training headlines.


def two_channels(meta):
    vectors = meta["embeddings"]  # (n_ids, d)
    ids = keras.Input((None,), dtype="int32")
    channels = [
        layers.Embedding(*vectors.shape, weights=[vectors], trainable=trainable)(ids)
        for trainable in (True, False)
    ]
    pooled = []
    for width in (2, 3, 4):
        filters = layers.Conv1D(50, width)  # the same filters for both channels
        total = layers.Add()([filters(channel) for channel in channels])
        pooled.append(layers.GlobalMaxPooling1D()(layers.ReLU()(total)))
    features = layers.Dropout(0.5)(layers.Concatenate()(pooled))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(features))


keras.utils.set_random_seed(0)
to_ids = layers.TextVectorization(output_sequence_length=16)
to_ids.adapt(X_train)
learned = CooccurrenceVectors(50, random_state=0).fit(X_train)
vector_of = dict(zip(learned.words_, learned.vectors_, strict=True))
words = to_ids.get_vocabulary()
vectors = np.array([vector_of.get(word, np.zeros(50)) for word in words], dtype=np.float32)

network = two_channels({"embeddings": vectors})
network.compile(optimizer="adam", loss="binary_crossentropy")
stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
network.fit(
    np.asarray(to_ids(X_train)),
    y_train,
    epochs=30,
    validation_split=0.1,
    callbacks=[stop],
    verbose=0,
)
outputs = network.predict(np.asarray(to_ids(X_test)), verbose=0)[:, 0]  # P(tech | headline)

# %%
# Ways to decide
# --------------
# ``output > 0.5`` asks which class is more probable. ``bayes_threshold`` asks which label is
# cheaper. The network is the same, and nothing is trained again. The third way gives the network to
# ``CostSensitiveTextCNN``. It trains the network with a cost-sensitive loss, adds a model of
# n-grams, and decides by the expected cost. See :doc:`/own_network`. For comparison: TF-IDF +
# logistic regression, calibrated, with the same threshold.

costs = [[0, 1], [5, 0]]  # rows: the true class; columns: the predicted class
cnn = CostSensitiveTextCNN(costs, network=two_channels, n_iter_no_change=3, random_state=0)
threshold = bayes_threshold(costs)
ngrams = make_union(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
)
linear = CalibratedClassifierCV(make_pipeline(ngrams, LogisticRegression(C=10, max_iter=1000)))
linear.fit(X_train, y_train)
decisions = {
    "Keras,\noutput > 0.5": (outputs > 0.5).astype(int),
    f"Keras,\noutput > {threshold:.2f}": (outputs > threshold).astype(int),
    "same network\nin skcnn": cnn.fit(X_train, y_train).predict(X_test),
    f"TF-IDF + LR,\noutput > {threshold:.2f}": linear.predict_proba(X_test)[:, 1] > threshold,
}
recall = [recall_score(y_test, y_pred) for y_pred in decisions.values()]
precision = [precision_score(y_test, y_pred) for y_pred in decisions.values()]
cost = [average_cost(y_test, y_pred, cost_matrix=costs) for y_pred in decisions.values()]

# %%
# What changed
# ------------
# All figures are measured on headlines that no model has seen. A lower threshold finds more and
# raises more false alarms. The cost says which of the two matters more.

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
positions = np.arange(len(decisions))
for offset, values, name, color in (
    (-0.2, recall, "recall", "#0072b2"),
    (0.2, precision, "precision", "#e69f00"),
):
    bars = left.bar(positions + offset, values, 0.38, label=name, color=color)
    left.bar_label(bars, fmt="%.2f", padding=2)
title = f"Recall {recall[0]:.2f}, by the threshold {recall[1]:.2f}, in skcnn {recall[2]:.2f}"
left.set(title=title, ylabel="recall, precision", ylim=(0, 1.2))
left.legend(loc="upper center", ncols=2, frameon=False)
bars = right.bar(positions, cost, 0.6, color="#009e73")
right.bar_label(bars, fmt="%.2f", padding=2)
right.margins(y=0.1)
right.set(title="The cost of the errors", ylabel="average cost of a headline (a false alarm: 1)")
for ax in (left, right):
    ax.set_xticks(positions, decisions)
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
