"""Scoring on the workers of dask: bytes, seconds, memory, and what a second worker gains.

Models learn from the headlines of `load_bbc_headlines`, and score sentences of its articles.
"""

from __future__ import annotations

import argparse
import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import joblib
import numpy as np
import pandas as pd
from _common import interleaved, report
from _counted import Counted, arrivals
from dask.distributed import Client, LocalCluster
from sklearn.model_selection import GridSearchCV

from skcnn import CostSensitiveTextCNN, cost_grid, load, save
from skcnn.datasets import load_bbc_headlines

MODELS: dict[str, dict[str, Any]] = {
    "words only": {},
    "GloVe": {"word_vectors": "glove"},
    "MiniLM": {"word_vectors": "glove", "sentence_vectors": "minilm"},
}
N_PARTITIONS = 16
TRIM_THRESHOLD = "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_"
# Largest memory of a process that loads a model and scores a block of texts. (On Linux; the figure
# of the module resource would include this process.)
PEAK = """
import re, sys
from pathlib import Path
from skcnn import load
texts = Path(sys.argv[2]).read_text("utf-8").split("\\n")
load(sys.argv[1]).predict_proba(texts)
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1e3)
"""
# Seconds of one core, and page faults, of four blocks of texts.
FAULTS = """
import resource, sys
from pathlib import Path
from skcnn import load
texts = Path(sys.argv[2]).read_text("utf-8").split("\\n")[:2000]
model = load(sys.argv[1])
model.predict_proba(texts[:100])
begin = resource.getrusage(resource.RUSAGE_SELF)
for _ in range(4):
    model.predict_proba(texts)
end = resource.getrusage(resource.RUSAGE_SELF)
seconds = end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime
print(f"{seconds:.2f} s of a core, {end.ru_minflt - begin.ru_minflt:,} page faults")
"""


def sentences(n: int) -> list[str]:
    """Return n sentences of BBC articles, of five words or more."""
    bodies = load_bbc_headlines().bodies
    found = (s for body in bodies for s in re.split(r"(?<=[.!?])\s+", body) if s.count(" ") > 3)
    return list(islice(found, n))


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of all cores, which other work on the machine changes little."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def scored(frame: pd.DataFrame, model: Any, run: int = 0) -> pd.DataFrame:
    """Add the probabilities; `model` is a classifier, or a `Counted` one; `run` does nothing."""
    return frame.assign(p=getattr(model, "model", model).predict_proba(frame["text"])[:, 1])


def fitted(folder: Path) -> dict[str, Path]:
    """Train each model, and return the files."""
    news = load_bbc_headlines()
    y = np.where(news.target == "tech", "tech", "other")
    paths = {}
    for name, parameters in MODELS.items():
        cnn = CostSensitiveTextCNN({"tech": 5}, random_state=0, **parameters).fit(news.data, y)
        paths[name] = folder / f"{name}.skcnn"
        save(cnn, paths[name])
    return paths


def one_process(paths: dict[str, Path], texts: list[str], repeats: int, folder: Path) -> None:
    """Print what one worker needs for each model."""
    (folder / "block.txt").write_text("\n".join(texts[:4096]), "utf-8")
    for name, path in paths.items():
        load_seconds = min(cpu_seconds(partial(load, path)) for _ in range(repeats))
        model = load(path)
        part = texts[: 512 if name == "MiniLM" else None]
        model.predict_proba(part[:100])
        score = partial(model.predict_proba, part)
        each = min(cpu_seconds(score) for _ in range(repeats))
        arguments = [sys.executable, "-c", PEAK, str(path), str(folder / "block.txt")]
        peak = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        print(
            f"{name:10s}  file {path.stat().st_size / 1e6:6.1f} MB, "
            f"pickle {len(pickle.dumps(model)) / 1e6:6.1f} MB, load {load_seconds:.2f} s, "
            f"{1e3 * each / len(part):.4f} ms of a core a text, peak {float(peak):.0f} MB",
            flush=True,
        )


def returned_memory(path: Path, folder: Path) -> None:
    """Print what it costs that freed memory goes back to the system, with dask's limit too."""
    for limit in (None, 2**16, 2**30):
        environment = dict(os.environ)
        if limit is not None:
            environment["MALLOC_TRIM_THRESHOLD_"] = str(limit)
        arguments = [sys.executable, "-c", FAULTS, str(path), str(folder / "block.txt")]
        done = subprocess.run(
            arguments, env=environment, check=True, capture_output=True, text=True
        )
        print(f"MALLOC_TRIM_THRESHOLD_={limit}: {done.stdout.strip()}", flush=True)


def shipped(client: Client, corpus: Any, model: Any) -> None:
    """Print how often, and in how many bytes, the model gets to the workers."""
    n_bytes = len(pickle.dumps(model))
    given = {
        "scattered": client.scatter(Counted(model), broadcast=True, hash=False),
        "argument": Counted(model),
    }
    n_before = 0
    for name, argument in given.items():
        corpus.map_partitions(scored, argument, meta=corpus._meta.assign(p=0.0)).compute()
        n_all = sum(client.run(arrivals).values())
        n, n_before = n_all - n_before, n_all
        print(f"{name:10s}  {n} arrivals for {N_PARTITIONS} parts, {n * n_bytes / 1e6:.1f} MB")


def speed_up(client: Client, corpus: Any, model: Any, repeats: int) -> None:
    """Print the seconds of scoring and of a search, with one worker and with two."""
    both = list(client.scheduler_info()["workers"])
    given = client.scatter(model, broadcast=True, hash=False)
    meta, runs = corpus._meta.assign(p=0.0), count()
    news = load_bbc_headlines()
    y = np.where(news.target == "tech", "tech", "other")

    def score(workers: list[str]) -> None:
        # The number of the run makes another task of it: dask does not compute one twice.
        table = corpus.map_partitions(scored, given, next(runs), meta=meta)
        client.compute(table, workers=workers, allow_other_workers=False).result()

    def search(workers: list[str]) -> None:
        cnn = CostSensitiveTextCNN(random_state=0)
        grid = {"cost_matrix": cost_grid("tech", [1, 2, 5, 10])}
        with joblib.parallel_config(backend="dask", n_jobs=len(workers), workers=workers):
            GridSearchCV(cnn, grid, cv=2, refit=False).fit(news.data, y)

    for work in (score, search):
        work(both)  # each worker imports what it needs
        name = work.__name__
        candidates = {f"{name}, 1 worker": partial(work, both[:1])}
        candidates[f"{name}, 2 workers"] = partial(work, both)
        report(interleaved(candidates, repeats), f"{name}, 1 worker")


def main() -> None:
    """Print the figures of the page about scaling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each candidate")
    parser.add_argument("--texts", type=int, default=32_000, help="sentences that are scored")
    arguments = parser.parse_args()
    texts = sentences(arguments.texts)
    print(f"{len(texts)} texts, {sum(len(text.encode()) for text in texts) / len(texts):.0f} bytes")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = fitted(folder)
        one_process(paths, texts, arguments.repeats, folder)
        returned_memory(paths["words only"], folder)
        for number, rows in enumerate(np.array_split(np.array(texts, dtype=object), N_PARTITIONS)):
            pd.DataFrame({"text": rows}).to_parquet(folder / f"part-{number:02d}.parquet")
        corpus = dd.read_parquet(folder / "part-*.parquet")
        dask.config.set({TRIM_THRESHOLD: 2**30})
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            shipped(client, corpus, load(paths["GloVe"]))
            speed_up(client, corpus, load(paths["GloVe"]), arguments.repeats)


if __name__ == "__main__":
    main()
