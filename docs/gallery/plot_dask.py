"""
Choose the costs and score a corpus on workers
==============================================

A search over costs and the scoring of a corpus run on two workers of dask. A *worker* is a process
that gets work from this script. On a cluster the same lines use its machines: only the address
changes.

The picture at the end shows what each cost of a miss means for the whole corpus: how many texts a
person would have to read, and how many of those that matter are among them.
"""

# %%
# Two workers
# -----------
# A worker of a ``SubprocessCluster`` does not import this script, so the script needs no
# ``if __name__ == "__main__":``. On a cluster, write ``Client("tcp://scheduler:8786")`` with its
# address.

from __future__ import annotations

import dask.dataframe as dd
import joblib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from dask.distributed import Client, SubprocessCluster
from sklearn.model_selection import GridSearchCV

from skcnn import CostSensitiveTextCNN, cost_grid, decide, make_cost_scorer
from skcnn.datasets import load_bbc_headlines

cluster = SubprocessCluster(
    n_workers=2, threads_per_worker=1, scheduler_kwargs={"dashboard_address": None}
)
client = Client(cluster)

# %%
# A search over costs
# -------------------
# Headlines of the BBC; those about technology are the rare class. A third of them have labels.
# Each fit of the search runs on a worker. The score is the cost where a missed tech headline costs
# 5, and a false alarm 1.

headlines, sections = load_bbc_headlines(return_X_y=True)
texts, y = np.array(headlines), np.where(sections == "tech", "tech", "other")
labeled = np.arange(len(texts)) % 3 == 0
search = GridSearchCV(
    CostSensitiveTextCNN(n_filters=20, epochs=4, random_state=0),
    {"cost_matrix": cost_grid("tech", [1, 5])},
    scoring=make_cost_scorer({"tech": 5}),
    cv=2,
    n_jobs=2,
)
with joblib.parallel_config(backend="dask"):
    search.fit(texts[labeled], y[labeled])
cnn = search.best_estimator_
print(search.best_params_)

# %%
# Scoring a corpus
# ----------------
# The other headlines, in eight parts. ``scatter`` sends the model to each worker once, not with
# every part, and ``meta`` says what comes out. Probabilities do not depend on costs, so one pass
# is enough for all of them. Then the workers end.

corpus = dd.from_pandas(pd.Series(texts[~labeled]), npartitions=8)
model = client.scatter(cnn, broadcast=True, hash=False)
P = corpus.map_partitions(
    lambda texts, model: model.predict_proba(texts), model, meta=np.empty((0, 2))
).compute()
client.close()
cluster.close()
print(P.shape)

# %%
# What each cost means
# --------------------
# For each cost of a miss, ``decide`` predicts the labels of all texts from the same probabilities.

ratios = np.array([0.5, 1, 2, 5, 10, 20, 50])
is_flagged = np.array([decide(P, {"tech": ratio}, cnn.classes_) == "tech" for ratio in ratios])
is_tech = y[~labeled] == "tech"

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(ratios, is_flagged.sum(axis=1), marker="o", label="headlines to read")
ax.plot(ratios, (is_flagged & is_tech).sum(axis=1), marker="o", label="about technology")
ax.axhline(is_tech.sum(), color="gray", linestyle=":", label="all about technology")
ax.set(xscale="log", xlabel="cost of a miss, in false alarms", ylabel="headlines", ylim=(0, None))
ax.set_xticks(ratios, [f"{ratio:g}" for ratio in ratios])
ax.minorticks_off()
ax.set_title(f"{len(P):,} headlines, scored on two workers")
ax.legend()
plt.show()
