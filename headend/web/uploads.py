"""An upload goes straight to disk, piece by piece, and is gone when its request ends."""

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from anyio import to_thread
from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from headend.domain.bulletin import About
from headend.domain.errors import BadInput
from headend.web.asked import about
from headend.web.door import CSRF_FIELD, CSRF_HEADER, check_token, refuse_null
from headend.web.shield import MOST_BODY
from headend.web.site import site_of

MOST_FILE = 200 * 1024 * 1024
PREFIX = ".upload-"
TOO_LARGE = "Tệp lớn quá 200 MB. Hãy cắt ngắn hoặc nén lại (MP3, M4A) rồi tải lên lần nữa."
BROKEN = "Dữ liệu tải lên bị đứt giữa chừng. Hãy thử lại."


@dataclass(frozen=True)
class Limit:
    """How long a file may be, what is said of a longer one, and the field that it belongs to."""

    most: int
    message: str
    field: str


@dataclass
class Parcel:
    """What came: plain fields, and the file on disk if there was one that was not empty.

    `file_name` is what the sender calls it: to be shown, never to be opened.
    """

    fields: dict[str, list[str]] = field(default_factory=dict)
    file: Path | None = None
    file_name: str = ""

    def text(self, name: str) -> str:
        return self.fields.get(name, [""])[0]

    def about(self) -> About:
        """What is said of a bulletin, or BadInput."""
        return about(*(self.text(name) for name in ("title", "field", "kind", "event_day", "directive")))

    def needed_file(self) -> Path:
        """The file, or BadInput."""
        if self.file is None:
            raise BadInput("Hãy gửi kèm một tệp âm thanh.", "file")
        return self.file


@asynccontextmanager
async def receive(request: Request, limit: Limit | None = None) -> AsyncIterator[Parcel]:
    """Read a multipart body; its one file is deleted at the end of the block, whatever happened.

    The file is a recording unless `limit` says what else. BadInput if it is malformed or too large, NotAllowed unless
    the login's token came before the file.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise BadInput(BROKEN, "file")
    limit = limit or Limit(MOST_FILE, TOO_LARGE, "file")
    reader = _Reader(request, site_of(request).uploads, limit)
    try:
        await _feed(request, MultipartParser(boundary, reader.callbacks()), limit)
        yield reader.parcel()
    finally:
        reader.close()


async def _feed(request: Request, parser: MultipartParser, limit: Limit) -> None:
    got = 0
    try:
        async for piece in request.stream():
            got += len(piece)
            if got > limit.most + MOST_BODY:
                raise BadInput(limit.message, limit.field)
            await to_thread.run_sync(parser.write, piece)
        parser.finalize()
    except MultipartParseError as error:
        raise BadInput(BROKEN, "file") from error


def sweep(folder: Path) -> None:
    """Remove what a killed process left; only while nothing else uses the folder."""
    for leftover in folder.glob(PREFIX + "*"):
        leftover.unlink(missing_ok=True)


class _Reader:
    """Takes the parser's callbacks, part by part."""

    def __init__(self, request: Request, folder: Path, limit: Limit) -> None:
        self._request = request
        self._folder = folder
        self._limit = limit
        self._fields: dict[str, list[str]] = {}
        self._small = 0  # bytes of all that is not the file
        self._file: IO[bytes] | None = None
        self._file_bytes = 0
        self._file_name = ""
        self._trusted = False
        self._complete = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin, "on_header_field": self._name, "on_header_value": self._value,
            "on_header_end": self._header, "on_headers_finished": self._headers,
            "on_part_data": self._data, "on_part_end": self._end, "on_end": self._finished,
        }

    def parcel(self) -> Parcel:
        if not self._complete:
            raise BadInput(BROKEN, "file")
        self._check_token()
        if self._file is None or not self._file_bytes:
            return Parcel(self._fields)
        self._file.flush()
        return Parcel(self._fields, Path(self._file.name), self._file_name)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()  # and delete

    def _count(self, more: int) -> None:
        self._small += more
        if self._small > MOST_BODY:
            raise BadInput("Nội dung dài quá mức cho phép.", "text")

    def _begin(self) -> None:
        self._headers_here: dict[str, bytes] = {}
        self._field = self._text = b""

    def _name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._field += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._text += data[start:end]

    def _header(self) -> None:
        self._headers_here[self._field.decode("latin-1").lower()] = self._text
        self._field = self._text = b""

    def _headers(self) -> None:
        _, options = parse_options_header(self._headers_here.get("content-disposition", b""))
        self._part = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = b"filename" in options
        self._content = bytearray()
        if self._is_file:
            self._open()
            self._file_name = _shown(options[b"filename"])

    def _open(self) -> None:
        self._check_token()
        if self._file is not None:
            raise BadInput("Mỗi lần chỉ nhận một tệp.", self._limit.field)
        self._file = tempfile.NamedTemporaryFile(dir=self._folder, prefix=PREFIX)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._count(end - start)
            self._content += data[start:end]
            return
        self._file_bytes += end - start
        if self._file_bytes > self._limit.most:
            raise BadInput(self._limit.message, self._limit.field)
        self._file.write(memoryview(data)[start:end])

    def _end(self) -> None:
        if not self._is_file:
            text = self._content.decode("utf-8", "replace")
            refuse_null(text)
            self._fields.setdefault(self._part, []).append(text)

    def _finished(self) -> None:
        self._complete = True

    def _check_token(self) -> None:
        if not self._trusted:
            sent = self._request.headers.get(CSRF_HEADER) or self._fields.get(CSRF_FIELD, [""])[0]
            check_token(self._request, sent)
            self._trusted = True


def _shown(name: bytes) -> str:
    """A file's name without folders and without what can not be shown."""
    last = re.split(r"[/\\]", name.decode("utf-8", "replace"))[-1]
    return "".join(one for one in last if one.isprintable())
