"""Tables as columns and as frames."""

from __future__ import annotations

import importlib.util
import unittest

from flux_ensemble import Table

ROWS = Table(
    [
        {"id": "a", "duration": 1.5, "parameters": {"T": 300, "name": "x"}},
        {"id": "b", "duration": None, "parameters": {"T": 310.5}},
        {"id": "c", "exit": 3, "parameters": {}},
    ]
)


def is_missing(name: str) -> bool:
    return importlib.util.find_spec(name) is None


class Tables(unittest.TestCase):
    def test_columns_have_a_value_for_each_row(self) -> None:
        self.assertEqual(
            ROWS.columns(),
            {
                "id": ["a", "b", "c"],
                "duration": [1.5, None, None],
                "parameters.T": [300, 310.5, None],
                "parameters.name": ["x", None, None],
                "exit": [None, None, 3],
            },
        )
        self.assertEqual(Table().columns(), {})

    @unittest.skipIf(is_missing("pandas"), "pandas is not installed")
    def test_pandas_has_the_columns(self) -> None:
        frame = ROWS.to_pandas()
        self.assertEqual(list(frame.columns), list(ROWS.columns()))
        self.assertEqual(frame["parameters.T"].sum(), 610.5)
        self.assertEqual(len(Table().to_pandas()), 0)

    @unittest.skipIf(is_missing("polars"), "polars is not installed")
    def test_polars_has_the_columns(self) -> None:
        frame = ROWS.to_polars()
        self.assertEqual(frame.columns, list(ROWS.columns()))
        self.assertEqual(frame["parameters.T"].sum(), 610.5)
        self.assertEqual(Table([{"v": 1}, {"v": "x"}]).to_polars()["v"].to_list(), ["1", "x"])

    def test_a_missing_package_is_named_with_a_remedy(self) -> None:
        for name, convert in (("pandas", ROWS.to_pandas), ("polars", ROWS.to_polars)):
            if is_missing(name):
                with (
                    self.subTest(name=name),
                    self.assertRaisesRegex(ImportError, f"python3 -m pip install {name}"),
                ):
                    convert()
