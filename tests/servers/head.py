"""The head of a Ray cluster, as far as it lets strangers in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc


class Head(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc tells no types
    """Answers to everybody where there is no token, else to whoever knows it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        known = ("authorization", f"Bearer {self.token}") in details.invocation_metadata

        def answer(_: bytes, context: grpc.ServicerContext) -> bytes:
            if self.token and not known:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "InvalidAuthToken")
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


@contextmanager
def answering(token: str) -> Iterator[str]:
    """One on this machine -> its address."""
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads, handlers=[Head(token)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()
