"""Rows as lists, and as frames of pandas and polars where these are installed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Dict, List

if TYPE_CHECKING:
    import pandas
    import polars


class Table(List[Dict[str, Any]]):
    """A list of dictionaries. None stands for an unknown value."""

    def columns(self) -> Dict[str, List[Any]]:
        """Return the values by column. A dictionary in a row has a column for each of its keys: ``parameters.T``."""
        found: Dict[str, List[Any]] = {}
        for number, row in enumerate(self):
            for name, value in _flat(row):
                column = found.setdefault(name, [])
                # Earlier rows did not have this column.
                column.extend([None] * (number - len(column)))
                column.append(value)
        for column in found.values():
            column.extend([None] * (len(self) - len(column)))
        return found

    def to_pandas(self) -> pandas.DataFrame:
        """Return a DataFrame of pandas. Raises ImportError where pandas is not installed."""
        frame: pandas.DataFrame = _module("pandas").DataFrame(self.columns())
        return frame

    def to_polars(self) -> polars.DataFrame:
        """Return a DataFrame of polars. Raises ImportError where polars is not installed.

        A column of numbers and texts becomes one of texts.
        """
        frame: polars.DataFrame = _module("polars").DataFrame(self.columns(), strict=False)
        return frame


def _flat(row: Dict[str, Any]) -> List[Any]:
    cells: List[Any] = []
    for name, value in row.items():
        if isinstance(value, dict):
            cells.extend((f"{name}.{key}", each) for key, each in value.items())
        else:
            cells.append((name, value))
    return cells


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"to_{name}() needs the package {name}, which can't be imported ({error}); install it with "
            f"`python3 -m pip install {name}`, or use the list itself",
            name=name,
        ) from error
