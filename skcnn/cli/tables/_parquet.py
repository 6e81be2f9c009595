"""Parquet files. Columns stay Arrow arrays, so that each keeps its type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO

from skcnn.cli.tables._blocks import ABSENT, MAX_ROWS, Block
from skcnn.cli.tables._formats import Place
from skcnn.cli.tables._text_files import opened_bytes


def import_pyarrow() -> Any:
    """Return pyarrow, or raise an error that says how to install it."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(
            'Parquet needs pyarrow, which is not installed. Install it with: pip install "skcnn'
            '[parquet]"'
        ) from error
    return pyarrow


def opened_parquet(
    place: Place, stack: ExitStack
) -> tuple[dict[bytes, bytes] | None, Iterator[Block]]:
    """Open a Parquet file until `stack` is closed; return its metadata for pandas, and its blocks.

    Raises
    ------
    ValueError
        If it is not a Parquet file. The blocks raise it too, if it is damaged.
    """
    pa = import_pyarrow()
    raw = stack.enter_context(opened_bytes(place))
    with _arrow_errors(pa, place):
        file = stack.enter_context(pa.parquet.ParquetFile(raw))
    metadata = file.schema_arrow.metadata or {}
    return {k: v for k, v in metadata.items() if k == b"pandas"} or None, _blocks(pa, file, place)


def _blocks(pa: Any, file: Any, place: Place) -> Iterator[Block]:
    row = 1
    with _arrow_errors(pa, place):
        for batch in file.iter_batches(batch_size=MAX_ROWS):
            yield Block(list(batch.schema.names), list(batch.columns), range(row, row + len(batch)))
            row += len(batch)


@contextmanager
def _arrow_errors(pa: Any, place: Place) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise  # the disk, not the content
        raise ValueError(f"{place.name} cannot be read as Parquet: {error}") from error


class ParquetRows:
    """Writes blocks to a Parquet file; the first block decides the types of the columns."""

    def __init__(
        self, file: BinaryIO, name: str, metadata: dict[bytes, bytes] | None = None
    ) -> None:
        self._pa = import_pyarrow()
        self._file, self._name, self._metadata = file, name, metadata
        self._writer: Any = None

    def write(self, block: Block) -> None:
        """Write a block; it has the columns of the first one."""
        pa = self._pa
        if self._writer is None:
            types = [_first_array(pa, cells).type for cells in block.cells]
            schema = pa.schema(zip(block.columns, types, strict=True), metadata=self._metadata)
            self._writer = pa.parquet.ParquetWriter(self._file, schema)
        schema = self._writer.schema
        arrays = [
            self._array(column, cells, field.type)
            for column, cells, field in zip(block.columns, block.cells, schema, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=schema))

    def _array(self, column: str, cells: Any, wanted: Any) -> Any:
        pa = self._pa
        if not isinstance(cells, list):
            return cells
        try:
            return pa.array(_without_absent(cells), type=wanted)
        except (pa.ArrowException, TypeError, OverflowError) as error:
            raise ValueError(
                f"{self._name}: the column {column!r} is of type {wanted} in the first rows, and "
                f"a later one does not fit: {error}. Write a .jsonl file."
            ) from error

    def close(self) -> None:
        """Write what ends the file."""
        if self._writer is not None:
            self._writer.close()


def _without_absent(cells: list[Any]) -> list[Any]:
    return [None if value is ABSENT else value for value in cells]


def _first_array(pa: Any, cells: Any) -> Any:
    if not isinstance(cells, list):
        return cells
    array = pa.array(_without_absent(cells))
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array
