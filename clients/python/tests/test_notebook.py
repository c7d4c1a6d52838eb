"""The notebook of the docs: its form, and its cells against a real run."""

from __future__ import annotations

import contextlib
import io
import json
import os
import unittest
from pathlib import Path
from typing import Any, Dict

from .support import RunTest

NOTEBOOK = os.environ.get("FLUX_ENSEMBLE_NOTEBOOK", "")
"""The path of the notebook; empty where the package is tested without the docs."""


@unittest.skipUnless(NOTEBOOK, "$FLUX_ENSEMBLE_NOTEBOOK does not name the notebook")
class Notebook(RunTest):
    def setUp(self) -> None:
        super().setUp()
        self.notebook: Dict[str, Any] = json.loads(Path(NOTEBOOK).read_text(encoding="utf-8"))

    def test_it_has_the_form_of_nbformat_4_without_results(self) -> None:
        self.assertEqual((self.notebook["nbformat"], self.notebook["nbformat_minor"]), (4, 5))
        self.assertEqual(self.notebook["metadata"]["kernelspec"]["name"], "python3")
        cells = self.notebook["cells"]
        self.assertEqual(len({cell["id"] for cell in cells}), len(cells))
        for cell in cells:
            with self.subTest(cell=cell["id"]):
                self.assertRegex(cell["id"], r"^[a-zA-Z0-9-_]{1,64}$")
                self.assertTrue(all(isinstance(line, str) for line in cell["source"]))
                is_code = cell["cell_type"] == "code"
                self.assertEqual(
                    set(cell) - {"cell_type", "id", "metadata", "source"},
                    {"outputs", "execution_count"} if is_code else set(),
                )
                if is_code:
                    self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None))

    def test_its_cells_run_in_their_order(self) -> None:
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        names: Dict[str, Any] = {"__name__": "__main__"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for cell in self.notebook["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
        self.assertEqual(names["best"], 340)
        self.assertEqual(names["lowest"]["parameters"], {"temperature": 335})
        self.assertAlmostEqual(names["lowest"]["measured.energy"], -4.99)
        self.assertEqual(names["result"].end, "terminated")
        self.assertEqual(len(names["coarse"]), 6)
        self.assertIn("submitted 1 job of fine", printed.getvalue())
        self.assertIn("count.fine.success: terminate", printed.getvalue())
