"""Actions, resources and runs that are reached from elsewhere."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from typing import List

from flux_ensemble import EnsembleError, attach

from .support import SWEEP, WAITING, RunTest, until


class Actions(RunTest):
    def test_a_run_is_steered(self) -> None:
        study = self.start(WAITING)
        changes = study.follow()
        until(changes, lambda change: change.counts["running"] == 2)
        self.assertEqual(study.grow(2).after, 6)
        self.assertEqual(study.submit("hello", 1, parameters={"n": 7}).text, "submitted 1 job of hello")
        until(changes, lambda change: change.counts["success"] == 1)
        self.assertEqual(study.output(study.jobs(where="parameters.n == 7")[0]["id"]), "hello 7\n")
        study.pause()
        self.assertEqual(
            until(changes, lambda change: change.state.status == "paused").data["ensemble"]["paused"], True
        )
        study.resume()
        self.assertEqual(study.shrink(1).after, 5)
        first = study.jobs(group="nap")[0]["id"]
        study.urgency(20, "nap")
        study.cancel(job=first)
        until(changes, lambda change: change.counts["canceled"] == 1 and change.counts["running"] == 1)
        # The server uses rows that it has read again for a moment.
        while not study.jobs(result="canceled"):
            time.sleep(0.1)
        self.assertEqual([job["id"] for job in study.jobs(result="canceled")], [first])
        study.terminate()
        self.assertEqual(
            until(changes, lambda change: change.kind == "end").state.ensemble["end"]["end"], "terminated"
        )
        self.assertEqual(study.wait().summary["by"]["kind"], "request")

    def test_refusals_have_the_codes_of_the_api(self) -> None:
        study = self.start(WAITING)
        cases = [
            (lambda: study.submit("hallo"), "ERR_ACTION", 409, "unknown job group 'hallo'"),
            (lambda: study.act("explode"), "ERR_REQUEST", 400, "body.name"),
            (lambda: study.jobs(where="duration >"), "ERR_REQUEST", 400, "duration >"),
            (lambda: study.get("nothing"), "ERR_NOT_FOUND", 404, ""),
        ]
        for call, code, status, words in cases:
            with self.subTest(code=code, words=words), self.assertRaises(EnsembleError) as caught:
                call()
            error = caught.exception
            self.assertEqual((error.code, error.status), (code, status))
            self.assertIn(words, error.message)
        with self.assertRaises(EnsembleError) as caught:
            study.act("explode")
        self.assertEqual([fault["path"] for fault in caught.exception.faults], ["body.name"])

    def test_parameters_may_be_numbers_of_numpy(self) -> None:
        class Number:
            """A number as NumPy has them."""

            def item(self) -> int:
                return 12

        study = self.start(WAITING)
        study.submit("hello", 1, parameters={"n": Number()})
        until(study.follow(), lambda change: change.counts["success"] == 1)
        self.assertEqual(study.jobs(group="hello")[0]["parameters"], {"n": 12})
        with self.assertRaisesRegex(TypeError, "not a text, a number or a boolean"):
            study.submit("hello", 1, parameters={"n": object()})

    def test_resources_are_read(self) -> None:
        study = self.start(SWEEP, watch=True)
        until(study.follow(), lambda change: change.counts["failed"] == 2)
        self.assertEqual(study.groups()["square"]["counts"]["success"], 4)
        self.assertEqual([rule["state"] for rule in study.rules()], ["exhausted", "exhausted"])
        self.assertEqual([firing["label"] for firing in study.firings()], ["square", "bad"])
        self.assertEqual(study.failures()[0]["group"], "bad")
        self.assertEqual(study.problems(), [])
        self.assertEqual(study.histograms("square", buckets=10)["duration"]["count"], 4)
        self.assertEqual(study.file(), SWEEP)
        self.assertEqual(study.job(study.jobs()[0]["id"])["job"]["group"], "square")
        self.assertIn("running", json.dumps(study.get("timeline", parts=10)))


class Attached(RunTest):
    def test_a_run_is_reached_by_its_name_and_followed_to_its_end(self) -> None:
        started = self.start(WAITING, name="mine")
        for study in (attach("mine"), attach(), attach(started.id), attach(socket=started.socket_path)):
            self.assertEqual(study.id, started.id)
        changes = attach("mine").follow()
        until(changes, lambda change: change.counts["running"] == 2)
        started.terminate()
        self.assertEqual(list(changes)[-1].kind, "end")
        self.assertEqual(started.wait().end, "terminated")

    def test_an_unknown_run_is_reported(self) -> None:
        started = self.start(WAITING, name="mine")
        for call, code, words in (
            (lambda: attach("yours"), "ERR_RUN", "no run that goes on is called 'yours'"),
            (lambda: attach("mime", socket=started.socket_path), "ERR_NOT_FOUND", "did you mean 'mine'"),
            (lambda: attach(socket=self.folder / "no.sock"), "ERR_SERVICE_UNREACHABLE", "no.sock"),
        ):
            with self.subTest(code=code), self.assertRaises(EnsembleError) as caught:
                call()
            self.assertEqual(caught.exception.code, code)
            self.assertIn(words, caught.exception.message)

    def test_two_runs_of_one_name_are_distinguished_by_their_ids(self) -> None:
        first, second = self.start(WAITING, name="twin"), self.start(WAITING, name="twin")
        with self.assertRaisesRegex(EnsembleError, "2 runs are called 'twin'; name one by its id"):
            attach("twin")
        self.assertEqual(attach(second.id).id, second.id)
        with self.assertRaisesRegex(EnsembleError, "2 runs go on"):
            attach()
        self.assertNotEqual(first.id, second.id)

    def test_jobs_of_a_run_that_has_ended_are_read_from_its_folder(self) -> None:
        started = self.start(WAITING, name="mine")
        study = attach("mine")
        until(study.follow(), lambda change: change.counts["running"] == 2)
        started.terminate()
        started.wait()
        self.assertEqual([job["result"] for job in study.jobs()], ["canceled", "canceled"])

    def test_a_follower_notices_that_the_process_was_killed(self) -> None:
        started = self.start(WAITING, name="mine")
        with self.assertRaises(EnsembleError) as caught:
            for change in attach("mine").follow():
                if change.counts["running"] == 2:
                    os.kill(started.pid, signal.SIGKILL)
        self.assertEqual(caught.exception.code, "ERR_RUN")


class Service(RunTest):
    """``$FLUX_ENSEMBLE_SERVER`` names the program of the service."""

    def serve(self) -> str:
        """Start a service, and return the path of its HTTP socket."""
        words: List[str] = shlex.split(os.environ["FLUX_ENSEMBLE_SERVER"])
        socket = str(self.folder / "run" / "s.sock")
        process = subprocess.Popen(
            [*words, "start", "--http", f"unix:{socket}"],
            stdout=subprocess.PIPE,
            # Its audit.
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=self.folder,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        for line in process.stdout:
            if "HTTP on" in line:
                return socket
        raise AssertionError("the service has ended")

    def test_runs_of_a_service_are_followed_and_steered(self) -> None:
        socket = self.serve()
        started = self.start(WAITING, name="one", options=["--service"])
        self.start(WAITING, name="two", options=["--service"])
        with self.assertRaisesRegex(EnsembleError, "has 2 runs, so name one: "):
            attach(socket=socket)
        study = attach("one", socket=socket)
        changes = study.follow()
        until(changes, lambda change: change.counts["running"] == 2)
        self.assertEqual(study.submit("hello").text, "submitted 2 jobs of hello")
        self.assertEqual(
            until(changes, lambda change: change.counts["success"] == 2).state.ensemble["name"], "one"
        )
        self.assertEqual(len(study.jobs(group="hello")), 2)
        study.terminate()
        self.assertEqual(list(changes)[-1].state.ensemble["end"]["end"], "terminated")
        self.assertEqual(started.wait().end, "terminated")
