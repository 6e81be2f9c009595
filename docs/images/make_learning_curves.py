"""Draw learning_curves.png and print the table of docs/choosing.md: costs by number of labels.

Run it with ``python docs/images/make_learning_curves.py``; it needs the extra plot. The figures are
those of docs/benchmarks/rivals.csv. All labels of two corpora are in choosing.csv beside it,
measured with ``python rivals.py --corpora clothing_reviews hate_offensive --sizes all --seeds 0
--models "tf-idf, calibrated" "skcnn, glove" --results choosing.csv``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

DOCS = Path(__file__).parents[1]
FILES = (DOCS / "benchmarks" / "rivals.csv", DOCS / "benchmarks" / "choosing.csv")
MODELS = {  # its name in the files: name, color, line style
    "tf-idf, calibrated": ("TF-IDF", "#d55e00", "-"),
    "minilm": ("MiniLM", "#e69f00", "--"),
    "skcnn, glove": ("skcnn, GloVe", "#56b4e9", "-"),
    "stack": ("TF-IDF and MiniLM", "#999999", "--"),
    "skcnn, minilm": ("skcnn, MiniLM", "#0072b2", "-"),
}
CORPORA = {
    "ade_sentences": "adverse drug events",
    "clinc150_imbalanced": "questions out of scope",
    "clothing_reviews": "reviews of clothes",
    "hate_offensive": "hate among tweets",
    "sms_spam": "SMS spam",
    "so_web_5k_15k": "Stack Overflow titles",
    "zh_waimai": "Chinese reviews of meals",
}
MAIN_RATIOS = (2, 5, 10)
Curves = dict[tuple[str, str], dict[int, float]]  # by corpus and model: cost by number of labels


def main() -> None:
    """Draw the picture and print the table."""
    curves = mean_costs(FILES)
    print(table(curves))
    draw(curves, Path(__file__).with_name("learning_curves.png"))


def mean_costs(files: tuple[Path, ...]) -> Curves:
    """Return the mean normalized cost over the splits, and over the cost ratios 2, 5 and 10."""
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                cost = float(np.mean([float(row[f"cost_{ratio}"]) for ratio in MAIN_RATIOS]))
                curve = found.setdefault((row["corpus"], row["model"]), {})
                curve.setdefault(int(row["n_train"]), []).append(cost)
    return {
        key: {n: float(np.mean(costs)) for n, costs in sorted(curve.items())}
        for key, curve in found.items()
    }


def table(curves: Curves) -> str:
    """Return a Markdown table: a row for each corpus and number of labels, the lowest cost bold."""
    lines = [
        "| corpus | labels | " + " | ".join(name for name, *_ in MODELS.values()) + " |",
        "|---" * (len(MODELS) + 2) + "|",
    ]
    for corpus, title in CORPORA.items():
        for n in curves[corpus, "tf-idf, calibrated"]:
            costs = [curves[corpus, model].get(n, np.nan) for model in MODELS]
            lines.append(f"| {title} | {n:,} | {' | '.join(cells(costs))} |")
    return "\n".join(lines)


def cells(costs: list[float]) -> list[str]:
    """Return the costs with three decimals, empty where one is missing."""
    shown = ["" if np.isnan(cost) else f"{cost:.3f}" for cost in costs]
    lowest = min(filter(None, shown))
    return [f"**{cell}**" if cell == lowest else cell for cell in shown]


def draw(curves: Curves, path: Path) -> None:
    """Draw a panel for each corpus."""
    figure, panels = plt.subplots(2, 4, figsize=(12, 6), layout="constrained")
    for axes, (corpus, title) in zip(panels.flat, CORPORA.items(), strict=False):
        for model, (name, color, style) in MODELS.items():
            curve = curves[corpus, model]
            axes.plot(
                curve.keys(), curve.values(), style, color=color, marker="o", ms=3, label=name
            )
        axes.set(title=title, xscale="log", xlim=(430, 24000), ylim=(0, None))
        axes.set_xticks([500, 2000, 20000], ["500", "2,000", "20,000"])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    legend = panels.flat[-1]
    legend.axis("off")
    legend.legend(*panels.flat[0].get_legend_handles_labels(), loc="center", frameon=False)
    figure.supxlabel("labeled texts")
    figure.supylabel("normalized cost (lower is better)")
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
