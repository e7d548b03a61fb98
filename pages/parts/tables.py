"""A table on a screen, and the same as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts.downloads import download_table


def show(
    table: pd.DataFrame, key: str, alt: str, columns: Mapping[str, Any] | None = None,
    drawn: Sequence[str] = (), **look: Any,
) -> None:  # fmt: skip
    """The table with its download.

    Args:
        table: its rows.
        key: of the table; also the name of the file.
        alt: what it is, for somebody who cannot see it.
        columns: how single columns are shown.
        drawn: columns that are pictures, which a file of text cannot hold.
        look: what else ``st.dataframe`` takes.
    """
    st.dataframe(table, hide_index=True, key=f"table-{key}", alt=alt, column_config=columns,
                 placeholder="–", **look)  # fmt: skip
    download_table(table.drop(columns=list(drawn)), key)
