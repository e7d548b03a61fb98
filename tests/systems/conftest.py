"""Laws are tried on pages as pages are tested."""

from tests.pages.conftest import opened

__all__ = ["opened"]
