"""The ends of runs that Python starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from flux_ensemble import EnsembleError, attach, resume_run, runs

from .support import WAITING, RunTest, until


class Ends(RunTest):
    def test_an_exception_in_the_block_interrupts_the_run(self) -> None:
        with self.assertRaisesRegex(ValueError, "mine"):
            with self.start(WAITING) as study:
                until(study.follow(), lambda change: change.counts["running"] == 2)
                raise ValueError("mine")
        self.assertFalse(study.running)
        self.assertEqual(study.wait().end, "interrupted")

    def test_a_killed_run_is_an_error_for_its_followers(self) -> None:
        study = self.start(WAITING)
        with self.assertRaises(EnsembleError) as caught:
            for change in study.follow():
                if change.counts["running"] == 2:
                    os.kill(study.pid, signal.SIGKILL)
        error = caught.exception
        self.assertEqual((error.code, error.exit_status), ("ERR_COMMAND", -signal.SIGKILL))
        self.assertEqual([job["result"] for job in study.jobs()], ["lost", "lost"])

    def test_a_run_whose_process_died_is_resumed(self) -> None:
        study = self.start(WAITING, name="mine")
        until(study.follow(), lambda change: change.counts["running"] == 2)
        os.kill(study.pid, signal.SIGKILL)
        with self.assertRaises(EnsembleError):
            study.wait()
        with resume_run("mine") as resumed:
            self.assertEqual(resumed.id, study.id)
            resumed.submit("hello")
            until(resumed.follow(), lambda change: change.counts["success"] == 2)
            resumed.terminate()
        self.assertEqual(resumed.wait().end, "terminated")
        self.assertEqual(len(resumed.jobs(group="hello", result="completed")), 2)
        with self.assertRaises(EnsembleError) as caught:
            resume_run("mine")
        self.assertEqual(caught.exception.code, "ERR_RUN")

    def test_a_run_ends_with_python_unless_it_is_detached(self) -> None:
        program = (
            "import sys\n"
            "from flux_ensemble import run\n"
            "study = run(sys.argv[1], name=sys.argv[2], executor='local')\n"
            "if sys.argv[2] == 'detached': study.detach()\n"
        )
        path = str(self.file(WAITING))
        for name, state in (("bound", "interrupted"), ("detached", "running")):
            subprocess.run([sys.executable, "-c", program, path, name], check=True)
            self.assertEqual([each["state"] for each in runs() if each["name"] == name], [state])
        left = attach("detached")
        left.terminate()
        self.assertEqual(list(left.follow())[-1].kind, "end")
