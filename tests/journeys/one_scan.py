"""A page with nothing but the viewer: the address says of which cohort and scan."""

import streamlit as st

from pages.parts.modalities.scan.viewer import scan_viewer

scan_viewer(st.query_params["cohort"], st.query_params["scan"], None)
