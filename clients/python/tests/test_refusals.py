"""Runs that can't begin."""

from __future__ import annotations

import os
from pathlib import Path

from flux_ensemble import EnsembleError, run

from .support import SWEEP, RunTest


class Refusals(RunTest):
    def refused(self, path: Path, **options: object) -> EnsembleError:
        with self.assertRaises(EnsembleError) as caught:
            run(path, **options)
        return caught.exception

    def test_an_invalid_file_is_reported_with_its_faults(self) -> None:
        error = self.refused(self.file("jobs: [{name: a, command: x, coutn: 2}]\nrules: []"))
        self.assertEqual((error.code, error.exit_status), ("ERR_CONFIG", 2))
        self.assertRegex(error.message, r"study\.yaml:1:30: error: jobs\[0\]\.coutn: .*did you mean 'count'")

    def test_a_missing_file_is_reported_with_its_code(self) -> None:
        error = self.refused(self.folder / "nowhere.yaml")
        self.assertEqual(error.code, "ERR_FILE")
        self.assertRegex(str(error), r"^can't read .*nowhere\.yaml: .* \[ERR_FILE\]$")

    def test_an_invalid_option_is_reported(self) -> None:
        error = self.refused(self.file(SWEEP), options=["--slots", "many"])
        self.assertEqual(error.code, "ERR_COMMAND")
        self.assertIn("argument 'many' is invalid", error.message)

    def test_a_missing_program_is_reported_with_a_remedy(self) -> None:
        error = self.refused(self.file(SWEEP), program="/nowhere/ensemble")
        self.assertEqual(error.code, "ERR_COMMAND")
        self.assertIn("npm install", error.message)
        self.set_environment("FLUX_ENSEMBLE", "no-such-program --x")
        self.assertIn("$FLUX_ENSEMBLE is 'no-such-program --x'", self.refused(self.file(SWEEP)).message)

    def test_the_program_is_found_on_path(self) -> None:
        words = os.environ["FLUX_ENSEMBLE"]
        script = self.file(f'#!/bin/sh\nexec {words} "$@"\n', "ensemble")
        script.chmod(0o755)
        self.set_environment("FLUX_ENSEMBLE", "")
        self.set_environment("PATH", f"{self.folder}{os.pathsep}{os.environ['PATH']}")
        self.assertEqual(self.start(SWEEP).wait().end, "idle")
        environment = dict(os.environ)
        self.set_environment("PATH", "/nowhere")
        self.assertEqual(self.start(SWEEP, program=script, env=environment).wait().end, "idle")
