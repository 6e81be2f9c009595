"""
Few labels
==========

How many labels are enough? That depends on what else is known. This example trains on 50 to 400
labeled headlines of BBC News and compares four classifiers:

- TF-IDF of words and of characters + logistic regression,
- skcnn with the labeled headlines alone,
- skcnn with texts without labels: about 1,600 articles of BBC News,
- skcnn with sentence vectors: a model that others trained on very many texts (extra ``sentences``).

The task: find the tech headlines. A missed tech headline costs 5, a false alarm costs 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skcnn import CostSensitiveTextCNN, MinCostClassifier, normalized_cost
from skcnn.datasets import load_bbc_headlines

news = load_bbc_headlines()
y = np.where(news.target == "tech", "tech", "other")
X_train, X_test, y_train, y_test, articles, _ = train_test_split(
    news.data, y, news.bodies, test_size=500, stratify=y, random_state=0
)
sizes = (50, 100, 200, 400)
print(f"{len(X_test)} headlines to test on, {len(articles)} articles without labels")

# %%
# A learning curve
# ----------------
# The articles of the test headlines are left out. From the texts without labels, skcnn learns word
# vectors and new words; see :doc:`/unlabeled` for what else they can be used for. Every classifier
# decides by the expected cost. The logistic regression is calibrated on folds of the labeled
# headlines: without this, its probabilities of tech are too low.

costs = {"tech": 5}
ngrams = make_union(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
)
linear = CalibratedClassifierCV(make_pipeline(ngrams, LogisticRegression(C=10, max_iter=1000)))
cnn = CostSensitiveTextCNN(costs, random_state=0)
by_meaning = CostSensitiveTextCNN(costs, sentence_vectors="minilm", random_state=0)
classifiers = {
    "TF-IDF + logistic regression": (MinCostClassifier(linear, costs), {}),
    "skcnn, labels only": (cnn, {}),
    "skcnn, articles without labels": (cnn, {"unlabeled": articles}),
    "skcnn, sentence vectors": (by_meaning, {}),
}
curves = {name: [] for name in classifiers}
for size in sizes:
    labeled, _, labels, _ = train_test_split(
        X_train, y_train, train_size=size, stratify=y_train, random_state=0
    )
    for name, (classifier, more) in classifiers.items():
        y_pred = classifier.fit(labeled, labels, **more).predict(X_test)
        curves[name].append(normalized_cost(y_test, y_pred, cost_matrix=costs))
for name, curve in curves.items():
    print(f"{name:32}", *(f"{cost:.2f}" for cost in curve))

# %%
# The picture
# -----------
# One split: with so few labels, another choice of the labeled headlines moves each curve. A
# normalized cost of 1 is the cost of the cheapest constant prediction, which is one class for all
# texts.

figure, ax = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
styles = (("#999999", "s--"), ("#56b4e9", "^-"), ("#009e73", "D-"), ("#0072b2", "o-"))
for (name, curve), (color, style) in zip(curves.items(), styles, strict=True):
    ax.plot(sizes, curve, style, color=color, label=name)
ax.axhline(1, color="black", linewidth=0.8)
ax.set_xscale("log")
ax.set_xticks(sizes, [str(size) for size in sizes])
ax.minorticks_off()
ax.set(xlabel="labeled headlines", ylabel="normalized cost (lower is better)", ylim=(0, 1.3))
cheapest = min(curves, key=lambda name: curves[name][1])
ax.set_title(f"Cheapest with {sizes[1]} labels: {cheapest}")
ax.legend(frameon=False, ncols=2, loc="upper center")
ax.spines[["top", "right"]].set_visible(False)
plt.show()
