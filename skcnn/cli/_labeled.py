"""The texts of a table and their labels, for commands that learn or measure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from skcnn.cli.tables._blocks import Block, Table, as_cell
from skcnn.cli.tables._formats import Reading, place_to_read
from skcnn.cli.tables._read import open_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass
class LabeledTexts:
    """Texts and their labels.

    Attributes
    ----------
    name : of the table, for messages
    place : what the numbers of its rows are called: "line" or "row"
    texts, labels : n rows; neither text nor label is empty
    without_text, without_label : places of the rows that were left out
    """

    name: str
    place: str
    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    without_text: list[int] = field(default_factory=list)
    without_label: list[int] = field(default_factory=list)

    def report(self) -> str:
        """Say how many rows were read, and what may be wrong with them."""
        said = f"Read {len(self.texts):,} rows"
        # A quotation mark without its pair puts rows together.
        n_broken = sum("\n" in text or "\r" in text for text in self.texts)
        if n_broken:
            said += f", {n_broken:,} of them with a line break in the text"
        return f"{said}.{self.left_out()}"

    def left_out(self) -> str:
        """Say which rows were left out, after a space, or nothing if there are none."""
        said = ""
        for what, places in (("text", self.without_text), ("label", self.without_label)):
            if places:
                shown = places_shown(self.place, places)
                said += f" Left out {len(places):,} without a {what}: {shown}."
        return said

    def at(self, rows: NDArray[np.int64]) -> LabeledTexts:
        """Return some of the rows."""
        return LabeledTexts(
            self.name,
            self.place,
            [self.texts[row] for row in rows.tolist()],
            [self.labels[row] for row in rows.tolist()],
        )

    def add(self, table: Table, block: Block, text: str, label: str) -> None:
        """Add the rows of a block that have a text and a label."""
        labels = map(as_cell, block.values(label))
        for place, x, y in zip(block.places, table.texts(block, text), labels, strict=True):
            if not x.strip():
                self.without_text.append(place)
            elif not y.strip():
                self.without_label.append(place)
            else:
                self.texts.append(x)
                self.labels.append(y)


def read_labeled(
    path: Path, reading: Reading, text: str, label: str, *, skip_empty: bool
) -> LabeledTexts:
    """Read two columns of a table. Rows without a text are left out.

    Parameters
    ----------
    path : Path
    reading : Reading
    text, label : str
        Names of the columns.
    skip_empty : bool
        Whether rows without a label are left out too.

    Raises
    ------
    ValueError
        If the table cannot be read, a column is missing, there is no row with a text, or a row has
        no label and `skip_empty` is False.
    """
    place_to_read(path, reading, labeled=True)
    with open_table(path, reading) as table:
        table.check_column(text, "--text")
        table.check_column(label, "--label")
        labeled = LabeledTexts(table.name, table.place)
        for block in table.blocks:
            labeled.add(table, block, text, label)
    if labeled.without_label and not skip_empty:
        raise ValueError(
            f"{labeled.name}: the column {label!r} is empty on "
            f"{places_shown(labeled.place, labeled.without_label)}. Fill these cells, or add "
            "--skip-empty to leave these rows out."
        )
    if not labeled.texts:
        raise ValueError(
            f"{labeled.name} has no row with a text and a label; expected at least two labels."
            f"{labeled.left_out()}"
        )
    return labeled


def check_labels(labeled: LabeledTexts) -> list[str]:
    """Return the sorted labels, if a model can learn from them.

    Raises
    ------
    ValueError
        If there is one label only, or a label has one row only.
    """
    counts = Counter(labeled.labels)
    if len(counts) < 2:
        raise ValueError(
            f"{labeled.name}: every row has the label {labeled.labels[0]!r}; expected at least two "
            f"labels.{labeled.left_out()}"
        )
    single = sorted(name for name, count in counts.items() if count < 2)
    if single:
        raise ValueError(
            f"{labeled.name}: the label {single[0]!r} has one row; expected two or more rows for "
            f"each label.{labeled.left_out()}"
        )
    return sorted(counts)


def read_texts(path: Path, reading: Reading, text: str) -> list[str]:
    """Read the texts of a table or of plain lines, as its name says; empty ones are left out.

    Raises
    ------
    ValueError
        If it cannot be read, the column is missing, or all texts are empty.
    """
    with open_table(path, reading, text=text) as table:
        table.check_column(text, "--text")
        texts = [each for block in table.blocks for each in table.texts(block, text)]
    kept = [each for each in texts if each.strip()]
    if not kept:
        raise ValueError(f"{path} has no texts; expected at least one.")
    return kept


def places_shown(place: str, numbers: Sequence[int]) -> str:
    """Return "lines 2, 3, 4, 5, 6 and 7 more"."""
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    return f"{place}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:5]))}{more}"
