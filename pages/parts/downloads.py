"""What leaves the app as a file: made on the click that asks for it, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.handed_out import HANDED_OUT
from pmed_core.door import BROWSER
from pmed_core.errors import UserError
from pmed_core.service import access
from pmed_core.service.downloads import hand_out
from pmed_core.spreadsheets import as_csv


def download(
    label: str, make: Callable[[], bytes | str], file: tuple[str, str], key: str, **look: Any
) -> None:  # fmt: skip
    """A button that hands out what ``make`` returns as ``file``: its name and its media type.

    ``look``: what else ``st.download_button`` takes.
    """
    name, mime = file
    st.download_button(
        label, _for_this_session(make, name), name, mime, key=key, on_click="ignore", **look
    )


def _for_this_session(make: Callable[[], bytes | str], name: str) -> Callable[[], bytes]:
    """The same, noted for the session that draws the button (the click comes without it)."""
    drawn = get_script_run_ctx()
    session, browser = drawn.session_id if drawn else "", st.context.cookies.get(BROWSER, "")

    def made() -> bytes:
        try:
            content = make()
            held = content.encode() if isinstance(content, str) else content
            hand_out(name, held)
        except UserError as error:
            # Its words may name a patient, and Streamlit writes them to the log.
            raise RuntimeError(f"a download was not made ({type(error).__name__})") from None
        HANDED_OUT.note(held, session, browser)
        return held

    return access.for_user(made)


def download_table(table: pd.DataFrame, key: str) -> None:
    """The same for a table. It is our own: the button of Streamlit's tables, which
    ``.streamlit/config.toml`` turns off, writes cells that a spreadsheet runs as formulas."""
    download(
        "Download as CSV", lambda: as_csv(table), (f"{key}.csv", "text/csv"), f"csv-{key}",
        icon=":material/download:", type="tertiary",
    )  # fmt: skip
