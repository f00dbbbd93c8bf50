"""Pages of the process of the tests in a browser: answers of Django's client, and static files from their folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse

LEFT_OUT = {"set-cookie", "content-length", "location"}
FOR_GOOD = {"Cache-Control": "max-age=3600"}


class Served:
    """What a browser is given; what nobody put there is not found. Static files are fetched once."""

    def __init__(self, url: str) -> None:
        self._url, self._answers, self._kept = url, dict[str, HttpResponse](), dict[str, HttpResponse]()

    def keep(self, path: str, answer: HttpResponse) -> None:
        """What pages fetch, as scripts that are no static files."""
        self._kept[path] = answer

    def put(self, path: str, answer: HttpResponse) -> str:
        """The address at which `answer` is shown from now on."""
        self._answers = {path: answer, **self._kept}
        return f"{self._url}{path}"

    def at(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if answer := self._answers.get(path):
            headers = {name: value for name, value in answer.items() if name.lower() not in LEFT_OUT}
            return answer.status_code, headers, answer.content
        found: Any = path.startswith(settings.STATIC_URL) and finders.find(path.removeprefix(settings.STATIC_URL))
        if found:
            return 200, {"Content-Type": guess_type(found)[0] or "font/woff2", **FOR_GOOD}, Path(found).read_bytes()
        return 204, {}, b""


@contextmanager
def served() -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = pages.at(urlsplit(self.path).path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        pages = Served(f"http://localhost:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield pages
        finally:
            server.shutdown()
            thread.join()
