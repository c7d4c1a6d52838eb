"""HTTP over a Unix socket, with the standard library."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
from typing import Any, Dict, Mapping, Optional, Tuple, Union
from urllib.parse import quote, urlencode

from .errors import EnsembleError, problem_of

BASE = "/api/v1"
ANSWER_TIMEOUT = 300.0
"""Seconds until a request without an answer fails. A query of millions of jobs takes some."""

_ROOT = 0

Query = Mapping[str, Union[str, int, float, None]]


def unreachable(path: str, reason: object) -> EnsembleError:
    """Return the error of a socket without an answer."""
    return EnsembleError(
        "ERR_SERVICE_UNREACHABLE",
        f"no run or service answers on {path}: {reason}; `ensemble runs` lists the runs and their states",
    )


def path_of(*parts: str) -> str:
    """Return a path of the API from its parts, each of which is escaped."""
    return "/".join(quote(part, safe="") for part in parts)


def _plain(value: Any) -> Any:
    """Return the number of Python for one of NumPy."""
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    raise TypeError(f"{value!r} is a {type(value).__name__}, not a text, a number or a boolean")


class _Connection(http.client.HTTPConnection):
    """A connection to a Unix socket of this user or of root."""

    def __init__(self, path: str, timeout: Optional[float]) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.timeout)
            connection.connect(self._path)
            self._check_peer(connection)
        except BaseException:
            connection.close()
            raise
        self.sock = connection

    def _check_peer(self, connection: socket.socket) -> None:
        # A socket of another user in its place would read all messages and send false ones.
        size = struct.calcsize("3i")
        _pid, uid, _gid = struct.unpack(
            "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        )
        if uid not in (_ROOT, os.getuid()):
            raise EnsembleError(
                "ERR_INSECURE",
                f"the socket {self._path} is served by uid {uid}, not by you (uid {os.getuid()})",
            )


class Transport:
    """Requests to the HTTP API on one socket. Each request has a connection of its own, so threads may share it."""

    def __init__(self, socket_path: str, *, token: Optional[str] = None) -> None:
        self.socket_path = socket_path
        self._token = token

    def open(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Query] = None,
        headers: Optional[Mapping[str, str]] = None,
        body: Any = None,
        timeout: Optional[float] = ANSWER_TIMEOUT,
    ) -> Tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request, and return the connection and the beginning of the answer. The caller closes the connection.

        Raises EnsembleError for an answer that is an error, and ``ERR_SERVICE_UNREACHABLE`` without an answer.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        target = f"{BASE}/{path}" + (f"?{urlencode(given)}" if given else "")
        sent: Dict[str, str] = {"Connection": "close", **(headers or {})}
        if self._token is not None:
            sent["Authorization"] = f"Bearer {self._token}"
        data: Optional[bytes] = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            data = json.dumps(body, allow_nan=False, default=_plain).encode()
        connection = _Connection(self.socket_path, timeout)
        try:
            connection.request(method, target, body=data, headers=sent)
            response = connection.getresponse()
            if response.status >= 400:
                raise problem_of(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise unreachable(self.socket_path, error) from error
        except BaseException:
            connection.close()
            raise
        return connection, response

    def listens(self) -> bool:
        """Whether a process listens on the socket."""
        connection = _Connection(self.socket_path, ANSWER_TIMEOUT)
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            # It is busy.
            return True
        finally:
            connection.close()
        return True

    def read(self, method: str, path: str, **request: Any) -> Tuple[http.client.HTTPResponse, bytes]:
        """Send a request, and return the answer with its whole body. Raises as ``open``."""
        connection, response = self.open(method, path, **request)
        try:
            return response, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise unreachable(self.socket_path, error) from error
        finally:
            connection.close()

    def get(self, path: str, query: Optional[Query] = None) -> Any:
        """Return the JSON of a resource. Raises as ``open``."""
        return json.loads(self.read("GET", path, query=query)[1])

    def post(self, path: str, body: Any, timeout: Optional[float] = None) -> Any:
        """Send JSON, and return the JSON of the answer. It may take long, so it has no timeout by default."""
        return json.loads(self.read("POST", path, body=body, timeout=timeout)[1])
