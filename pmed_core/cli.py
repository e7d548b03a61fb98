"""The same verbs from the shell.

Results go to stdout or ``--to``, messages to stderr. Exit codes: 0 success, 2 something the user
can put right, 1 a bug, 130 cancelled. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from pmed_core.errors import Cancelled, UserError
from pmed_core.options import FitOptions, TabMOptions, ThreeLayerOptions
from pmed_core.settings import RESEARCH_ONLY

MISUSED, CANCELLED = 2, 130
FLAGS = {"time_limit_minutes": "--time-limit"}
NETWORKS = (TabMOptions, ThreeLayerOptions)

FIT_EXAMPLES = """examples:
  python -m pmed_core fit icu.csv --outcome died --patient record_id --to icu-model
  python -m pmed_core fit heart.csv --outcome num --positive 1 2 3 4 --to heart-model --folds 5
  python -m pmed_core fit icu.csv --outcome died --ignore "Length of stay" SOFA --to icu-model
  python -m pmed_core fit wine.csv --outcome grade --positive '*' --to classes-model --model mlp
"""
EXAMPLES = {
    "predict": "  python -m pmed_core predict icu-model new.csv --to predictions.csv",
    "evaluate": "  python -m pmed_core evaluate icu-model new.csv --json",
    "explain": "  python -m pmed_core explain icu-model new.csv --patient 17 --to shap.csv",
    "app": "  python -m pmed_core app --port 8600",
}


def main(arguments: list[str], started: float) -> int:
    """Do what the command line says -> exit code; ``started`` is when the program began."""
    given = parser().parse_args(arguments)
    try:
        _do(given, started)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return MISUSED
    except (Cancelled, KeyboardInterrupt):
        sys.stderr.write("Cancelled. Nothing was written.\n")
        return CANCELLED
    except BrokenPipeError:
        # Whoever read the result has seen enough (``| head``); nothing more can be written there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _do(given: argparse.Namespace, started: float) -> None:
    from pmed_core import commands

    match given.command:
        case "fit":
            commands.fit(given, options(given), started)
        case "predict":
            commands.predict(given)
        case "evaluate":
            commands.evaluate(given)
        case "explain":
            commands.explain(given)
        case "app":
            commands.app(given.port)
        case _:
            commands.supervise()


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    top = argparse.ArgumentParser(
        prog="python -m pmed_core",
        description=f"Train, judge, use and explain models of disease risk. {RESEARCH_ONLY}",
        epilog="'python -m pmed_core COMMAND --help' has examples.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _fit(commands)
    predict = _command(commands, "predict", "predict the patients of a table")
    _model_and_table(predict)
    _to(predict, "CSV file to write; without it the result goes to stdout")
    evaluate = _command(commands, "evaluate", "judge a model on patients it did not see")
    _model_and_table(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    explain = _command(commands, "explain", "say what moved the model for one patient")
    _model_and_table(explain)
    explain.add_argument("--patient", required=True, help="the patient's id, or the row from 1")
    explain.add_argument("--label", help="the class to explain, where there are several")
    _to(explain, "CSV file to write; without it the result goes to stdout")
    app = _command(commands, "app", "start the app and say where it is")
    app.add_argument("--port", type=int, help="port to listen on (default: 8501)")
    # Without help: for a service manager, and started by the app itself on a laptop.
    commands.add_parser("supervise")
    return top


def _command(commands: Any, name: str, purpose: str, examples: str = "") -> Any:
    return commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}. {RESEARCH_ONLY}",
        epilog=examples or f"example:\n{EXAMPLES[name]}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def _model_and_table(command: Any) -> None:
    command.add_argument("model", metavar="MODEL", help="the folder that 'fit --to' wrote")
    command.add_argument("file", metavar="FILE", help="a CSV, TSV, Excel or Parquet table")


def _to(command: Any, purpose: str) -> None:
    command.add_argument("--to", metavar="PATH", help=purpose)


def _fit(commands: Any) -> None:
    fit = _command(commands, "fit", "train a model and judge it honestly", FIT_EXAMPLES)
    fit.usage = "python -m pmed_core fit FILE --outcome COL --to FOLDER [options]"
    # Optional for argparse alone: a column list may have swallowed it, and that is said in words.
    fit.add_argument("file", metavar="FILE", nargs="?", help="a CSV, TSV, Excel or Parquet table")
    fit.add_argument("--outcome", required=True, metavar="COL", help="the column to predict")
    fit.add_argument("--to", required=True, metavar="FOLDER", help="folder to write the model to")
    fit.add_argument("--patient", metavar="COL", help="the column that says whose row it is")
    fit.add_argument(
        "--ignore", metavar="COL", nargs="+", action="extend", default=[],
        help="columns that the model must not read, such as those known only afterwards",
    )  # fmt: skip
    fit.add_argument(
        "--positive", metavar="VALUE", nargs="+", action="extend", default=[],
        help="values of the outcome that count as the event; '*' keeps them all as classes",
    )  # fmt: skip
    fit.add_argument("--name", help="name of the model (default: that of the file)")
    recipe = fit.add_argument_group("training")
    names = [network.model_fields["name"].default for network in NETWORKS]
    recipe.add_argument("--model", choices=names, help=f"network (default: {names[0]})")
    for name, field in _fields().items():
        _flag(recipe, name, field)


def _fields() -> dict[str, FieldInfo]:
    """Every option but the choice of network, by name."""
    found = {name: field for name, field in FitOptions.model_fields.items() if name != "network"}
    for network in NETWORKS:
        found |= {name: f for name, f in network.model_fields.items() if name != "name"}
    return found


def _flag(group: Any, name: str, field: FieldInfo) -> None:
    flag = FLAGS.get(name, "--" + name.replace("_", "-"))
    text = f"{field.title or name}. {field.description or ''}".replace("%", "%%").strip()
    about: dict[str, Any] = {"dest": name, "help": f"{text} (default: {field.default})"}
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        about["choices"] = get_args(kind)
    elif kind is bool:
        about["action"] = argparse.BooleanOptionalAction
    else:
        about |= {"type": kind, "metavar": "N"}
    group.add_argument(flag, default=argparse.SUPPRESS, **about)


def options(given: argparse.Namespace) -> FitOptions:
    """The options that were typed; raises ``UserError`` where one is out of its range."""
    typed = {name: value for name, value in vars(given).items() if name in _fields()}
    general = {name: value for name, value in typed.items() if name in FitOptions.model_fields}
    own = {name: value for name, value in typed.items() if name not in general}
    if given.model or own:
        general["network"] = {"name": given.model or NETWORKS[0]().name} | own
    try:
        return FitOptions.model_validate(general)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][-1])
        flag = FLAGS.get(name, "--" + name.replace("_", "-"))
        raise UserError(
            f"{first['msg']}; received {first['input']}", flag, "See 'fit --help'."
        ) from error
