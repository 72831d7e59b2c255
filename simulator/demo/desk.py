"""A person at a browser, reduced to requests: logs in and presses the buttons that the console's API offers."""

import http.cookiejar
import json
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any


class Refused(Exception):
    """The head-end said no; `status` is HTTP's, `answer` its JSON."""

    def __init__(self, status: int, answer: dict[str, Any]) -> None:
        reasons = [one["message"] for one in answer.get("refusals", [])] or [
            answer.get("message", str(answer))
        ]
        super().__init__("; ".join(reasons))
        self.status = status
        self.answer = answer


class Desk:
    """One logged-in person. All calls raise Refused where the head-end refuses, OSError where it can't be reached."""

    def __init__(self, base: str, username: str, password: str, patience_seconds: float = 300) -> None:
        self._base = base
        self._patience = patience_seconds
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self._csrf = ""
        self._csrf = self.post("/api/login", {"username": username, "password": password})["csrf"]

    def get(self, path: str) -> Any:
        """JSON of a GET."""
        return json.loads(self.raw(path))

    def raw(self, path: str) -> bytes:
        """What a GET answers, as it is."""
        return self._send(urllib.request.Request(self._base + path))

    def text(self, path: str) -> str:
        """A page as it is sent to the browser."""
        return self.raw(path).decode()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """JSON of a POST with a JSON body."""
        return self._post(path, json.dumps(body or {}).encode(), "application/json")

    def upload(self, path: str, fields: dict[str, str], file: Path) -> Any:
        """JSON of a multipart POST with one file."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'
        body = b"".join([*parts, head.encode(), file.read_bytes(), f"\r\n--{boundary}--\r\n".encode()])
        return self._post(path, body, f"multipart/form-data; boundary={boundary}")

    def _post(self, path: str, body: bytes, kind: str) -> Any:
        headers = {"Content-Type": kind, "X-CSRF-Token": self._csrf, "Origin": self._base}
        raw = self._send(urllib.request.Request(self._base + path, body, headers))
        return json.loads(raw) if raw else None

    def _send(self, request: urllib.request.Request) -> bytes:
        try:
            with self._opener.open(request, timeout=self._patience) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raw = error.read()
            try:
                told = json.loads(raw)
            except ValueError:
                told = {"message": f"HTTP {error.code}"}
            raise Refused(error.code, told) from None
