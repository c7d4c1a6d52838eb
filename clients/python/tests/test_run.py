"""Runs that Python starts, follows and reads."""

from __future__ import annotations

from flux_ensemble import EnsembleError, KeptRun, runs

from .support import SWEEP, WAITING, RunTest, until


class StartedRuns(RunTest):
    def test_a_study_is_run_followed_and_read(self) -> None:
        with self.start(SWEEP, name="squares") as study:
            changes = list(study.follow())
            jobs = study.jobs()
        self.assertEqual(changes[-1].kind, "end")
        self.assertTrue(changes[-1].state.ended)
        self.assertEqual(str(changes[-1]), "idle: 6 of 6 jobs done, 2 failed, 0 running")
        self.assertEqual(sorted(job["group"] for job in jobs), ["bad"] * 2 + ["square"] * 4)
        self.assertEqual({job["parameters"].get("x") for job in jobs}, {None, 1, 2, 3, 4})
        result = study.wait()
        self.assertEqual(
            (result.end, result.ok, result.exit_status, result.failed_jobs), ("idle", False, 1, 2)
        )
        self.assertEqual(result.groups["square"]["count"]["success"], 4)

    def test_the_state_follows_groups_rules_and_firings(self) -> None:
        study = self.start(WAITING)
        first = next(study.follow())
        self.assertEqual(first.kind, "state")
        self.assertEqual(set(first.state.groups), {"nap", "hello"})
        self.assertEqual(sorted(first.state.rules), [0, 1])
        changes = study.follow()
        until(changes, lambda change: change.counts["running"] == 2)
        study.submit("hello")
        done = until(changes, lambda change: change.counts["success"] == 2)
        self.assertEqual(done.state.groups["hello"]["counts"]["success"], 2)
        self.assertEqual([firing["label"] for firing in done.state.firings][:1], ["nap"])
        self.assertIn("2 of 4 jobs done", str(done))

    def test_parts_leave_out_the_others(self) -> None:
        study = self.start(WAITING)
        state = next(study.follow(["rules"])).state
        self.assertEqual((len(state.rules), state.groups), (2, {}))

    def test_jobs_are_the_same_during_a_run_and_after_it(self) -> None:
        study = self.start(SWEEP, watch=True)
        until(study.follow(), lambda change: change.counts["failed"] == 2)
        query = {
            "group": "square",
            "where": "parameters.x >= 2",
            "sort": "parameters.x:desc",
            "columns": ["group", "parameters.x"],
        }
        during = study.jobs(**query)
        self.assertEqual(during, [{"group": "square", "parameters.x": x} for x in (4, 3, 2)])
        self.assertEqual(len(study.jobs(limit=3)), 3)
        self.assertEqual(len(study.jobs(result="failed")), 2)
        whole = study.jobs()
        study.terminate()
        study.wait()
        self.assertEqual(study.jobs(**query), during)
        self.assertEqual(study.jobs(), whole)
        self.assertEqual(len(study.jobs(limit=3)), 3)

    def test_outputs_are_read_during_a_run_and_after_it(self) -> None:
        study = self.start(SWEEP, watch=True)
        until(study.follow(), lambda change: change.counts["failed"] == 2)
        job = study.jobs(where="parameters.x == 3")[0]["id"]
        silent = study.jobs(group="bad")[0]["id"]
        self.assertEqual(study.output(job), "3 squared\n")
        self.assertEqual(study.output(job, stream="error"), "note 3\n")
        self.assertEqual(study.output(job, tail=4), "red\n")
        self.assertEqual(study.output(silent), "")
        with self.assertRaises(EnsembleError) as caught:
            study.output("f1")
        self.assertEqual((caught.exception.code, caught.exception.status), ("ERR_NOT_FOUND", 404))
        study.terminate()
        study.wait()
        self.assertEqual(study.output(job), "3 squared\n")
        self.assertEqual(study.output(job, tail=4), "red\n")
        self.assertEqual(study.output(silent), "")

    def test_a_large_output_is_read_in_pieces(self) -> None:
        study = self.start(
            "jobs: [{name: a, command: seq 400000}]\nrules: [{trigger: start, action: {name: submit, label: a}}]",
            watch=True,
        )
        until(study.follow(), lambda change: change.counts["success"] == 1)
        text = study.output(study.jobs()[0]["id"])
        self.assertEqual(text, "".join(f"{number}\n" for number in range(1, 400001)))

    def test_a_run_that_ends_at_once_can_be_read(self) -> None:
        quick = (
            "jobs: [{name: a, command: 'true'}]\nrules: [{trigger: start, action: {name: submit, label: a}}]"
        )
        for _ in range(3):
            study = self.start(quick)
            study.wait()
            last = list(study.follow())[-1]
            self.assertEqual((last.kind, last.counts["success"]), ("end", 1))
            self.assertEqual([job["result"] for job in study.jobs()], ["completed"])

    def test_a_run_without_a_folder_is_followed(self) -> None:
        study = self.start(SWEEP, options=["--no-log"])
        self.assertEqual(list(study.follow())[-1].counts["success"], 4)
        self.assertIsNone(study.wait().run_folder)
        with self.assertRaises(EnsembleError) as caught:
            study.jobs()
        self.assertEqual(caught.exception.code, "ERR_SERVICE_UNREACHABLE")

    def test_lines_that_functions_print_are_kept(self) -> None:
        study = self.start(
            "jobs: [{name: a, command: 'true'}]\n"
            "rules: [{trigger: start, action: {name: custom, label: greet}}]\n"
            "custom: |\n  def greet(**kwargs):\n      print('good morning')\n"
        )
        study.wait()
        self.assertEqual(study.printed, ["good morning"])

    def test_a_wait_can_be_bounded(self) -> None:
        study = self.start(WAITING)
        with self.assertRaises(TimeoutError):
            study.wait(timeout=0.01)
        self.assertTrue(study.running)

    def test_kept_runs_are_listed_and_opened(self) -> None:
        study = self.start(SWEEP, name="kept")
        folder = study.wait().run_folder
        listed = runs()
        self.assertEqual([(each["name"], each["state"]) for each in listed], [("kept", "done")])
        self.assertEqual(listed[0]["path"], folder)
        for kept in (KeptRun("kept"), KeptRun(listed[0]["id"]), KeptRun(folder)):
            self.assertEqual(len(kept.jobs(result="completed")), 4)
        with self.assertRaises(EnsembleError) as caught:
            KeptRun("nowhere").jobs()
        self.assertEqual(caught.exception.code, "ERR_RUN")

    def test_runs_are_kept_in_a_state_folder_of_ones_own(self) -> None:
        state = self.folder / "mine"
        study = self.start(SWEEP, state=state)
        study.wait()
        self.assertEqual(len(study.jobs()), 6)
        self.assertEqual((len(runs(state=state)), len(runs())), (1, 0))

    def test_results_are_written_at_the_end(self) -> None:
        path = self.folder / "jobs.csv"
        self.start(SWEEP, results=path).wait()
        self.assertEqual(len(path.read_text().splitlines()), 7)
