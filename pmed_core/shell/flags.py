"""What may be typed in the shell, and what was."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from pmed_core.errors import UserError
from pmed_core.modalities import ALL, Modality
from pmed_core.modalities.options import Flag, titles
from pmed_core.modalities.options import idle as without_meaning
from pmed_core.options import FitOptions
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.shell import genomes, outcomes, upkeep
from pmed_core.shell.commands import command, to
from pmed_core.systems import SYSTEMS

FLAGS = {"time_limit_minutes": "--time-limit"}

FIT_EXAMPLES = """examples:
  python -m pmed_core fit icu.csv --outcome died --patient record_id --to icu-model
  python -m pmed_core fit heart.csv --outcome num --positive 1 2 3 4 --to heart-model --folds 5
  python -m pmed_core fit icu.csv --outcome died --ignore "Length of stay" SOFA --to icu-model
  python -m pmed_core fit wine.csv --outcome grade --positive '*' --to classes-model --model mlp
  python -m pmed_core fit follow-up.csv --time months --event died --to prognosis
  python -m pmed_core fit diabetes.csv --outcome progression --to progression-model
  python -m pmed_core fit stays.csv --outcome sepsis delirium falls --to complications-model
  python -m pmed_core fit assays.csv --outcome NR-AR SR-p53 --molecule smiles --to tox-model
  python -m pmed_core fit promoters.fa --outcome label --positive promoter --patient id \\
      --to promoter-model
  python -m pmed_core fit counts.gct --phenotypes samples.csv --outcome response \\
      --positive responder --to gene-model
  python -m pmed_core fit cohort.vcf.gz --phenotypes sheet.csv --outcome case --to exome-model
  python -m pmed_core fit pairs.csv --outcome ln_ic50 --join cell_line=expression.csv \\
      drug=drugs.csv --split cell_line --to response-model
  python -m pmed_core fit trial.csv --treatment arm --outcome cd4 --randomised 0.25 \\
      --to trial-model
  python -m pmed_core fit trial.csv --treatment arm --time months --event died --horizon 60 \\
      --observed --to survival-trial-model
  python -m pmed_core fit scans/ --to lung-model --validation more-scans/
"""


def parser() -> argparse.ArgumentParser:
    """What may be typed."""
    top = argparse.ArgumentParser(
        prog="python -m pmed_core",
        description="Train, evaluate, use and explain models for precision medicine. "
        f"{RESEARCH_ONLY}",
        epilog=_epilog(), formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _fit(commands)
    _ask(commands)
    _export(commands)
    genomes.flags(commands)
    upkeep.flags(commands)
    return top


def _ask(commands: Any) -> None:
    """What is asked of a model that is there."""
    predict = command(commands, "predict", "predict the patients of a table")
    _model_and_table(predict)
    to(
        predict,
        "CSV file to write, or an SDF of molecules; without it the result goes to stdout",
    )
    evaluate = command(commands, "evaluate", "evaluate a model on patients it did not see")
    _model_and_table(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.add_argument(
        "--by", metavar="COL", help="evaluate each group of the patients as well: by sex, age, site"
    )
    explain = command(commands, "explain", "say what moved the model for one patient")
    _model_and_table(explain)
    explain.add_argument("--patient", help="of a table: the patient's id, or the row from 1")
    explain.add_argument("--label", help="the class to explain, where there are several")
    for flag in of_explain():
        _typed(explain, flag)
    to(
        explain,
        "CSV file to write (without it the result goes to stdout); of a scan PNG, or DCM "
        "for the outline as DICOM segmentation; of sequences SVG, or MEME for the motifs that "
        "recur in all of them",
    )


def _export(commands: Any) -> None:
    export = command(commands, "export", "write a model as ONNX, for other programs to run")
    export.add_argument("model", metavar="MODEL", help="the folder that 'fit --to' wrote")
    export.add_argument("--to", required=True, metavar="FILE.onnx", help="file to write")


def _epilog() -> str:
    """What pmed is for."""
    width = max(len(one.title) for one in SYSTEMS)
    told = "\n".join(f"  {one.title:<{width}}  {one.question}" for one in SYSTEMS)
    return f"systems:\n{told}\n\n'python -m pmed_core COMMAND --help' has examples."


def _model_and_table(of: Any) -> None:
    of.add_argument("model", metavar="MODEL", help="the folder that 'fit --to' wrote")
    of.add_argument(
        "file", metavar="FILE", help="a CSV, TSV, Excel or Parquet table; an SDF of molecules; "
        "FASTA; VCF; a folder, ZIP or file of scans",
    )  # fmt: skip
    of.add_argument(
        "--held-out", action="store_true", help="the table is the one the model was trained on: "
        "answer for each patient by the networks that never saw them",
    )  # fmt: skip
    outcomes.horizons(of, "other times than those of training at which risks are stated")
    for flag in _flags():
        if flag.of_every_file:
            _typed(of, flag)
    _read(of)


def _read(group: Any) -> None:
    _joined(group)
    group.add_argument(
        "--read", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
        help="what the reader shall decide otherwise, such as decimal:crp=comma or "
        "sheet=Data; the account of reading names the keys",
    )  # fmt: skip


def _joined(group: Any) -> None:
    group.add_argument(
        "--join", metavar="KEY=FILE", nargs="+", action="extend", default=[],
        help="other files whose rows belong to the values of a column: many numbers become a "
        "profile (expression of genes), others columns",
    )  # fmt: skip


def choices(given: argparse.Namespace) -> dict[str, str]:
    """What was typed behind ``--read``; raises ``UserError`` where it is no pair."""
    found = {}
    for pair in given.read:
        key, equals, value = pair.rpartition("=")
        if not (key and equals and value):
            raise UserError(
                f"'{pair}' says nothing to the reader", "--read", "Write KEY=VALUE, such as "
                "decimal:crp=comma.",
            )  # fmt: skip
        found[key] = value
    for flag in _flags():
        if flag.column_of and (column := getattr(given, flag.name, None)):
            found[f"kind:{column}"] = flag.column_of.value
    return found


def of_explain() -> list[Flag]:
    """What is typed where something is to be explained, of all modalities."""
    return [flag for flag in _flags() if flag.of_explain]


def _flags() -> list[Flag]:
    """Of all modalities."""
    return [flag for one in ALL for flag in one.flags]


def _typed(group: Any, flag: Flag) -> None:
    about = {"metavar": flag.metavar} if flag.metavar else {"action": "store_true"}
    group.add_argument(f"--{flag.name}", help=flag.help, **about)


def _fit(commands: Any) -> None:
    fit = command(commands, "fit", "train a model and evaluate it honestly", FIT_EXAMPLES)
    fit.usage = "python -m pmed_core fit FILE --outcome COL --to FOLDER [options]"
    # Optional for argparse alone: a column list may have swallowed it, and that is said in words.
    fit.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a table, an SDF, FASTA, or a folder or ZIP of scans",
    )
    outcomes.flags(fit)
    fit.add_argument("--to", required=True, metavar="FOLDER", help="folder to write the model to")
    fit.add_argument("--patient", metavar="COL", help="the column that says whose row it is")
    fit.add_argument(
        "--ignore", metavar="COL", nargs="+", action="extend", default=[],
        help="columns that the model must not read, such as those known only afterwards",
    )  # fmt: skip
    _read(fit)
    fit.add_argument(
        "--dictionary", metavar="TABLE", help="what codes stand for: a table of variable, values "
        "('0=female;1=male') and unit, or of variable, code and label, or REDCap's dictionary",
    )  # fmt: skip
    fit.add_argument("--name", help="name of the model (default: that of the file)")
    recipe = fit.add_argument_group("training")
    names = {one.name: list(titles(one.networks)) for one in ALL}
    told = "; ".join(f"of {one.many}: {', '.join(names[one.name])}" for one in ALL)
    recipe.add_argument(
        "--model", choices=list(dict.fromkeys(n for of_one in names.values() for n in of_one)),
        help=f"network, the first is the default; {told}",
    )  # fmt: skip
    for name, field in _fields((FitOptions,)).items():
        _flag(recipe, name, field)
    shared = dict[str, Any]()
    for one in reversed(ALL):
        own = fit.add_argument_group(f"training on {one.many}")
        for flag in one.flags:
            if not flag.of_explain:
                _typed(own, flag)
        for name, field in _fields((one.Options,)).items():
            if name in FitOptions.model_fields:
                continue
            if name in shared:
                _as_well(shared[name], one, field)
            else:
                shared[name] = _flag(own, name, field)


def _as_well(flag: Any, modality: Modality, field: FieldInfo) -> None:
    """What another modality calls the same means its own choices there."""
    flag.choices = (*flag.choices, *get_args(field.annotation))
    flag.help += (
        f". Of {modality.many}: {field.title}. {field.description} (default: {field.default})"
    )


def _fields(of: Sequence[type[BaseModel]]) -> dict[str, FieldInfo]:
    """Every option but the choice of network, by name."""
    return {
        name: field
        for kind in of
        for name, field in kind.model_fields.items()
        if name not in ("network", "name")
    }


def _flag(group: Any, name: str, field: FieldInfo) -> Any:
    flag = _named(name)
    text = f"{field.title or name}. {field.description or ''}".replace("%", "%%").strip()
    about: dict[str, Any] = {"dest": name, "help": f"{text} (default: {field.default})"}
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        about["choices"] = get_args(kind)
    elif kind is bool:
        about["action"] = argparse.BooleanOptionalAction
    else:
        about |= {"type": kind, "metavar": "N"}
    return group.add_argument(flag, default=argparse.SUPPRESS, **about)


def options(given: argparse.Namespace, modality: Modality) -> Any:
    """What was typed for a training; raises ``UserError`` where it does not fit."""
    every = _fields([one.Options for one in ALL])
    typed = {name: value for name, value in vars(given).items() if name in every}
    strange = next((name for name in typed if name not in modality.Options.model_fields), None)
    if strange:
        raise UserError(
            f"{_named(strange)} has no meaning for {modality.many}", "fit", "Leave it out."
        )
    if given.model:
        typed["network"] = {"name": given.model}
    try:
        return modality.Options.model_validate(typed)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"][0] == "network":
            raise UserError(
                f"The model '{given.model}' does not read {modality.many}", "--model",
                "See 'fit --help'.",
            ) from error  # fmt: skip
        raise UserError(
            f"{first['msg']}; received {first['input']}", _named(str(first["loc"][-1])),
            "See 'fit --help'.",
        ) from error  # fmt: skip


def idle(given: argparse.Namespace, chosen: Any) -> tuple[str, ...]:
    """What was typed and means nothing to the chosen network."""
    return tuple(
        _named(name) for name in without_meaning(type(chosen), chosen.network) if name in given
    )


def _named(field: str) -> str:
    return FLAGS.get(field, "--" + field.replace("_", "-"))
