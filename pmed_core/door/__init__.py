"""One address for several processes that show pages; each visitor stays with one of them."""

BROWSER = "pmed-browser"
"""Name of the cookie by which a browser is known again: ``<process>.<what nobody can guess>``."""

SLOT = "PMED_SLOT"
"""Variable that tells a process which one of them it is, from 0."""
