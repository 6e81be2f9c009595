"""
A sampler in front, or costs
============================

imbalanced-learn repairs a low recall with a sampler: it repeats texts of the rare class, or leaves
out texts of the other classes. A cost matrix does the same without touching the texts. This example
compares both in pipelines, and shows what a sampler does to the probabilities.

The task: find the tech headlines among headlines of BBC News. A missed tech headline costs 5, a
false alarm costs 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.metrics import recall_score
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, MinCostClassifier, average_cost
from skcnn.datasets import load_bbc_headlines

headlines, sections = load_bbc_headlines(return_X_y=True)
X = np.array(headlines).reshape(-1, 1)  # samplers need two dimensions
y = np.where(sections == "tech", "tech", "other")
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
share = (y_test == "tech").mean()
print(f"{len(y_train)} headlines to train on, {len(y_test)} to test on; {share:.0%} are tech")

# %%
# Six classifiers
# ---------------
# A sampler and a cost matrix together count the rare class twice. ``MinCostClassifier`` with
# ``train_prior`` takes back what the sampler did to the probabilities, and then the costs count
# once. See "Resample or cost" on the page :doc:`/promises`.

costs = {"tech": 5}
plain = CostSensitiveTextCNN(random_state=0)
careful = CostSensitiveTextCNN(costs, random_state=0)
over, under = RandomOverSampler(random_state=0), RandomUnderSampler(random_state=0)
classifiers = {
    "nothing": plain,
    "undersampler": make_pipeline(under, plain),
    "oversampler": make_pipeline(over, plain),
    "oversampler and costs": make_pipeline(over, careful),
    "oversampler, taken back, and costs": MinCostClassifier(
        make_pipeline(over, plain), costs, train_prior=[0.5, 0.5]
    ),
    "costs": careful,
}
recall, cost, mean_probability = [], [], []
for name, classifier in classifiers.items():
    y_pred = classifier.fit(X_train, y_train).predict(X_test)
    recall.append(recall_score(y_test, y_pred, pos_label="tech"))
    cost.append(average_cost(y_test, y_pred, cost_matrix=costs))
    mean_probability.append(classifier.predict_proba(X_test)[:, 1].mean())
    print(f"{name:35} recall {recall[-1]:.2f}, cost {cost[-1]:.2f}")

# %%
# Recall, cost, and what the probabilities mean
# ---------------------------------------------
# If probabilities are right, their mean is the share of tech. A sampler moves them away from it,
# and with them all that is computed from probabilities, such as the expected cost of a headline.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained", sharey=True)
panels = (
    (recall, "share of tech that is found", "Recall", "#56b4e9"),
    (cost, "average cost (a false alarm: 1)", "Cost", "#009e73"),
    (mean_probability, "mean of P(tech | headline)", "Probabilities (line: real share)", "#e69f00"),
)
for ax, (values, label, title, color) in zip(axes, panels, strict=True):
    ax.barh(list(classifiers), values, color=color)
    for position, value in enumerate(values):
        ax.annotate(f"{value:.2f}", (0.02 * max(values), position), va="center")
    ax.set(xlabel=label, title=title)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
axes[2].axvline(share, color="black", linestyle="--", linewidth=1)
cheapest = min(zip(cost, classifiers, strict=True))[1]
figure.suptitle(f"Cheapest on the {len(y_test)} test headlines: {cheapest}")
plt.show()
