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
from pmed_core.options import FitOptions
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.shell import genomes, outcomes
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
EXAMPLES = {
    "predict": "  python -m pmed_core predict icu-model new.csv --to predictions.csv",
    "evaluate": "  python -m pmed_core evaluate icu-model new.csv --json",
    "explain": "  python -m pmed_core explain icu-model new.csv --patient 17 --to shap.csv\n"
    "  python -m pmed_core explain promoter-model promoters.fa --held-out --to motifs.meme",
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
    predict = _command(commands, "predict", "predict the patients of a table")
    _model_and_table(predict)
    _to(
        predict,
        "CSV file to write, or an SDF of molecules; without it the result goes to stdout",
    )
    evaluate = _command(commands, "evaluate", "evaluate a model on patients it did not see")
    _model_and_table(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.add_argument(
        "--by", metavar="COL", help="evaluate each group of the patients as well: by sex, age, site"
    )
    explain = _command(commands, "explain", "say what moved the model for one patient")
    _model_and_table(explain)
    explain.add_argument("--patient", help="of a table: the patient's id, or the row from 1")
    explain.add_argument("--label", help="the class to explain, where there are several")
    for flag in _flags():
        if flag.of_explain:
            _typed(explain, flag)
    _to(
        explain,
        "CSV file to write (without it the result goes to stdout); of a scan PNG, or DCM "
        "for the outline as DICOM segmentation; of sequences SVG, or MEME for the motifs that "
        "recur in all of them",
    )
    app = _command(commands, "app", "start the app and say where it is")
    app.add_argument("--port", type=int, help="port to listen on (default: 8501)")
    app.add_argument(
        "--processes", type=int, choices=range(1, 65), default=1, metavar="N",
        help="how many processes show pages, for many people at once (default: 1; one or two fewer "
        "than there are cores is plenty). Each takes about 0.3 GB, and 0.8 GB for the models.",
    )  # fmt: skip
    genomes.flags(commands)
    _store(commands)
    _keys(commands)
    _projects(commands)
    _serve(commands)
    _airgap(commands)
    audit = _command(commands, "audit", "verify what a hosted installation has on record")
    verbs = audit.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser("verify", help="say what was changed, removed or moved")
    verify.add_argument("--head", metavar="N:SEAL", help="what 'audit head' said some time ago")
    verbs.add_parser("head", help="the last entry, to be noted elsewhere")
    commands.add_parser("ready", help="whether this installation can work now: a health check")
    # Without help: for a service manager, and started by the app itself on a laptop.
    commands.add_parser("supervise")
    return top


def _epilog() -> str:
    """What pmed is for."""
    width = max(len(one.title) for one in SYSTEMS)
    told = "\n".join(f"  {one.title:<{width}}  {one.question}" for one in SYSTEMS)
    return f"systems:\n{told}\n\n'python -m pmed_core COMMAND --help' has examples."


def _store(commands: Any) -> None:
    store = _command(commands, "store", "check, back up and restore what the app keeps")
    verbs = store.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="say what is damaged or missing")
    check.add_argument(
        "--mend", action="store_true", help="list again what lies in the folders, and drop what "
        "leads nowhere; a damaged database is set aside first",
    )  # fmt: skip
    until = verbs.add_parser("until", help="set the last day on which a cohort is kept")
    until.add_argument("id", metavar="ID", help="of the cohort, as 'store list' names it")
    until.add_argument(
        "day", metavar="YYYY-MM-DD", nargs="?", help="default: it has no last day any more"
    )
    verbs.add_parser(
        "expire", help="delete the cohorts whose last day is over, and the models trained on them; "
        "the app does so once an hour",
    )  # fmt: skip
    verbs.add_parser("list", help="cohorts, models and jobs, with those that are damaged")
    remove = verbs.add_parser("remove", help="delete a damaged entry")
    remove.add_argument("id", metavar="ID", help="as 'store list' names it")
    backup = verbs.add_parser("backup", help="copy everything into one file; the app may run")
    _to(backup, "file or folder to write it to (default: this folder)")
    restore = verbs.add_parser("restore", help="bring back what a backup holds")
    restore.add_argument("file", metavar="FILE", help="the file that 'store backup' wrote")
    restore.add_argument(
        "--replace", action="store_true", help="delete what this installation holds now"
    )


def _serve(commands: Any) -> None:
    serve = _command(commands, "serve", "answer other systems over HTTP")
    serve.add_argument("--port", type=int, default=8600, help="port to listen on (default: 8600)")
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine alone, "
        "for a proxy that encrypts)",
    )  # fmt: skip
    key = _command(commands, "key", "make, list and revoke keys of other systems")
    verbs = key.add_subparsers(dest="verb", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="a new key, which is told once")
    make.add_argument("name", metavar="NAME", help="of the system that will hold it")
    revoke = verbs.add_parser("revoke", help="from now on it opens nothing")
    revoke.add_argument("id", metavar="ID", help="as 'key list' names it")
    for one in (make, verbs.add_parser("list", help="id, system and state of each")):
        one.add_argument("--project", metavar="ID", help="as 'project list' names it, where hosted")


def _airgap(commands: Any) -> None:
    apart = _command(commands, "airgap", "install on a machine without a network")
    verbs = apart.add_subparsers(dest="verb", required=True, metavar="VERB")
    bundle = verbs.add_parser("bundle", help="gather pmed and all it needs in a folder")
    bundle.add_argument("--hosted", action="store_true", help="with what a hosted one needs")
    verify = verbs.add_parser("verify", help="say what is missing, changed or was added")
    for one in (bundle, verify):
        one.add_argument("folder", metavar="FOLDER")


def _projects(commands: Any) -> None:
    held = _command(commands, "project", "list and delete projects of a hosted installation")
    verbs = held.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="id and name of each")
    delete = verbs.add_parser("delete", help="delete a project for good; its name must be typed")
    delete.add_argument("id", metavar="ID", help="as 'project list' names it")


def _keys(commands: Any) -> None:
    held = _command(commands, "keys", "keep the keys that everything is encrypted with")
    verbs = held.add_subparsers(dest="verb", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="write a new master key to a file")
    make.add_argument("file", metavar="FILE", help="to name in PMED_KEY_FILE; not in PMED_HOME")
    verbs.add_parser("check", help="say whether everything is encrypted and can be opened")
    verbs.add_parser(
        "seal", help="encrypt what is kept as it is; stop the app and take a backup before"
    )
    rotate = verbs.add_parser("rotate", help="replace the master key; the app may run")
    rotate.add_argument(
        "--data", action="store_true", help="replace the keys of projects too, and encrypt "
        "everything anew: where a key may have been seen; stop the app before",
    )  # fmt: skip


def _command(commands: Any, name: str, purpose: str, examples: str = "") -> Any:
    return commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}. {RESEARCH_ONLY}",
        epilog=examples or f"example:\n{EXAMPLES[name]}\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def _model_and_table(command: Any) -> None:
    command.add_argument("model", metavar="MODEL", help="the folder that 'fit --to' wrote")
    command.add_argument(
        "file", metavar="FILE", help="a CSV, TSV, Excel or Parquet table; an SDF of molecules; "
        "FASTA; VCF; a folder, ZIP or file of scans",
    )  # fmt: skip
    command.add_argument(
        "--held-out", action="store_true", help="the table is the one the model was trained on: "
        "answer for each patient by the networks that never saw them",
    )  # fmt: skip
    outcomes.horizons(command, "other times than those of training at which risks are stated")
    for flag in _flags():
        if flag.of_every_file:
            _typed(command, flag)
    _read(command)


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


def _flags() -> list[Flag]:
    """Of all modalities."""
    return [flag for one in ALL for flag in one.flags]


def _typed(group: Any, flag: Flag) -> None:
    about = {"metavar": flag.metavar} if flag.metavar else {"action": "store_true"}
    group.add_argument(f"--{flag.name}", help=flag.help, **about)


def _to(command: Any, purpose: str) -> None:
    command.add_argument("--to", metavar="PATH", help=purpose)


def _fit(commands: Any) -> None:
    fit = _command(commands, "fit", "train a model and evaluate it honestly", FIT_EXAMPLES)
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
        "--model", choices=[name for of_one in names.values() for name in of_one],
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


def _named(field: str) -> str:
    return FLAGS.get(field, "--" + field.replace("_", "-"))
