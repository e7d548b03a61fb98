"""Asks the head of a Ray cluster whether it answers to a token, as Ray's own programs do (gRPC)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import grpc

SECONDS = 5.0
"""That it may take to answer."""
ALIVE = "/ray.rpc.NodeInfoGcsService/CheckAlive"
"""The smallest question that they ask."""
GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
Files = tuple[Path | None, Path | None, Path | None]


def ask(address: str, token: str, tls: Files | None) -> Literal["accepted", "refused", "silent"]:
    """``token``: "" asks as a stranger; ``tls``: certificate of who signs, our key and ours, in
    files."""
    said = [("authorization", f"Bearer {token}")] if token else None
    with _channel(address, tls) as channel:
        try:
            channel.unary_unary(ALIVE)(b"", timeout=SECONDS, metadata=said)
        except grpc.RpcError as error:
            return "silent" if error.code() in GONE else "refused"
    return "accepted"


def _channel(address: str, tls: Files | None) -> grpc.Channel:
    if tls is None:
        return grpc.insecure_channel(address)
    known = (file and file.read_bytes() for file in tls)
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(*known))
