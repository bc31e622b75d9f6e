"""Parquet: a row a span, typed, for pandas, Polars, DuckDB and R. Needs pyarrow."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fewshot.errors import InputError, MissingExtraError
from fewshot.files import whole
from fewshot.report.inspection import Inspection
from fewshot.report.spans_table import COLUMNS, rows

SUFFIX = ".parquet"
_NUMBERS = ("start", "end")


def write(inspection: Inspection, path: Path) -> int:
    """Writes the spans of a run; returns the number of rows."""
    if find_spec("pyarrow") is None:
        raise MissingExtraError("pyarrow, which Parquet needs,", extra="parquet")
    import pyarrow
    import pyarrow.parquet

    types = {name: pyarrow.int64() for name in _NUMBERS} | {"confidence": pyarrow.float64()}
    schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in COLUMNS])
    table = pyarrow.Table.from_pylist([row.to_json() for row in rows(inspection)], schema=schema)
    try:
        with whole(path) as part:
            pyarrow.parquet.write_table(table, part)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    return int(table.num_rows)
