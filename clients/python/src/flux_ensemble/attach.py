"""Runs that another process has started."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional

from .errors import EnsembleError
from .kept import Folder, KeptRun, running, runs
from .program import Program
from .study import Study
from .transport import Transport, path_of


def attach(
    wanted: Optional[str] = None,
    *,
    socket: Folder = None,
    token: Optional[str] = None,
    state: Folder = None,
    program: Program = None,
) -> Study:
    """Reach a run that goes on, by its id or name; without a name, the only one.

    Runs of this user on this host are found by ``ensemble runs``. ``socket`` is the path of another Unix socket: that of
    ``ensemble-server start --http`` for the runs of a service, or one that ``ssh -L`` brings here. ``token`` is sent to
    it. Raises EnsembleError: ``ERR_RUN`` or ``ERR_NOT_FOUND`` for an unknown run, ``ERR_SERVICE_UNREACHABLE`` for a
    socket without an answer.
    """
    if socket is None:
        found = running(wanted, runs(state=state, program=program))
        kept = KeptRun(found["id"], state=state, program=program)
        return Study(Transport(found["socket"], token=token), found["ensemble"], kept)
    transport = Transport(os.path.abspath(os.fspath(socket)), token=token)
    known: List[Dict[str, Any]] = transport.get("ensembles")["ensembles"]
    if wanted is None and len(known) != 1:
        names = ", ".join(each["name"] for each in known) or "none"
        message = f"the server has {len(known)} runs, so name one: {names}"
        raise EnsembleError("ERR_RUN", message)
    chosen = known[0]["id"] if wanted is None else wanted
    # The server answers with a suggestion for an unknown name.
    return Study(transport, transport.get(path_of("ensembles", chosen))["id"])
