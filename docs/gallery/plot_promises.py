"""
A recall that you can promise
=============================

"We find at least 90 % of them." A threshold that keeps this limit on the rows at hand misses it on
about half of all new rows. With ``confidence=0.95`` the limit holds for the whole population with a
probability of at least 0.95. This example tries both 400 times.

The task: find the tech headlines among headlines of BBC News.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, threshold_at_recall
from skcnn.datasets import load_bbc_headlines

headlines, sections = load_bbc_headlines(return_X_y=True)
y = (sections == "tech").astype(int)
X_train, X_rest, y_train, y_rest = train_test_split(
    headlines, y, train_size=700, stratify=y, random_state=0
)
cnn = CostSensitiveTextCNN(word_vectors="glove", random_state=0).fit(X_train, y_train)
p_rest = cnn.predict_proba(X_rest)[:, 1]  # the model did not learn from these headlines

# %%
# A population that we know
# -------------------------
# A promise is about all texts of a population. To check one, we need the true recall, so the 1,396
# headlines that the model did not learn from are the population here. 600 headlines are drawn from
# it, with replacement. They get a threshold, and the threshold is checked on the population. Then
# 600 others are drawn.

random = np.random.default_rng(0)
positive = p_rest[y_rest == 1]
recall = {None: [], 0.95: []}
flagged = {None: [], 0.95: []}
for _ in range(400):
    drawn = random.integers(len(y_rest), size=600)
    for confidence, found in recall.items():
        threshold = threshold_at_recall(
            y_rest[drawn], p_rest[drawn], min_recall=0.9, confidence=confidence
        )
        found.append((positive >= threshold).mean())
        flagged[confidence].append((p_rest >= threshold).mean())

# %%
# How often is the limit kept?
# ----------------------------
# A promise is not free: more texts are flagged. See :doc:`/promises` for promises about precision,
# false alarms and cost.

figure, axes = plt.subplots(2, 1, figsize=(8, 5.4), layout="constrained", sharex=True)
edges = np.linspace(0.78, 1, 45)
names = {None: "No confidence", 0.95: "confidence=0.95"}
for ax, (confidence, values) in zip(axes, recall.items(), strict=True):
    kept = np.array(values) >= 0.9
    for part, color, label in (
        (~kept, "#d55e00", "below 0.9"),
        (kept, "#0072b2", "at least 0.9"),
    ):
        ax.hist(np.array(values)[part], edges, color=color, label=f"{label}: {part.mean():.0%}")
    ax.axvline(0.9, color="black", linestyle="--", linewidth=1)
    mean = np.mean(flagged[confidence])
    ax.set_title(
        f"{names[confidence]}: the limit is kept in {kept.mean():.0%} of the draws, "
        f"{mean:.0%} of the texts are flagged",
        fontsize=11,
    )
    ax.set_ylabel("draws")
    ax.legend(loc="upper left", frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
axes[1].set_xlabel("recall in the population")
plt.show()
