"""Brings audio onto the pole: HTTP/1.1 ranges of 64 KB, each checked against the list that the sealed plan
names.

A file grows as `.part` chunk by chunk and is renamed when its last chunk is right; what was checked stays
checked through a power cut. Only the last chunk of a `.part` can be wrong, so only that one is looked at
again.
"""

import asyncio
import hashlib

from protocol.messages import CHUNK_BYTES

FOLDER = "media/"
KEEP = "keep/"  # what must be there when nothing else is: alarms. Whole files only; never evicted
PART = ".part"
LIST = ".chunks"
READ_BYTES = 1024
READ_TIMEOUT_S = 15
CHUNK_TIMEOUT_S = 60
SLOWEST = 2000  # bytes a second that are worth waiting for
SPARE_BYTES = 256 * 1024  # never fill the flash to the brim: plans and receipts need room
LAST_BACKOFF_S = 60
MOST_HEADERS = 40


class FetchError(Exception):
    """This attempt failed; the next one goes on behind the last chunk that is right."""


class NoRoom(FetchError):
    """The file does not fit beside what the agenda needs."""


class Media:
    """What audio is on the pole."""

    def __init__(self, files):
        self._files = files
        self.whole = {name for name in files.names(FOLDER) if "." not in name}
        self._kept = {name for name in files.names(KEEP) if "." not in name}

    def has(self, digest):
        """True if the file is whole and was checked."""
        return digest in self.whole or digest in self._kept

    def open(self, digest):
        """The file, for reading."""
        return self._files.open((KEEP if digest in self._kept else FOLDER) + digest, "rb")

    def keep(self, digest):
        """Put a whole file where no eviction reaches it."""
        if digest not in self._kept:
            self._files.rename(FOLDER + digest, KEEP + digest)
            self.whole.discard(digest)
            self._kept.add(digest)

    def add(self, digest):
        """The `.part` is whole: give it its name."""
        self._files.rename(FOLDER + digest + PART, FOLDER + digest)
        self.whole.add(digest)
        self._remove(digest + LIST)

    def give(self, digest):
        """The name of a whole file that is no media any more: the caller moves it away."""
        self.whole.discard(digest)
        return FOLDER + digest

    def evict(self, needed):
        """Remove everything that no plan names; how many files went."""
        gone = 0
        for name in self._files.names(FOLDER):
            digest = name.split(".")[0]
            if digest not in needed:
                self.whole.discard(digest)
                self._remove(name)
                gone += 1
        return gone

    def _remove(self, name):
        if self._files.size(FOLDER + name) >= 0:
            self._files.remove(FOLDER + name)


class Fetch:
    """Downloads one file at a time over one kept-open connection."""

    def __init__(self, net, files, base, random):
        if not base.startswith("http://"):
            raise ValueError("media: http:// address expected")
        host, _, path = base[7:].partition("/")
        name, _, port = host.partition(":")
        self._address = (name, int(port or "80"))
        self._host = host
        self._path = ("/" + path).rstrip("/") + "/"
        self._net = net
        self._files = files
        self._random = random
        self._stream = None
        self.hold = False  # True: pause, because writing would disturb the sound
        self.turns = 0  # signs of life (vigil)
        self.right = 0  # chunks that came as they should …
        self.wrong = 0  # … and with wrong bytes

    async def get(self, item):
        """Until the `.part` of an Item is whole and right; FetchError, OSError or EOFError when this attempt
        fails.
        """
        hashes = await self._chunk_list(item)
        name = FOLDER + item.media + PART
        if self._files.free() < item.bytes - max(0, self._files.size(name)) + SPARE_BYTES:
            raise NoRoom("no room")
        count = len(hashes) // 32
        done = self._done(name, hashes, item.bytes)
        with self._files.open(name, "r+b" if self._files.size(name) >= 0 else "w+b") as file:
            for index in range(done, count):
                while self.hold:
                    self.turns += 1
                    await asyncio.sleep(1)
                start = index * CHUNK_BYTES
                size = min(CHUNK_BYTES, item.bytes - start)
                await self._chunk(item.media, file, start, size, hashes[index * 32 : index * 32 + 32])
        return True

    async def _chunk_list(self, item):
        name = FOLDER + item.media + LIST
        if self._files.size(name) >= 0:
            with self._files.open(name, "rb") as file:
                hashes = file.read()
            if hashlib.sha256(hashes).digest().hex() == item.media:
                return hashes
        size = (item.bytes + CHUNK_BYTES - 1) // CHUNK_BYTES * 32
        hashes = bytearray()
        await self._request(item.media + LIST, 0, size, hashes.extend)
        if hashlib.sha256(hashes).digest().hex() != item.media:
            self._drop()
            self.wrong += 1
            raise FetchError("wrong chunk list")
        with self._files.open(name, "wb") as file:
            file.write(hashes)
            self._files.flush(file)
        return bytes(hashes)

    def _done(self, name, hashes, total):
        """How many chunks of a `.part` are there and right."""
        size = max(0, self._files.size(name))
        done = len(hashes) // 32 if size >= total else size // CHUNK_BYTES
        if done:
            start = (done - 1) * CHUNK_BYTES
            with self._files.open(name, "rb") as file:
                file.seek(start)
                summed = hashlib.sha256()
                left = min(CHUNK_BYTES, total - start)
                while left:
                    got = file.read(min(left, READ_BYTES))
                    if not got:
                        break
                    summed.update(got)
                    left -= len(got)
            if summed.digest() != hashes[done * 32 - 32 : done * 32]:
                done -= 1
        return done

    async def _chunk(self, media, file, start, size, right):
        file.seek(start)
        summed = hashlib.sha256()

        def keep(piece):
            file.write(piece)
            summed.update(piece)

        await self._request(media, start, size, keep)
        self._files.flush(file)
        if summed.digest() != right:
            self._drop()
            self.wrong += 1
            raise FetchError("wrong bytes")
        self.right += 1

    async def _request(self, name, start, size, keep):
        """GET [start, start + size) of a file and give exactly these bytes to `keep`, in pieces."""
        try:
            if self._stream is None:
                host, port = self._address
                self._stream = await asyncio.wait_for(self._net.open(host, port, None), READ_TIMEOUT_S)
            reader, writer = self._stream
            writer.write(
                (
                    "GET %s%s HTTP/1.1\r\nHost: %s\r\nRange: bytes=%d-%d\r\n\r\n"
                    % (self._path, name, self._host, start, start + size - 1)
                ).encode()
            )
            await writer.drain()
            status, length = await asyncio.wait_for(self._answer(reader), READ_TIMEOUT_S)
            if status == 200 and length >= start + size:
                skip = self._body(reader, start, lambda piece: None)  # a server that does not know ranges
                await asyncio.wait_for(skip, CHUNK_TIMEOUT_S + start // SLOWEST)
            elif status != 206 or length != size:
                raise FetchError("answer %d" % status)
            await asyncio.wait_for(self._body(reader, size, keep), CHUNK_TIMEOUT_S)
            if status == 200 and length > start + size:
                self._drop()
        except (OSError, EOFError, ValueError, FetchError, asyncio.TimeoutError):
            self._drop()
            raise

    async def _answer(self, reader):
        """(status, length of the body); -1 when the server does not say."""
        line = (await reader.readline()).split()
        if len(line) < 2 or not line[0].startswith(b"HTTP/1."):
            raise FetchError("no HTTP")
        length = -1
        for _ in range(MOST_HEADERS):
            header = await reader.readline()
            if header in (b"\r\n", b"\n"):
                return int(line[1]), length
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        raise FetchError("headers")

    async def _body(self, reader, size, keep):
        while size:
            self.turns += 1
            piece = await reader.read(min(size, READ_BYTES))
            if not piece:
                raise EOFError
            keep(piece)
            size -= len(piece)

    def _drop(self):
        """Close the connection: what comes next on it can not be trusted to be an answer's beginning."""
        stream, self._stream = self._stream, None
        if stream:
            stream[1].close()

    def close(self):
        """Nothing to fetch for now."""
        self._drop()

    async def pause(self, failures):
        """Wait before the next attempt, longer each time and not together with all other poles."""
        self.turns += 1
        most_ms = min(LAST_BACKOFF_S * 1000, 500 << min(failures, 7))
        await asyncio.sleep((most_ms // 2 + most_ms * int.from_bytes(self._random(2), "big") // 65536) / 1000)
