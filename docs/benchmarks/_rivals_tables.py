"""The figures and tables of rivals.md, from the rows of rivals.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import friedmanchisquare, rankdata, wilcoxon

RATIOS = (1, 2, 5, 10, 20)
MAIN_RATIOS = (2, 5, 10)
REFERENCES = ("tf-idf, calibrated", "stack")
SECONDARY = {  # columns of the CSV: heading, digits
    "average_precision": ("average precision", 3),
    "log_loss": ("log loss", 3),
    "seconds": ("seconds to fit", 1),
    "ms_single": ("ms for one text alone", 2),
    "ms_bulk": ("ms a text among many", 3),
    "megabytes": ("MB", 1),
}
MARKER = "<!-- the tables, written by rivals.py -->\n"
Row = Mapping[str, str]
Split = tuple[str, str]  # corpus, seed
Costs = dict[str, dict[Split, float]]  # by model


def main_figure(row: Row) -> float:
    """Return the mean normalized cost over the ratios 2, 5 and 10."""
    return float(np.mean([float(row[f"cost_{ratio}"]) for ratio in MAIN_RATIOS]))


def costs_of(rows: Sequence[Row], order: Sequence[str]) -> Costs:
    """Return the main figure of each split, for the models that have one, in the given order."""
    found: Costs = {}
    for model in order:
        of_model = [row for row in rows if row["model"] == model]
        if of_model:
            found[model] = {(row["corpus"], row["seed"]): main_figure(row) for row in of_model}
    return found


def corpora_of(costs: Costs) -> list[str]:
    """Return the names of all corpora, each once."""
    return list(dict.fromkeys(corpus for some in costs.values() for corpus, _ in some))


def of_corpus(costs: Mapping[Split, float], corpus: str) -> dict[Split, float]:
    """Return the figures of one corpus."""
    return {split: cost for split, cost in costs.items() if split[0] == corpus}


def ratio(costs: Mapping[Split, float], reference: Mapping[Split, float]) -> float:
    """Return the geometric mean over the corpora of the ratio of two mean costs.

    Only the splits that both have are compared.
    """
    logarithms = []
    for corpus in dict.fromkeys(corpus for corpus, _ in costs):
        both = [split for split in of_corpus(costs, corpus) if split in reference]
        if both:
            means = [np.mean([some[split] for split in both]) for some in (costs, reference)]
            logarithms.append(np.log(means[0] / means[1]))
    return float(np.exp(np.mean(logarithms))) if logarithms else np.nan


def paired(
    costs: Mapping[Split, float], reference: Mapping[Split, float]
) -> tuple[int, int, float]:
    """Return wins, losses and the two-sided p of Wilcoxon's signed-rank test, over the splits.

    The test takes the logarithm of each split's ratio, because the corpora have different sizes of
    cost: J. Demsar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006.
    Without a difference, p is 1.
    """
    both = [split for split in costs if split in reference]
    # Rounded, because equal costs may differ in their last digit.
    logarithms = np.log([costs[split] / reference[split] for split in both]).round(9)
    # Splits without a difference are left out, as the test does by default. Older versions of SciPy
    # would then use another approximation.
    different = logarithms[logarithms != 0]
    p = float(wilcoxon(different).pvalue) if len(different) else 1.0
    return int(np.sum(logarithms < 0)), int(np.sum(logarithms > 0)), p


def average_ranks(costs: Costs) -> tuple[dict[str, float], float]:
    """Return each model's mean rank over the corpora (1: lowest cost), and Friedman's p.

    Models that lack a corpus have no rank. With fewer than three models or two corpora, p is NaN.
    """
    corpora = corpora_of(costs)
    means = {
        model: [np.mean(list(some.values())) for some in parts]
        for model, all_splits in costs.items()
        if all(parts := [of_corpus(all_splits, corpus) for corpus in corpora])
    }
    table = np.round(list(means.values()), 9)  # (n_models, n_corpora)
    if table.size == 0:
        return {}, np.nan
    ranks = rankdata(table, axis=0).mean(axis=1)
    enough = len(table) > 2 and len(corpora) > 1
    p = float(friedmanchisquare(*table).pvalue) if enough else np.nan
    return dict(zip(means, ranks.tolist(), strict=True)), p


# ---------------------------------------------------------------------------------------------
# Markdown
# ---------------------------------------------------------------------------------------------


def tables(rows: Sequence[Row], order: Sequence[str]) -> str:
    """Return all tables; `order` is that of the models."""
    sizes = sorted({row["size"] for row in rows}, key=lambda s: np.inf if s == "all" else int(s))
    parts = []
    for size in sizes:
        some = [row for row in rows if row["size"] == size]
        costs = costs_of(some, order)
        heading = "All labels" if size == "all" else f"{int(size):,} labels"
        parts += [f"## {heading}", cost_table(costs), comparison(costs), secondary(some, costs)]
    return "\n\n".join(parts) + "\n" if parts else ""


def cost_table(costs: Costs) -> str:
    """Return mean and spread of the main figure for each model and corpus; the lowest is bold."""
    corpora = corpora_of(costs)
    cells = {}
    for corpus in corpora:
        values = {model: list(of_corpus(some, corpus).values()) for model, some in costs.items()}
        lowest = min(round(np.mean(some), 3) for some in values.values() if some)
        for model, some in values.items():
            cells[model, corpus] = mean_and_spread(some, lowest)
    body = [[model, *(cells[model, corpus] for corpus in corpora)] for model in costs]
    return markdown(["normalized cost", *corpora], body)


def mean_and_spread(values: Sequence[float], lowest: float) -> str:
    """Return a cell with mean ± standard deviation, in bold if it is the lowest mean."""
    if not values:
        return ""
    mean = f"{np.mean(values):.3f}"
    mean = f"**{mean}**" if round(np.mean(values), 3) == lowest else mean
    return f"{mean} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else mean


def comparison(costs: Costs) -> str:
    """Return each model's ratio to the references, wins and losses, p, and average rank."""
    ranks, p_of_ranks = average_ranks(costs)
    references = [name for name in REFERENCES if name in costs]
    body = []
    for model, some in costs.items():
        cells = []
        for name in references:
            if name == model:
                cells += ["1", "", ""]
                continue
            wins, losses, p = paired(some, costs[name])
            cells += [f"{ratio(some, costs[name]):.3f}", f"{wins} – {losses}", p_value(p)]
        body.append([model, *cells, f"{ranks[model]:.1f}" if model in ranks else ""])
    header = ["relative cost"]
    for name in references:
        header += [f"to {name}", "wins – losses", "p"]
    friedman = "" if np.isnan(p_of_ranks) else f" (Friedman: p {p_value(p_of_ranks, '= ')})"
    return markdown([*header, f"average rank{friedman}"], body)


def p_value(p: float, equals: str = "") -> str:
    """Return a p value with three decimals."""
    return "< 0.001" if p < 0.001 else f"{equals}{p:.3f}"


def secondary(rows: Sequence[Row], costs: Costs) -> str:
    """Return the means over the corpora of all other figures."""
    body = []
    for model in costs:
        cells = []
        for column, (_, digits) in SECONDARY.items():
            by_corpus: dict[str, list[float]] = {}
            for row in rows:
                if row["model"] == model:
                    by_corpus.setdefault(row["corpus"], []).append(float(row[column]))
            mean = np.mean([np.mean(values) for values in by_corpus.values()])
            cells.append(f"{mean:,.{digits}f}")
        body.append([model, *cells])
    return markdown(["mean over the corpora", *(name for name, _ in SECONDARY.values())], body)


def markdown(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *body)]
    return "\n".join([lines[0], "|" + "---|" * len(header), *lines[1:]])


def page(text: str, new_tables: str) -> str:
    """Return the page with other tables below its marker."""
    if MARKER not in text:
        raise ValueError(f"The page has no line {MARKER.strip()!r}. Add it above the tables.")
    before = text.partition(MARKER)[0]
    return before + MARKER + ("\n" + new_tables if new_tables else "")
