"""Style, scripts and pictures: read once, compressed once, named by what they hold, kept by browsers for ever."""

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Third parties' files come from wheels that carry them; none is in this repository.
VENDORED = {
    "htmx.js": ("js_lib_htmx", "static/htmx/htmx.min.js"),
    "leaflet.js": ("js_lib_leaflet", "static/js_lib_leaflet/leaflet.js"),
    "leaflet.css": ("js_lib_leaflet", "static/js_lib_leaflet/leaflet.css"),
}


@dataclass(frozen=True)
class Asset:
    content_type: str
    plain: bytes
    packed: bytes


class Assets:
    """All files under one version, so that modules can import each other by relative names."""

    def __init__(self) -> None:
        found = {name: (resources.files(package) / path).read_bytes() for name, (package, path) in VENDORED.items()}
        for file in (resources.files("headend.web") / "static").iterdir():
            found[file.name] = file.read_bytes()
        self._files = {name: _asset(name, content) for name, content in sorted(found.items())}
        self.version = hashlib.sha256(b"".join(one.plain for one in self._files.values())).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a page finds `name`; KeyError for a file that does not exist."""
        self._files[name]
        return f"/static/{self.version}/{name}"

    def answer(self, request: Request, name: str) -> Response:
        """The file, compressed where the browser can; 404 for any other name."""
        asset = self._files.get(name)
        if asset is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.content_type, headers=headers)
        return Response(asset.plain, media_type=asset.content_type, headers=headers)


def _asset(name: str, content: bytes) -> Asset:
    return Asset(TYPES[PurePosixPath(name).suffix], content, gzip.compress(content, 9, mtime=0))
