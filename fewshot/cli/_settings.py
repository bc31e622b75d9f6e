"""The flags of a run, and the `Settings` that they fill."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from fewshot import backends, data, demonstrations, formats, tasks
from fewshot.cli import _configuration
from fewshot.errors import InputError
from fewshot.experiment.secrecy import refuse_secrets
from fewshot.experiment.settings import Settings
from fewshot.text import secrets


def add_settings(parser: argparse.ArgumentParser, *, scored: bool = True) -> None:
    """Declares a flag for every setting. A flag that is not given sets no attribute, so that `--replay` can tell.
    `scored`: whether there is a data set with gold, and so flags about it."""
    what = parser.add_argument_group("what is asked", argument_default=argparse.SUPPRESS)
    listed(what.add_argument("--task", metavar="T", help="%(names)s"), tasks.names)
    if scored:
        what.add_argument("--data", metavar="SOURCE", help="demo, a file or folder, or hub:REPO:CONFIG [demo]")
        what.add_argument("--split", metavar="S", help="the split that is run [test]")
    what.add_argument(
        "--labels",
        nargs="+",
        metavar="L",
        help='these labels only [those of the data]; NAME="what it means" adds one of your own',
    )
    what.add_argument(
        "--label-file", type=Path, metavar="FILE", help='labels of your own: TOML, NAME = "what it means"'
    )
    if scored:
        what.add_argument("--entities", metavar="RUN", help="roles: the entities that this run predicted")
        what.add_argument("--unlabelled", action="store_true", help="also examples without gold")
        what.add_argument("--limit", type=int, metavar="N", help="the first N examples only")
    who = parser.add_argument_group("who answers", argument_default=argparse.SUPPRESS)
    backend = who.add_argument("--backend", metavar="NAME", help="see `fewshot list backends` [rules]")
    listed(backend, backends.names)
    who.add_argument("--model", metavar="M")
    who.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server; bloom: a TGI endpoint")
    who.add_argument("--api", choices=("chat", "completions"))
    who.add_argument(
        "--key-env",
        metavar="NAME",
        help="the variable that holds the key [OPENAI_API_KEY; bloom: HF_TOKEN]",
    )
    who.add_argument(
        "--header-env", action="append", metavar="NAME=VARIABLE", help="a header whose value is in a variable: a key"
    )
    who.add_argument(
        "--header", action="append", metavar="NAME=VALUE", help="a header; other users see the value in a process list"
    )
    _add_how(parser, scored=scored)
    _add_local(parser)
    pace = parser.add_argument_group("how fast, and how far", argument_default=argparse.SUPPRESS)
    pace.add_argument("--concurrency", type=int, metavar="N", help="requests in flight [8]")
    pace.add_argument("--rpm", type=float, metavar="N", help="requests a minute [as the server says]")
    pace.add_argument("--tpm", type=float, metavar="N", help="tokens a minute [as the server says]")
    pace.add_argument("--timeout", type=float, metavar="S", help="seconds for one request, in all [300]")
    pace.add_argument("--budget-usd", type=float, metavar="X", help="the most that this command may spend")
    pace.add_argument("--budget-tokens", type=int, metavar="N", help="the most tokens that it may take")
    pace.add_argument("--price-in", type=float, metavar="X", help="dollars for a million prompt tokens [by the tables]")
    pace.add_argument("--price-out", type=float, metavar="X", help="dollars for a million answer tokens")
    pace.add_argument(
        "--give-up-after", type=float, metavar="S", help="seconds without any answer that end the run [300]"
    )
    pace.add_argument(
        "--grace", type=float, metavar="S", help="seconds for what is in flight after SIGTERM or giving up [10]"
    )
    pace.add_argument("--batch", action="store_true", help="through the Batch endpoint: half the price, within a day")
    pace.add_argument("--batch-poll", type=float, metavar="S", help="seconds between two looks at a batch [30]")


def _add_how(parser: argparse.ArgumentParser, *, scored: bool) -> None:
    """What a prompt shows, and how an answer is drawn."""
    how = parser.add_argument_group("how it is asked", argument_default=argparse.SUPPRESS)
    how.add_argument("--demos", metavar="SOURCE", help="where demonstrations come from [the train split]")
    how.add_argument("--shots", type=int, metavar="N", help="demonstrations in a prompt [3]")
    listed(
        how.add_argument("--selector", metavar="S", help="see `fewshot list selectors` [nearest]"), demonstrations.names
    )
    how.add_argument("--embedder", metavar="E", help="nearest, diverse: an encoder, folder or hub name [by words]")
    listed(
        how.add_argument("--format", metavar="F", help="see `fewshot list formats` [copy_tag; causal: sentence]"),
        formats.names,
    )
    how.add_argument(
        "--mentions", choices=("every", "once"), help="list, json: name each entity at every mention, or once [every]"
    )
    how.add_argument("--seed", type=int, metavar="N", help="[0]")
    how.add_argument("--temperature", type=float, metavar="T", help="[0]")
    how.add_argument(
        "--samples", type=int, metavar="N", help="answers to each query; parts that most of them have are kept [1]"
    )
    how.add_argument("--context", type=int, metavar="N", help="tokens that prompt and answer may take together")
    how.add_argument("--prompt", metavar="FILE", help="a template of your own [prompts/<task>.txt]")
    if scored:
        how.add_argument(
            "--examples-check",
            choices=("warn", "error", "off"),
            help="if the right answer of a demonstration cannot be read back [warn]",
        )
    how.add_argument("--max-tokens", type=int, metavar="N", help="[from the length of the source]")
    how.add_argument(
        "--reasoning-tokens", type=int, metavar="N", help="room for a thought beside that [learnt from the answers]"
    )
    how.add_argument(
        "--extra",
        action="append",
        metavar="K=V",
        help="passed to the server as it is; V may be JSON",
    )
    if scored:
        how.add_argument(
            "--failed-as-empty",
            action="store_true",
            help="score requests that failed as empty answers",
        )


def _add_local(parser: argparse.ArgumentParser) -> None:
    """How a model on this machine decodes, and where."""
    local = parser.add_argument_group("local models", argument_default=argparse.SUPPRESS)
    local.add_argument("--decoder", choices=("copy", "generate", "ct2", "head"), help="[copy where the model can]")
    local.add_argument(
        "--draft",
        choices=("encoder", "copy", "none"),
        help="what copying starts from [encoder, if the model has a head]",
    )
    local.add_argument("--device", metavar="D", help="cpu, cuda, cuda:1 [the first GPU, else the CPU]")
    local.add_argument("--batch-tokens", type=int, metavar="N", help="padded tokens in a batch [8192]")
    local.add_argument("--threshold", type=float, metavar="P", help="gliner: the score from which a span counts [0.5]")


@dataclass(frozen=True, slots=True)
class _Listed:
    """Names for help texts, looked up when help is printed: finding plugins takes longer than declaring all flags."""

    names: Callable[[], Iterable[str]]

    def __str__(self) -> str:
        return ", ".join(self.names())


def listed(action: argparse.Action, names: Callable[[], Iterable[str]]) -> None:
    """Sets `%(names)s` in the help of a flag to the available names, plugins included; a shell completes them."""
    vars(action)["names"] = _Listed(names)
    vars(action)["completer"] = lambda **_: names()  # what argcomplete asks for


def given(args: argparse.Namespace) -> dict[str, Any]:
    """The settings that are given on the command line, by field name."""
    values = {f.name: getattr(args, f.name) for f in fields(Settings) if hasattr(args, f.name)}
    values |= _labels(getattr(args, "labels", ()), getattr(args, "label_file", None))
    if reading := reading_options(args):
        values["reading"] = reading
    if "extra" in values:
        values["extra"] = dict(map(_pair, values["extra"]))
    if headers := dict(
        [*map(_header, getattr(args, "header", ())), *map(_header_env, getattr(args, "header_env", ()))]
    ):
        values["headers"] = headers
    refuse_secrets(values)
    return values


_READING = "reading_"


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declares how files are read: `--from`, and a flag for every option that a data format declares."""
    group = parser.add_argument_group("how files are read", argument_default=argparse.SUPPRESS)
    source = group.add_argument("--from", dest=_READING + data.FORMAT, metavar="F", help="%(names)s [by content]")
    listed(source, data.readable)
    for option in data.options().values():
        group.add_argument(option.flag, dest=_READING + option.name, metavar=option.metavar, help=option.help)


def reading_options(args: argparse.Namespace) -> dict[str, str]:
    """The options of `add_reading` that are given, by name."""
    return {name.removeprefix(_READING): value for name, value in vars(args).items() if name.startswith(_READING)}


def labels(words: Iterable[str]) -> tuple[str, ...]:
    """The labels of `--labels`, separated by spaces or, as a signature prints them, by commas.

    >>> labels(["GENEPROD,CELL_TYPE", "TISSUE"])
    ('GENEPROD', 'CELL_TYPE', 'TISSUE')
    """
    return tuple(name for word in words for name in word.split(",") if name)


def _labels(words: Iterable[str], file: Path | None) -> dict[str, Any]:
    """The settings that `--labels` and `--label-file` say: names alone, and names with what they mean.

    Raises:
        InputError: a name that stands there twice; the file cannot be used.
    """
    if not words and file is None:
        return {}
    from fewshot.experiment.settings import declared
    from fewshot.prompt import definitions

    named: dict[str, str | None] = {}
    for word in words:
        name, equals, text = word.partition("=")
        new = {name: text} if equals else dict.fromkeys(labels([word]))
        if twice := [name for name in new if name in named]:
            raise InputError(f"--labels names {twice[0][:80]!r} twice")
        named |= new
    said = declared(named, {} if file is None else definitions.of_file(file))
    return said if said["definitions"] else {"labels": said["labels"]}


def settings(args: argparse.Namespace, *, backend_names: Sequence[str] = (), heeded: Iterable[str] = ()) -> Settings:
    """The settings of a new run: flags, above environment variables, above `--config`.

    Args:
        args: What was typed.
        backend_names: Who is asked, if not `--backend`: a flag must do something for one of them.
        heeded: Settings that the command itself heeds.

    Raises:
        InputError: no task, a value out of range, or a flag that does nothing for the backend.
    """
    typed = given(args)
    values = _configuration.values(args.config) | typed
    if "task" not in values:
        raise InputError("--task is missing", hint="see `fewshot list tasks`")
    asked = Settings(**values)
    names = backend_names or (asked.backend,)
    idle = set(typed).difference(heeded).intersection(*(backends.unheeded(name, typed) for name in names))
    if idle:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in typed if name in idle)
        heeds = "does not heed" if len(names) == 1 else "do not heed"
        raise InputError(f"--backend {', '.join(names)} {heeds} {flags}", hint="leave it out")
    return asked


def _pair(text: str) -> tuple[str, Any]:
    key, value = _halves("--extra", "K=V", text)
    try:
        return key, json.loads(value, parse_constant=_no_json)
    except ValueError:
        return key, value
    except RecursionError:
        raise InputError(f"--extra {key}=…: nested too deeply") from None


def _no_json(constant: str) -> NoReturn:
    """Python's parser reads NaN and Infinity, which are not JSON: they stay words."""
    raise ValueError(constant)


def _header(text: str) -> tuple[str, str]:
    name, value = _halves("--header", "NAME=VALUE", text)
    return name.strip(), value.strip()


def _header_env(text: str) -> tuple[str, str]:
    name, variable = _halves("--header-env", "NAME=VARIABLE", text)
    value = os.environ.get(variable.strip(), "").strip()
    if not value:  # what is given may be the value itself: it is not repeated
        raise InputError(f"--header-env {name}: there is no such environment variable, or it is empty")
    return name.strip(), value


def _halves(flag: str, form: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        shown = "a word without =" if secrets.in_name(text) else repr(text[:120])
        raise InputError(f"{flag} takes {form}, not {shown}")
    return name, value
