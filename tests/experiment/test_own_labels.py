"""Labels of a user's own: in the prompt that a server sees, in its digest, in the folder, in every format."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fewshot import cli, replay, run
from fewshot.errors import InputError, ReplayError, RunFolderError
from tests.servers.openai_server import OpenAiServer

MEANT = {"ANTIBODY": "antibodies, with their clone", "DOSE": "amounts with a unit"}
LINES = "Labels:\n- ANTIBODY: antibodies, with their clone\n- DOSE: amounts with a unit"
TEXT = "(A) Blot with anti-p53 (DO-1) after 5 µM nutlin."
ANSWERS = {
    "copy_tag": "(A) Blot with <ANTIBODY> anti-p53 (DO-1) </ANTIBODY> after <DOSE> 5 µM </DOSE> nutlin. [END]",
    "list": "ANTIBODY: anti-p53 (DO-1)\nDOSE: 5 µM",
    "json": '{"entities": [{"text": "anti-p53 (DO-1)", "occurrence": 1, "label": "ANTIBODY"}, '
    '{"text": "5 µM", "occurrence": 1, "label": "DOSE"}]}',
}
FOUND = [(14, 29, "ANTIBODY"), (36, 40, "DOSE")]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    write("plain.jsonl", {"id": "a", "text": TEXT})
    write("labels.toml", 'ANTIBODY = "antibodies, with their clone"\nDOSE = "amounts with a unit"\n')


def write(name: str, *rows: dict[str, Any] | str) -> None:
    Path(name).write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), "utf-8")


def labelled(id_: str, text: str, **spans: str) -> dict[str, Any]:
    entities = [{"start": text.index(s), "end": text.index(s) + len(s), "label": label} for label, s in spans.items()]
    return {"id": id_, "text": text, "entities": sorted(entities, key=lambda span: span["start"])}


def found(out: str) -> list[tuple[int, int, str]]:
    row = json.loads(Path(out, "predictions.jsonl").read_text("utf-8").splitlines()[0])
    return [(span["start"], span["end"], span["label"]) for span in row["entities"]]


def settings_of(out: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(Path(out, "run.toml").read_text("utf-8"))
    return table


def asked(server: OpenAiServer) -> list[dict[str, str]]:
    turns: list[dict[str, str]] = server.posts[-1].body["messages"]
    return turns


@pytest.mark.parametrize("name", ANSWERS)
def test_zero_shot_on_unlabelled_data_and_replayed_from_the_folder_alone(name: str) -> None:
    with OpenAiServer(answers=ANSWERS[name]) as server:
        argv = ["run", "--task", "ner", "--data", "plain.jsonl", "--backend", "gpt3", "--model", "m"]
        argv += ["--base-url", server.base_url, "--format", name, "--out", "one", "--labels"]
        assert cli.main([*argv, *(f"{label}={text}" for label, text in MEANT.items())]) == 0
        assert asked(server)[0]["content"].endswith(LINES)
        assert [turn["role"] for turn in asked(server)] == ["system", "user"]
        if name == "json":
            schema = json.dumps(server.posts[-1].body["response_format"])
            assert '["ANTIBODY", "DOSE"]' in schema
    assert found("one") == FOUND
    assert settings_of("one")["settings"]["definitions"] == MEANT
    for file in ("plain.jsonl", "labels.toml"):
        Path(file).unlink()
    assert replay("one").complete
    replay("one", out="two")
    assert Path("one/predictions.jsonl").read_bytes() == Path("two/predictions.jsonl").read_bytes()
    with pytest.raises(ReplayError):
        replay("one", labels={"ANTIBODY": "antibodies", "DOSE": "amounts with a unit"})


def test_a_file_and_a_mapping_say_the_same_as_the_command_line() -> None:
    with OpenAiServer(answers=ANSWERS["list"]) as server:
        common: dict[str, Any] = {"data": "plain.jsonl", "backend": "gpt3", "model": "m", "base_url": server.base_url}
        one = run("ner", **common, format="list", labels=MEANT, out="one")
        argv = ["run", "--task", "ner", "--data", "plain.jsonl", "--backend", "gpt3", "--model", "m"]
        argv += ["--format", "list", "--label-file", "labels.toml", "--out", "two"]
        assert cli.main([*argv, "--base-url", server.base_url]) == 0
        assert server.posts[0].body == server.posts[1].body
        other = run("ner", **common, format="list", labels=MEANT | {"DOSE": "amounts"}, out="three")
        digests = [one.result.signature["prompt"], other.result.signature["prompt"]]
        with pytest.raises(RunFolderError, match=r"DOSE='amounts with a unit' → ANTIBODY=.*DOSE='amounts'"):
            run("ner", **common, format="list", labels=MEANT | {"DOSE": "amounts"}, out="one")
    assert digests[0] == json.loads(Path("two/scores.json").read_text())["signature"]["prompt"] != digests[1]


def test_a_configuration_and_a_variable_say_them_too(monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["run", "--task", "ner", "--data", "plain.jsonl", "--config", "ours.toml", "--out"]
    write("ours.toml", '[labels]\nANTIBODY = "antibodies, with their clone"\nDOSE = "amounts with a unit"\n')
    assert cli.main([*argv, "one"]) == 0
    assert settings_of("one")["settings"]["definitions"] == MEANT
    write("ours.toml", "shots = 0\n")
    monkeypatch.setenv("FEWSHOT_DEFINITIONS", json.dumps(MEANT))
    assert cli.main([*argv, "two"]) == 0
    assert settings_of("two")["prompt"] == settings_of("one")["prompt"]


def test_few_shot_with_demonstrations_of_ones_own() -> None:
    write("demos.jsonl", labelled("d", "Stained with anti-tubulin (DM1A).", ANTIBODY="anti-tubulin (DM1A)"))
    with OpenAiServer(answers=ANSWERS["copy_tag"]) as server:
        done = run("ner", data="plain.jsonl", demos="demos.jsonl", backend="gpt3", model="m", base_url=server.base_url,
                   labels=MEANT, shots=1, out="one")  # fmt: skip
        turns = asked(server)
    assert turns[0]["content"].endswith(LINES)
    assert turns[2]["content"] == "Stained with <ANTIBODY> anti-tubulin (DM1A) </ANTIBODY> . [END]"
    assert "DOSE: no demonstration shows one" in done.notices
    assert found("one") == FOUND
    Path("demos.jsonl").unlink()
    assert replay("one").complete


def test_with_labelled_data_they_are_added_to_its_labels() -> None:
    write("gold.jsonl", labelled("a", TEXT, SMALL_MOLECULE="nutlin"))
    done = run("ner", data="gold.jsonl", labels={"DOSE": "amounts", "ANTIBODY": "antibodies"}, out="one")
    assert done.result.signature["labels"] == ["SMALL_MOLECULE", "DOSE", "ANTIBODY"]
    assert any(line.startswith("DOSE, ANTIBODY: in no labelled example") for line in done.notices)
    redefined = run("ner", data="gold.jsonl", labels={"SMALL_MOLECULE": "drugs alone"}, out="two")
    assert redefined.result.signature["labels"] == ["SMALL_MOLECULE"]
    assert "- SMALL_MOLECULE: drugs alone" in settings_of("two")["prompt"]["system"]
    assert not [line for line in redefined.notices if "labelled example" in line]


def test_a_plain_name_still_chooses() -> None:
    write("gold.jsonl", labelled("a", TEXT, SMALL_MOLECULE="nutlin", GENEPROD="p53"))
    both = run("ner", data="gold.jsonl", labels={"GENEPROD": None, "DOSE": "amounts"}, out="one")
    assert both.result.signature["labels"] == ["GENEPROD", "DOSE"]
    argv = ["run", "--task", "ner", "--data", "gold.jsonl", "--label-file", "labels.toml"]
    assert cli.main([*argv, "--labels", "GENEPROD", "DOSE", "--out", "two"]) == 0
    assert settings_of("two")["plan"]["labels"] == ["GENEPROD", "DOSE"]
    assert run("ner", data="gold.jsonl", labels=["GENEPROD"], out="three").result.signature["labels"] == ["GENEPROD"]
    assert "definitions" not in settings_of("three")["settings"], "so that names of folders stay what they were"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["--labels", "MY LABEL=x"], "for example MY_LABEL"),
        (["--labels", "DOSE=amounts", "with", "unit"], "unknown label 'with'.*is quoted: DOSE=\"one two\""),
        (["--labels", "DOSE=", "amounts"], "DOSE has no definition.*without a space"),
        (["--labels", "DOSE", "=", "amounts"], "'' cannot be the name"),
        (["--labels", "DOSE=a", "DOSE=b"], "names 'DOSE' twice"),
        (["--labels", "DOSE=a", "DOSE"], "names 'DOSE' twice"),
        (["--labels", "DOSE=a", "--label-file", "labels.toml"], "DOSE is defined twice"),
        (["--labels", "DOSE=a", "dose=b"], "DOSE and dose are one in answers"),
        (["--labels", "UNKNOWN"], 'a label of your own is defined: UNKNOWN="what it means"'),
        (["--labels", "panel=a part of a figure"], "panel cannot be the name of a label"),
        (["--label-file", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["--label-file", "."], "cannot be read"),
        (["--label-file", "bad.toml"], r"bad.toml: not TOML: .*line 2"),
        (["--label-file", "names.toml"], "names.toml: 'a b' cannot be the name"),
    ],
)
def test_what_cannot_be_used_is_one_line(argv: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    write("bad.toml", 'DOSE = "x"\nANTIBODY\n')
    write("names.toml", '"a b" = "x"\n')
    assert cli.main(["run", "--task", "ner", "--data", "plain.jsonl", *argv]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert re.search(says, lines[0]), lines[0]
    assert not Path("runs").exists()


def test_labels_of_the_data_in_other_writing_and_tasks_without_labels() -> None:
    write("gold.jsonl", labelled("a", TEXT, Chemical="nutlin"))
    with pytest.raises(InputError, match=r"label CHEMICAL is 'Chemical' in the data.*write Chemical=\"…\""):
        run("ner", data="gold.jsonl", labels={"CHEMICAL": "drugs"})
    with pytest.raises(InputError, match="--task panelization has no labels of your own"):
        run("panelization", data="gold.jsonl", labels={"DOSE": "amounts"})
    write("gold.jsonl", {"id": "a", "text": TEXT})
    with pytest.raises(InputError, match="writes labels EXP_ASSAY and EXPERIMENT alike"):
        run("causal", data="gold.jsonl", labels={"EXP_ASSAY": None, "EXPERIMENT": "what was done"})


@pytest.mark.parametrize("table", ['definitions = "x"', "definitions = {DOSE = 3}", 'definitions = {"a b" = "x"}'])
def test_a_folder_with_broken_definitions_is_one_line(table: str) -> None:
    run("ner", data="plain.jsonl", labels=MEANT, out="one")
    text = Path("one/run.toml").read_text("utf-8")
    whole = re.sub(r"\[settings\.definitions\]\n(?:.+\n)+", "", text)
    assert whole != text
    Path("one/run.toml").write_text(whole.replace("[settings]\n", f"[settings]\n{table}\n"), "utf-8")
    with pytest.raises(RunFolderError, match=r"one/run\.toml: .*(definition|name of a label)"):
        replay("one")
