"""The format of a sealed file: chunks of AES-256-GCM, each in its place (STREAM: Hoang,
Reyhanitabar, Rogaway and Vizár 2015).

    "PMEDSEA1", id of the key (8 bytes), salt (16 bytes), then chunks of 64 KiB, each with its tag

The key of a file is derived from that of its home and the salt (HKDF-SHA-256, RFC 5869), so that a
nonce is the number of a chunk and whether it is the last. What was cut off, moved, exchanged
between two files or changed does not open. Any part can be read without what stands before it.
"""

from __future__ import annotations

import io
import os
import secrets
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"PMEDSEA1"
ID, SALT, TAG, CHUNK = 8, 16, 16, 2**16
HEADER = len(MAGIC) + ID + SALT


@dataclass(frozen=True)
class Key:
    """That of a home. Its bytes are not printed."""

    id: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.id.hex()})"

    def derived(self, purpose: bytes, salt: bytes = b"") -> Any:
        """An AES-GCM cipher with a key for that purpose alone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return AESGCM(HKDF(SHA256(), 32, salt, b"pmed " + purpose).derive(self.secret))


def new_key() -> Key:
    """A fresh one."""
    return Key(secrets.token_bytes(ID), secrets.token_bytes(32))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Writer(io.RawIOBase):
    """Seals what is written to it into a file; it is whole once this is closed without an error.

    Left through an exception it ends without a last chunk, and does not open.
    """

    def __init__(self, file: IO[bytes], key: Key) -> None:
        salt = secrets.token_bytes(SALT)
        self.file, self.header = file, MAGIC + key.id + salt
        self.cipher, self.number, self.written = key.derived(b"file", salt), 0, 0
        self.pending = bytearray()
        file.write(self.header)

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.written

    def write(self, data: Any) -> int:
        part = memoryview(data)
        # An empty array of several dimensions cannot be cast.
        part = part.cast("B") if part.nbytes else memoryview(b"")
        self.pending += part
        self.written += len(part)
        # One that is full is kept until more comes: it may be the last.
        while len(self.pending) > CHUNK:
            self._seal(self.pending[:CHUNK], last=False)
            del self.pending[:CHUNK]
        return len(part)

    def finish(self) -> None:
        """Write the last chunk; nothing can be written afterwards."""
        self._seal(self.pending, last=True)
        self.pending = bytearray()
        self.file.flush()

    def _seal(self, part: bytearray, *, last: bool) -> None:
        nonce = _nonce(self.number, last)
        self.file.write(self.cipher.encrypt(nonce, bytes(part), self.header))
        self.number += 1


class Sealed:
    """A sealed file that is open for reading, by any number of threads.

    Raises ``ValueError`` where it is not what was written under this key.

    Attributes:
        size: bytes of what was sealed.
    """

    def __init__(self, path: Path, key: Key) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDONLY)
        self.close = weakref.finalize(self, os.close, self.descriptor)
        self.header = os.pread(self.descriptor, HEADER, 0)
        if self.header[: len(MAGIC)] != MAGIC or len(self.header) != HEADER:
            raise ValueError(f"{path.name} is not encrypted, in a home that is")
        if self.header[len(MAGIC) : len(MAGIC) + ID] != key.id:
            raise ValueError(f"{path.name} was encrypted with another key")
        self.cipher = key.derived(b"file", self.header[-SALT:])
        held = os.fstat(self.descriptor).st_size - HEADER
        self.chunks = -(-held // (CHUNK + TAG))
        self.size = held - self.chunks * TAG
        if self.chunks < 1 or self.size < (self.chunks - 1) * CHUNK:
            raise ValueError(f"{path.name} is cut off")
        self.chunk(self.chunks - 1)  # the last one says that nothing was cut off

    def chunk(self, number: int) -> bytes:
        """One of the parts of 64 KiB; raises ``ValueError`` where it is not as it was written."""
        from cryptography.exceptions import InvalidTag

        kept = os.pread(self.descriptor, CHUNK + TAG, HEADER + number * (CHUNK + TAG))
        nonce = _nonce(number, number == self.chunks - 1)
        try:
            return bytes(self.cipher.decrypt(nonce, kept, self.header))
        except InvalidTag as error:
            raise ValueError(f"{self.path.name} is not as it was written") from error

    def part(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to before ``stop``."""
        start, stop = min(start, self.size), min(stop, self.size)
        if stop <= start:
            return b""
        first, last = start // CHUNK, (stop - 1) // CHUNK
        joined = b"".join(self.chunk(number) for number in range(first, last + 1))
        return joined[start - first * CHUNK : stop - first * CHUNK]


class Reader(io.RawIOBase):
    """A sealed file as any other: it is read, and sought in, in the clear."""

    def __init__(self, sealed: Sealed) -> None:
        self.sealed, self.at = sealed, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.sealed.size}[whence]
        self.at = max(0, begin + offset)
        return self.at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        found = self.sealed.part(self.at, self.at + len(view))
        view[: len(found)] = found
        self.at += len(found)
        return len(found)


class Bytes:
    """A sealed file as an array of bytes, of which only what is asked for is opened.

    Attributes:
        filename: where it lies, as of an array that is mapped.
    """

    def __init__(self, sealed: Sealed) -> None:
        self.sealed, self.filename = sealed, str(sealed.path)

    def __len__(self) -> int:
        return self.sealed.size

    def __getitem__(self, which: slice) -> NDArray[np.uint8]:
        start, stop, _ = which.indices(len(self))
        return np.frombuffer(self.sealed.part(start, stop), dtype=np.uint8)
