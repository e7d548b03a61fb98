"""A file of other patients for a model, in a form that is emptied once it was used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from pages.parts.errors import panel
from pages.parts.modalities import shown_by
from pages.parts.words import plain
from pmed_core.errors import UserError
from pmed_core.service.entries import ModelEntry

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Button:
    """What is on the button of the form, and what is said while it works."""

    label: str
    icon: str
    doing: str


def file_form(
    entry: ModelEntry, known: bool, button: Button, use: Callable[[str, str, Any, bool], Answer]
) -> Answer | None:
    """What ``use`` says of (model, name, file, whether a user looked for names); None until a file
    was given, and where it was refused. ``known``: the file has what happened."""
    with st.form(f"new-file-form-{known}", clear_on_submit=True):
        file, looked_at = shown_by(entry.modality).new_file(entry, known)
        if st.form_submit_button(button.label, type="primary", icon=button.icon):
            with panel():
                if file is None:
                    raise UserError("No file is chosen", "", "Choose a file first.")
                with st.spinner(f"{button.doing} {plain(file.name)}"):
                    return use(entry.id, file.name, file, looked_at)
    return None
