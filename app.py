"""The door of the app: the server imports it once, and runs it for every look at a page."""

from pathlib import Path

import streamlit as st

from pages.parts import frame, server

if __name__ == "__main__":
    frame.show()
else:
    app = st.App(Path(__file__), middleware=server.middleware())
