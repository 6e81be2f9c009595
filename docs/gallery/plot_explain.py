"""
Why was this text flagged?
==========================

Somebody who reads what a classifier has flagged wants to know why. ``explain`` lists the words that
decided, and what each of them adds to the log-odds of the prediction. A contribution of +0.7
doubles the odds. The contributions add up to the prediction, exactly.

The task: find the tech headlines among headlines of BBC News. A missed tech headline costs 5
minutes, a false alarm costs 1 minute.
"""

from __future__ import annotations

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, bayes_threshold
from skcnn.datasets import load_bbc_headlines

headlines, sections = load_bbc_headlines(return_X_y=True)
y = np.where(sections == "tech", "tech", "other")
X_train, X_test, y_train, y_test = train_test_split(headlines, y, stratify=y, random_state=0)
cnn = CostSensitiveTextCNN({"tech": 5}, word_vectors="glove", random_state=0)
cnn.fit(X_train, y_train)

# %%
# One headline
# ------------
# We made this headline up. "saves" is the same contribution in the unit of the costs: how
# much the words lower the expected cost of the prediction.

print(cnn.explain(["Mobile games take off in Europe"])[0])

# %%
# The most expensive errors
# -------------------------
# Look at these before you change anything. Some of the labels may be wrong.

errors = cnn.worst_errors(X_test, y_test, n=5)
print(errors[["cost", "true", "predicted", "because_of", "text"]].to_string(index=False))

# %%
# A page for people who do not program holds the same, with figures and pictures:
# ``skcnn.inspection.report(cnn, X_test, y_test, "report.html", unit="min")``. See :doc:`/report`.
#
# Three headlines in a picture
# ----------------------------
# One that was found, one false alarm and one that was missed: of each kind, the one that the model
# was most sure of. Blue words speak for tech, orange words against it. "(base)" is what a headline
# without words gets: most headlines are not about tech.

p = cnn.predict_proba(X_test)[:, 1]  # P(tech | headline)
y_pred, threshold = cnn.predict(X_test), bayes_threshold(cnn.cost_matrix_)
found = np.argmax(np.where((y_test == "tech") & (y_pred == "tech"), p, -1))
false_alarm = np.argmax(np.where((y_test == "other") & (y_pred == "tech"), p, -1))
missed = np.argmin(np.where((y_test == "tech") & (y_pred == "other"), p, 2))

figure, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
for ax, row, kind in zip(
    axes, (found, false_alarm, missed), ("Found", "False alarm", "Missed"), strict=True
):
    frame = cnn.explain([X_test[row]])[0].to_frame()
    of_tech = frame[frame["class"] == "tech"].groupby("ngram", sort=False)["log_odds"].sum()
    shown = of_tech.reindex(of_tech.abs().sort_values().index).tail(9)
    colors = np.where(shown > 0, "#0072b2", "#e69f00")
    ax.barh(shown.index, shown, color=colors)
    ax.axvline(0, color="black", linewidth=0.8)
    ax.set_xlabel("contribution to the log-odds of tech")
    ax.set_title(f"{kind}, P(tech) = {p[row]:.2f}\n{fill(X_test[row], 32)}", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
figure.suptitle(f"A headline is flagged if P(tech) is above {threshold:.2f}")
plt.show()
