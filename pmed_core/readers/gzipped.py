"""What gzip and bgzip pack: members, one behind the other.

A bgzip file is a row of small gzip members that ends with an empty one (BGZF; SAM specification,
section 4.1), which is how a file that was cut off is known.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from pmed_core.errors import UserError

GZIP, BLOCK_MARK = b"\x1f\x8b", b"BC\x02\x00"
END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
STEP, BEGIN = 2**20, 4096
AGAIN = "Copy or download it again, whole."


def begins(data: bytes) -> bytes:
    """The first bytes of a file as they are unpacked; none where it is damaged."""
    if not data.startswith(GZIP):
        return data[:BEGIN]
    try:
        return zlib.decompressobj(wbits=31).decompress(data[: 2**16], BEGIN)
    except zlib.error:
        return b""


def pieces(data: bytes, name: str) -> Iterator[bytes]:
    """The bytes of all members, some at a time; a plain file as it is. Raises ``UserError``."""
    if not data.startswith(GZIP):
        yield data
    elif data[12:16] == BLOCK_MARK:
        yield from _blocks(data, name)
    else:
        yield from _members(data, name)


def _blocks(data: bytes, name: str) -> Iterator[bytes]:
    """Of bgzip, several at a time."""
    if not data.endswith(END):
        raise UserError("The bgzip file is cut off: its last block is missing", name, AGAIN)
    place, found, size = 0, list[bytes](), 0
    while place < len(data):
        if data[place : place + 2] != GZIP or data[place + 12 : place + 16] != BLOCK_MARK:
            raise _damaged(name)
        length = int(struct.unpack_from("<H", data, place + 16)[0]) + 1
        found.append(_inflated(data[place : place + length], name))
        size += len(found[-1])
        place += length
        if size >= STEP:
            yield b"".join(found)
            found, size = [], 0
    yield b"".join(found)


def _inflated(member: bytes, name: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(member)
    except zlib.error as error:
        raise _damaged(name) from error
    if not unpacker.eof or unpacker.unused_data:
        raise _damaged(name)
    return unpacked


def _members(data: bytes, name: str) -> Iterator[bytes]:
    """Of gzip, of which several may stand behind one another."""
    place, unpacker = 0, zlib.decompressobj(wbits=31)
    while place < len(data):
        given = data[place : place + STEP]
        place += len(given)
        while given:
            if unpacker.eof:
                # Zeros behind the last member fill up a block of a tape.
                if not (given := given.lstrip(b"\0")):
                    break
                unpacker = zlib.decompressobj(wbits=31)
            try:
                yield unpacker.decompress(given, 16 * STEP)
            except zlib.error as error:
                raise _damaged(name) from error
            given = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    if not unpacker.eof:
        raise UserError("The gzip file is cut off", name, AGAIN)


def _damaged(name: str) -> UserError:
    return UserError("The gzip file is damaged", name, AGAIN)
