"""The stream of events on a connection that breaks, and answers that are not those of the API."""

from __future__ import annotations

import json
import socket
import threading
from typing import Callable, List, Sequence

from flux_ensemble import EnsembleError, Study, attach
from flux_ensemble.events import EventParser
from flux_ensemble.transport import Transport

from .support import RunTest

HEADERS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text: str) -> str:
    return f"{len(text.encode()):x}\r\n{text}\r\n"


def event(name: str, number: int, **ensemble: object) -> str:
    data = {"id": "e", "status": "running", "counts": {"success": number}, "end": None, **ensemble}
    body = data if name == "end" else {"ensemble": data}
    return f"event: {name}\nid: x.{number}\ndata: {json.dumps(body)}\n\n"


class Connections(RunTest):
    def serve(self, answers: Sequence[str]) -> "tuple[str, List[str]]":
        """Answer one connection after the other, each with one text. Returns the path, and the requests as they come."""
        path = str(self.folder / "run" / "a.sock")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
        listener.listen()
        requests: List[str] = []

        def work() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    requests.append(connection.recv(65536).decode())
                    connection.sendall(answer.encode())
            listener.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        return path, requests

    def test_a_cut_stream_goes_on_after_its_last_event(self) -> None:
        end = {"end": "idle", "error": "", "by": ""}
        path, requests = self.serve(
            [
                HEADERS + chunk(event("state", 1)),
                HEADERS + chunk(": alive\n\n") + chunk(event("change", 2)[:25]),
                "",
                HEADERS + chunk(event("change", 3)) + chunk(event("end", 4, end=end)) + "0\r\n\r\n",
            ]
        )
        changes = list(Study(Transport(path), "e").follow())
        self.assertEqual(
            [(each.kind, each.data.get("end")) for each in changes],
            [("state", None), ("change", None), ("end", end)],
        )
        ids = [
            line for request in requests for line in request.splitlines() if line.startswith("Last-Event-ID")
        ]
        self.assertEqual(ids, ["Last-Event-ID: x.1"] * 3)

    def test_a_stream_of_an_ended_run_has_no_content(self) -> None:
        path, _ = self.serve(["HTTP/1.1 204 No Content\r\n\r\n"])
        with self.assertRaises(EnsembleError) as caught:
            list(Study(Transport(path), "e").follow())
        self.assertEqual(caught.exception.code, "ERR_RUN")

    def refused(self, answer: str, call: Callable[[str], object]) -> EnsembleError:
        path, _ = self.serve([answer])
        with self.assertRaises(EnsembleError) as caught:
            call(path)
        return caught.exception

    def test_an_answer_of_another_program_keeps_its_status(self) -> None:
        answer = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n<oh/>"
        error = self.refused(answer, lambda path: attach(socket=path))
        self.assertEqual((error.code, error.status), ("ERR_STATUS", 502))

    def test_a_token_is_sent_and_its_refusal_reported(self) -> None:
        problem = json.dumps({"code": "ERR_UNAUTHENTICATED", "detail": "the token is unknown"})
        path, requests = self.serve(
            [f"HTTP/1.1 401 Unauthorized\r\nContent-Length: {len(problem)}\r\n\r\n{problem}"]
        )
        with self.assertRaises(EnsembleError) as caught:
            attach(socket=path, token="secret")
        self.assertEqual((caught.exception.code, caught.exception.status), ("ERR_UNAUTHENTICATED", 401))
        self.assertIn("Authorization: Bearer secret\r\n", requests[0])
        self.assertNotIn("secret", str(caught.exception))

    def test_a_stream_is_read_from_pieces_of_any_size(self) -> None:
        text = 'retry: 2000\n\n: alive\n\nevent: state\r\nid: a.1\r\ndata: {"x":\r\ndata: "ü"}\r\n\r\nevent: end\ndata: {}\n\n'
        for size in (1, 2, 3, 7, 1000):
            parser = EventParser()
            data = text.encode()
            found = [each for at in range(0, len(data), size) for each in parser.push(data[at : at + size])]
            self.assertEqual(found, [("state", "a.1", '{"x":\n"ü"}'), ("end", None, "{}")])
