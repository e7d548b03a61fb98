"""A visitor without a browser: one session over Streamlit's websocket, for tests and for load."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

FINISHED = ForwardMsg.ScriptFinishedStatus
OVER = {
    FINISHED.FINISHED_SUCCESSFULLY,
    FINISHED.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
    FINISHED.FINISHED_WITH_COMPILE_ERROR,
}


def connected(address: str, seconds: float) -> http.client.HTTPConnection:
    """To ask that server something; one that encrypts is believed as ``SSL_CERT_FILE`` says."""
    where = urlsplit(address)
    if where.scheme == "https":
        return http.client.HTTPSConnection(where.netloc, timeout=seconds)
    return http.client.HTTPConnection(where.netloc, timeout=seconds)


def fetch(
    address: str, path: str, cookie: str = "", method: str = "GET"
) -> tuple[int, list[tuple[str, str]], bytes]:
    """(status, headers, body) of one request."""
    with closing(connected(address, 60)) as connection:
        connection.request(method, path, headers={"Cookie": cookie} if cookie else {})
        with connection.getresponse() as response:
            return response.status, response.getheaders(), response.read()


def cookies(address: str) -> str:
    """What a browser would send back after it has opened the app."""
    found: dict[str, str] = {}
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        sent = "; ".join(f"{name}={value}" for name, value in found.items())
        for name, value in fetch(address, path, sent)[1]:
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                found[key] = rest.partition(";")[0]
    return "; ".join(f"{name}={value}" for name, value in found.items())


@dataclass
class Visitor:
    """An open session.

    Attributes:
        address: of the server.
        cookie: what the browser sends along.
        elements: what the last run drew, in its order: kind -> the elements.
        widgets: id -> what was typed or chosen so far.
    """

    socket: ClientConnection
    address: str
    cookie: str
    page: str = ""
    query: str = ""
    session: str = ""
    elements: dict[str, list[Any]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    widgets: dict[str, WidgetState] = field(default_factory=dict)

    async def open(self, page: str, query: str = "", seconds: float = 60) -> None:
        """Open a page by its address, such as "cohorts"; "" is Home."""
        self.page, self.query = page, query
        self.widgets.clear()
        await self._run(seconds, named=True)

    async def choose(self, widget: str, option: str, seconds: float = 60) -> None:
        """Choose an option of the segmented control with that id."""
        state = WidgetState(id=widget)
        state.string_array_value.data.append(option)
        self.widgets[widget] = state
        await self._run(seconds)

    async def rerun(self, seconds: float = 60) -> None:
        """Run the page once more with all that was chosen."""
        await self._run(seconds)

    async def download(self, key: str, seconds: float = 60) -> str:
        """Click the download button with that key -> the path of the file that was made."""
        button = next(one for one in self.elements["download_button"] if one.id.endswith(f"-{key}"))
        ask = BackMsg()
        ask.backend_operation_request.request_id = "1"
        ask.backend_operation_request.session_id = self.session
        ask.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        await self.socket.send(ask.SerializeToString())
        async with asyncio.timeout(seconds):
            while True:
                message = await self._next()
                if message.WhichOneof("type") == "backend_operation_response":
                    assert not message.backend_operation_response.error_msg
                    return str(message.backend_operation_response.deferred_file.url)

    async def _run(self, seconds: float, *, named: bool = False) -> None:
        state = ClientState(query_string=self.query)
        if named:
            state.page_name = self.page
        else:
            state.page_script_hash = self.pages.get(self.page, "")
        state.widget_states.widgets.extend(self.widgets.values())
        state.context_info.url = f"{self.address}/{self.page}"
        message = BackMsg()
        message.rerun_script.CopyFrom(state)
        await self.socket.send(message.SerializeToString())
        self.elements = {}
        async with asyncio.timeout(seconds):
            while not self._over(await self._next()):
                pass

    async def _next(self) -> ForwardMsg:
        message = ForwardMsg()
        received = await self.socket.recv()
        assert isinstance(received, bytes)
        message.ParseFromString(received)
        return message

    def _over(self, message: ForwardMsg) -> bool:
        match message.WhichOneof("type"):
            case "delta":
                element = message.delta.new_element
                if kind := element.WhichOneof("type"):
                    self.elements.setdefault(kind, []).append(getattr(element, kind))
            case "new_session":
                self.session = message.new_session.initialize.session_id
            case "navigation":
                self.pages = {one.url_pathname: one.page_script_hash
                              for one in message.navigation.app_pages}  # fmt: skip
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "script_finished":
                return message.script_finished in OVER
        return False

    def texts(self) -> str:
        """All that the last run drew, to look for words in it."""
        return json.dumps({kind: [str(one) for one in found]
                           for kind, found in self.elements.items()})  # fmt: skip


@asynccontextmanager
async def visiting(address: str, cookie: str = "", **headers: str) -> AsyncIterator[Visitor]:
    """A session of a new visitor, or of one with those cookies; the page is still to be opened."""
    cookie = cookie or await asyncio.to_thread(cookies, address)
    known = [Subprotocol(one.partition("=")[2]) for one in cookie.split("; ")
             if one.startswith("_streamlit_xsrf=")]  # fmt: skip
    async with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream", max_size=None, origin=address,  # type: ignore[arg-type]
        subprotocols=[Subprotocol("streamlit"), *known],
        additional_headers={"Cookie": cookie} | headers,
        open_timeout=60, ping_interval=None,
    ) as socket:  # fmt: skip
        yield Visitor(socket, address, cookie)
