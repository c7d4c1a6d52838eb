"""Run, follow and steer ensembles of HPC jobs.

>>> from flux_ensemble import run
>>> with run("study.yaml") as study:
...     for change in study.follow():
...         print(change)
...     print(study.jobs(result="failed"))
"""

from .attach import attach
from .errors import EnsembleError
from .kept import KeptRun, runs
from .recordings import Recording, iter_recording, read_recording
from .started import Result, StartedStudy, resume_run, run
from .state import Change, State
from .study import Outcome, Study
from .table import Table

__all__ = [
    "Change",
    "EnsembleError",
    "KeptRun",
    "Outcome",
    "Recording",
    "Result",
    "StartedStudy",
    "State",
    "Study",
    "Table",
    "attach",
    "iter_recording",
    "read_recording",
    "resume_run",
    "run",
    "runs",
]
