"""What all commands of the shell share: how each introduces itself, and where its result goes."""

from __future__ import annotations

import argparse
from typing import Any

from pmed_core.settings import RESEARCH_ONLY

EXAMPLES = {
    "predict": "  python -m pmed_core predict icu-model new.csv --to predictions.csv",
    "evaluate": "  python -m pmed_core evaluate icu-model new.csv --json",
    "explain": "  python -m pmed_core explain icu-model new.csv --patient 17 --to shap.csv\n"
    "  python -m pmed_core explain promoter-model promoters.fa --held-out --to motifs.meme",
    "export": "  python -m pmed_core export icu-model --to icu-model.onnx",
    "app": "  python -m pmed_core app --port 8600",
    "audit": "  python -m pmed_core audit verify",
    "keys": "  python -m pmed_core keys make /etc/pmed/master.key\n"
    "  python -m pmed_core keys rotate",
    "project": "  python -m pmed_core project list",
    "airgap": "  python -m pmed_core airgap bundle pmed-offline",
    "serve": "  python -m pmed_core serve --port 8600",
    "key": "  python -m pmed_core key make 'ward system'",
    "store": "  python -m pmed_core store check\n  python -m pmed_core store backup --to backups/",
}


def command(commands: Any, name: str, purpose: str, examples: str = "") -> Any:
    """A command with its purpose and examples in its help."""
    return commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}. {RESEARCH_ONLY}",
        epilog=examples or f"example:\n{EXAMPLES[name]}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def to(of: Any, purpose: str) -> None:
    """Where the result is written."""
    of.add_argument("--to", metavar="PATH", help=purpose)
