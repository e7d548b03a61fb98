"""What stays in view while the rest of a page moves below it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

RULE = """<style>
@media (min-width: 640px) and (min-height: 600px) {{
  div:has(> .st-key-{key}) {{
    position: sticky; top: 0; z-index: 9; padding-top: 0.5rem;
    background: light-dark({light}, {dark});
  }}
  /* Streamlit's own bar is there, and not clear, while the sidebar is folded. */
  body:has([data-testid="stExpandSidebarButton"]) div:has(> .st-key-{key}) {{ top: 3.75rem; }}
}}
@media print {{ div:has(> .st-key-{key}) {{ position: static; }} }}
</style>"""
"""The one rule of CSS in the app: Streamlit has no container that stays. Not on a phone, where it
would take the screen."""


def staying(key: str) -> DeltaGenerator:
    """A container that stays at the top of the page when what follows it is scrolled."""
    light, dark = (st.get_option(f"theme.{mode}.backgroundColor") for mode in ("light", "dark"))
    st.html(RULE.format(key=key, light=light, dark=dark))
    return st.container(key=key)
