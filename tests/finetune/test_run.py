"""Whole trainings of a few steps: model folder, prediction, the row of the table; and what is refused."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune import model_files, shortlist
from finetune.__main__ import main
from tests.models import tiny

pytestmark = [pytest.mark.local, pytest.mark.slow]
ROOT = str(Path(__file__).parent.parent.parent)
QUICK = "--do_train --do_eval --do_predict --max_steps 3 --per_device_train_batch_size 4 --learning_rate 1e-3 --shown 1"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of each family, random weights."""
    import torch

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("bases")
    made: dict[str, Path] = {}
    for name, tokenizer, build in (("bart", tiny.bpe(), tiny.bart), ("t5", tiny.unigram(), tiny.t5)):
        made[name] = folder / name
        build(tokenizer).save_pretrained(made[name])
        tokenizer.save_pretrained(made[name])
    made["roberta"] = folder / "roberta"
    tokenizer = tiny.bpe()
    tiny.roberta(tokenizer).save_pretrained(made["roberta"])
    tokenizer.save_pretrained(made["roberta"])
    return made


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few examples of each split, all tasks."""
    from fewshot import data

    path = tmp_path_factory.mktemp("data") / "some.jsonl"
    chosen = []
    for split in ("train", "validation", "test"):
        rows = [e for e in data.read("demo") if e.split == split]
        chosen += [e for e in rows if e.panels is not None][:6] + [e for e in rows if e.hypothesis is not None][:6]
    data.write(chosen, path, "jsonl")
    return path


def run(line: str) -> int:
    return main(shlex.split(line))


def scores(name: str) -> dict[str, object]:
    row: dict[str, object] = json.loads(Path(f"runs/{name}/scores.json").read_text())
    return row


@pytest.mark.parametrize(
    ("task", "kind", "base", "format_name"),
    [
        ("ner", "seq2seq", "bart", "copy_tag"),
        ("ner", "seq2seq", "t5", "copy_tag"),
        ("ner", "seq2seq", "t5", "list"),
        ("panelization", "seq2seq", "bart", "json"),
        ("panelization", "seq2seq", "t5", "copy_tag"),
        ("causal", "seq2seq", "bart", "sentence"),
        ("ner", "tagger", "roberta", "labels"),
        ("panelization", "tagger", "roberta", "labels"),
        ("roles", "tagger", "roberta", "labels"),
    ],
)
def test_trains_predicts_and_lands_in_the_table(
    task: str, kind: str, base: str, format_name: str, bases: dict[str, Path], corpus: Path
) -> None:
    form = "" if kind == "tagger" else f"--format {format_name}"
    assert (
        run(f"--task {task} --data {corpus} --kind {kind} --base-model {bases[base]} {form} --run_name x {QUICK}") == 0
    )
    folder = Path("runs/models/x")
    manifest = json.loads((folder / "fewshot.json").read_text())
    assert (manifest["task"], manifest["kind"], manifest["format"]) == (task, kind, format_name)
    assert {"model.safetensors", "README.md", "tokenizer.json"} <= {file.name for file in folder.iterdir()}
    result = scores("x")
    assert result["complete"] is True
    signature = result["signature"]
    assert isinstance(signature, dict)
    assert signature["format"] == format_name
    assert signature["labelled"] == manifest["labelled"] > 0
    lines = [json.loads(line) for line in Path("runs/x/predictions.jsonl").read_text().splitlines()]
    if format_name == "copy_tag":
        assert all(line["fidelity"] == 1.0 and not line["problems"] for line in lines)
    if format_name == "sentence":
        assert all(set(line["problems"]) <= {"truncated"} for line in lines), "every name is a piece of the legend"
    from fewshot import cli

    assert cli.main(["run", "--replay", "runs/x"]) == 0
    assert cli.main(["compare", "runs/x"]) == 0


def test_other_settings_are_refused_and_the_same_are_not_trained_again(
    bases: dict[str, Path], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['bart']} --run_name x --do_train --max_steps 2"
    assert run(line) == 0
    before = (Path("runs/models/x") / "model.safetensors").read_bytes()
    assert run(line) == 0
    assert "already holds this model" in capsys.readouterr().err
    assert (Path("runs/models/x") / "model.safetensors").read_bytes() == before
    assert run(f"{line} --learning_rate 0.01") == 2
    assert "learning_rate: not set → 0.01" in capsys.readouterr().err
    assert run(f"{line} --learning_rate 0.01 --overwrite_output_dir") == 0


def test_a_killed_training_goes_on_from_its_last_checkpoint(
    bases: dict[str, Path], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = (
        f"--task ner --data {corpus} --base-model {bases['bart']} --run_name x --do_train --max_steps 400 "
        "--save_steps 2 --save_total_limit 2 --per_device_train_batch_size 2"
    )
    command = [sys.executable, "-m", "finetune", *shlex.split(line)]
    quiet = subprocess.DEVNULL
    started = subprocess.Popen(command, stderr=quiet, stdout=quiet, env=os.environ | {"PYTHONPATH": ROOT})
    for _ in _waiting(120):
        if started.poll() is not None or len(list(Path("runs/models/x").glob("checkpoint-*/trainer_state.json"))) > 1:
            break
    started.kill()
    started.wait()
    done = int(model_files.checkpoints(Path("runs/models/x"))[-1].name.rpartition("-")[2])
    assert 0 < done < 400
    for begun in (done + 2, done + 4):  # what a kill leaves that strikes while a checkpoint is written
        Path(f"runs/models/x/checkpoint-{begun}").mkdir(exist_ok=True)
    Path(f"runs/models/x/checkpoint-{done + 2}/trainer_state.json").write_text("{")
    steps = line.replace("--max_steps 400", f"--max_steps {done + 6}")
    assert run(steps) == 2, "other settings"
    capsys.readouterr()
    assert run(f"{steps} --overwrite_output_dir --resume_from_checkpoint True") == 0
    assert f"continuing from runs/models/x/checkpoint-{done}\n" in capsys.readouterr().err
    history = json.loads(Path("runs/models/x/trained.json").read_text())
    assert [row for row in history if "step" in row][-1]["step"] == done + 6


def _waiting(seconds: float) -> Iterator[None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.2)
        yield


def test_raw_pairs_are_scored_by_exact_match(bases: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["subset,input_text,output_text"]
    rows += [f"{subset},question {n},answer {n}" for subset in ("train", "test") for n in range(6)]
    Path("pairs.csv").write_text("\n".join(rows) + "\n")
    line = f"pairs.csv other other --base_model {bases['bart']} --do_train --do_predict --max_steps 2 --run_name p"
    assert run(f"{line} --max_target_length 8") == 0
    assert "raw pairs, scored by exact match" in capsys.readouterr().err
    assert scores("p")["n"] == 6


def test_panels_are_recognised_in_a_csv_and_splits_are_made_by_article(bases: dict[str, Path]) -> None:
    legend = "(A) Blot of p53 in mice. (B) The same in rats number {n}."
    target = "<panel> (A) Blot of p53 in mice. </panel> <panel> (B) The same in rats number {n}. </panel> [END]"
    rows = ["one line of notes above the header", "input_text###tt9HHSlkWoUM###output_text"]
    rows += [f"{legend.format(n=n)}###tt9HHSlkWoUM###{target.format(n=n)}" for n in range(20)]
    Path("panels.csv").write_text("\n".join(rows[:1] + rows[2:]) + "\n")
    line = f"panels.csv other other --base_model {bases['bart']} --run_name p {QUICK}"
    assert run(f"{line} --skip-lines 1 --split-fractions 0.6 0.2 0.2") == 0
    result = scores("p")
    assert (result["task"], result["n"]) == ("panelization", 4)


def test_flags_that_forbid_copying_take_generate(
    bases: dict[str, Path], corpus: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['bart']} --run_name x --do_train --do_predict --max_steps 1"
    assert run(f"{line} --no_repeat_ngram_size 3") == 0
    assert "no_repeat_ngram_size 3 forbids copying" in capfd.readouterr().err
    signature = scores("x")["signature"]
    assert isinstance(signature, dict)
    assert str(signature["decoder"]).endswith(":generate")


def test_low_rank_adapters_are_merged_into_the_folder(bases: dict[str, Path], corpus: Path) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['t5']} --run_name x --lora 4 {QUICK}"
    assert run(line) == 0
    assert not list(Path("runs/models/x").glob("adapter*"))
    assert scores("x")["complete"] is True


@pytest.mark.parametrize("base", ["bart", "t5"])
def test_a_head_on_the_encoder_learns_to_draft(base: str, bases: dict[str, Path], corpus: Path) -> None:
    from safetensors.torch import load_file

    from fewshot import cli
    from fewshot.models import model_folder

    line = f"--task ner --data {corpus} --base-model {bases[base]} {QUICK} --max_steps 20 --learning_rate 3e-3"
    assert run(f"{line} --run_name x --prompt_init 'Tag: ' --draft-loss 0.5 --save_steps 10") == 0
    folder = Path("runs/models/x")
    for saved in (folder, folder / "checkpoint-10"):
        assert json.loads((saved / "fewshot.json").read_text())["draft_head"] == "draft_head.safetensors"
        assert (saved / "draft_head.safetensors").stat().st_size > 1000
        model_folder.load(saved, "AutoModelForSeq2SeqLM")
    assert (folder / "draft_head.safetensors").read_bytes() != (
        folder / "checkpoint-10/draft_head.safetensors"
    ).read_bytes()
    again = f"run --backend local --task ner --data {corpus} --model {folder}"
    assert cli.main([*again.split(), "--decoder", "head", "--out", "runs/head"]) == 0
    assert cli.main([*again.split(), "--draft", "copy", "--out", "runs/copy"]) == 0
    assert scores("copy")["scores"] == scores("x")["scores"]
    bias = load_file(folder / "draft_head.safetensors")["bias"]
    assert bias.argmax() == 0, "it begins with zeros; most words are outside of entities, which is its first class"
    assert cli.main(["compare", "runs/head", "runs/copy"]) == 0


def test_a_head_goes_on_from_a_checkpoint(bases: dict[str, Path], corpus: Path) -> None:
    """The best of the checkpoints is the model that is kept; its head must be of the same step."""
    line = (
        f"--task ner --data {corpus} --base-model {bases['bart']} --do_train --do_eval --draft-loss 1 --max_steps 30 "
        "--learning_rate 3e-3 --eval_strategy steps --save_strategy steps --eval_steps 10 --save_steps 10 --run_name x"
    )
    assert run(line) == 0
    folder = Path("runs/models/x")
    state = json.loads((folder / "checkpoint-30/trainer_state.json").read_text())
    best = Path(state["best_model_checkpoint"])
    for name in ("draft_head.safetensors", "model.safetensors"):
        assert (folder / name).read_bytes() == (best / name).read_bytes(), name
    last = {file.name: file.read_bytes() for file in (folder / "checkpoint-30").glob("*.safetensors")}
    assert run(f"{line} --overwrite_output_dir --resume_from_checkpoint {folder}/checkpoint-20") == 0
    for name, bytes_ in last.items():
        assert (folder / "checkpoint-30" / name).read_bytes() == bytes_, f"{name}: the same as without a break"


def test_a_head_is_trained_by_two_processes(bases: dict[str, Path], corpus: Path) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['bart']} --do_train --max_steps 2 --draft-loss 1"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "finetune"]
    done = subprocess.run(
        [*command, *shlex.split(line), "--run_name", "x"],
        check=False, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ROOT, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "Error" in line)
    from safetensors.torch import load_file

    assert load_file(Path("runs/models/x/draft_head.safetensors"))["weight"].any()


def test_a_head_without_a_weight_is_none_and_a_weight_leaves_the_first_step_as_it_was(
    bases: dict[str, Path], corpus: Path
) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['bart']} --do_train --max_steps 1 --max_grad_norm 1e9"
    for name, weight in (("without", 0), ("with", 1)):
        assert run(f"{line} --run_name {name} --draft-loss {weight}") == 0
    without, with_ = (Path(f"runs/models/{name}") for name in ("without", "with"))
    assert not (without / "draft_head.safetensors").exists()
    assert json.loads((without / "fewshot.json").read_text())["draft_head"] is None
    assert (without / "model.safetensors").read_bytes() == (with_ / "model.safetensors").read_bytes(), (
        "zeros move no encoder, and no random number is drawn for them"
    )


@pytest.mark.parametrize("base", ["bart", "t5"])
def test_the_loss_over_the_tokens_of_a_batch_teaches_as_the_whole_one_does(
    base: str, bases: dict[str, Path], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"--task ner --data {corpus} --base-model {bases[base]} --do_train --max_steps 30 --learning_rate 3e-3"
    line += " --per_device_train_batch_size 2"
    found = {}
    for name, above in (("whole", 10_000), ("batch", 0)):
        monkeypatch.setattr(shortlist, "PAYS", above)
        assert run(f"{line} --run_name {name} --logging_steps 1") == 0
        history = json.loads(Path(f"runs/models/{name}/trained.json").read_text())
        losses = [row["loss"] for row in history if "loss" in row]
        found[name] = losses[0] - sum(losses[-3:]) / 3
    assert found["batch"] > 0.7 * found["whole"] > 0.5
    assert found["batch"] != found["whole"]


def test_steps_that_are_accumulated_are_averaged(bases: dict[str, Path]) -> None:
    row = {"id": "1", "text": "Blot of p53.", "entities": [{"start": 8, "end": 11, "label": "GENEPROD"}]}
    Path("same.jsonl").write_text("".join(json.dumps(row | {"id": str(n)}) + "\n" for n in range(4)))
    line = f"--task ner --data same.jsonl --split-fractions 1 0 0 --base-model {bases['bart']} --do_train --max_steps 1"
    norms = []
    for name, size in (("at_once", "--per_device_train_batch_size 4"),
                       ("in_turn", "--per_device_train_batch_size 1 --gradient_accumulation_steps 4")):  # fmt: skip
        assert run(f"{line} {size} --run_name {name} --logging_steps 1") == 0
        norms.append(json.loads(Path(f"runs/models/{name}/trained.json").read_text())[0]["grad_norm"])
    assert norms[1] == pytest.approx(norms[0], rel=0.5), "a sum would be four times as large"


def test_a_tagger_learns_with_words_masked(
    bases: dict[str, Path], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f"--task ner --data {corpus} --base-model {bases['roberta']} --run_name x --do_train --max_steps 2"
    assert run(f"{line} --kind tagger --word_dropout 0.1") == 0
    assert json.loads(Path("runs/models/x/fewshot.json").read_text())["settings"]["word_dropout"] == 0.1
    assert run(f"{line} --word_dropout 0.1") == 2
    assert "--word-dropout needs --kind tagger" in capsys.readouterr().err


def test_a_tagger_of_the_same_seed_is_the_same(bases: dict[str, Path], corpus: Path) -> None:
    """Its head is random when it is loaded, before transformers' trainer sets the seed."""
    line = f"--task ner --data {corpus} --base-model {bases['roberta']} --kind tagger --do_train --max_steps 1"
    for name, seed in (("one", 1), ("two", 1), ("other", 2)):
        assert run(f"{line} --run_name {name} --seed {seed}") == 0
    one, two, other = (Path(f"runs/models/{name}/model.safetensors").read_bytes() for name in ("one", "two", "other"))
    assert one == two != other


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "--task causal --kind tagger --base-model {roberta} --data {corpus} --do_train",
            "task causal needs --kind seq2seq: a hypothesis cannot be written as one label per word",
        ),
        ("--task roles --base-model {bart} --data {corpus} --do_train", "task roles needs --kind tagger"),
        ("--task ner --base-model nowhere/at/all --data {corpus} --do_train", "no such model folder"),
        ("--task ner --base-model {bart} --data {corpus} --labels GENPROD --do_train", "did you mean 'GENEPROD'"),
        ("--task nerd --base-model {bart} --data {corpus} --do_train", "unknown task 'nerd'"),
        ("--task ner --base-model {bart} --data missing.jsonl --do_train", "no such file"),
        ("--task causal --base-model {bart} --data {corpus} --format list --do_train", "cannot carry hypothesis"),
        (
            "--task ner --base-model {bart} --data {corpus} --do_train --draft-loss -1",
            "--draft-loss must be at least 0",
        ),
        (
            "--task ner --base-model {bart} --data {corpus} --do_train --draft-loss nan",
            "--draft-loss must be at least 0",
        ),
        ("--task ner --base-model {bart} --data {corpus} --do_train --draft-loss 1 --lora", "adapters leave the rest"),
        (
            "--task ner --kind tagger --base-model {roberta} --data {corpus} --do_train --draft-loss 1",
            "a tagger writes no answers",
        ),
        (
            "--task ner --base-model {bart} --data {corpus} --do_train --draft-loss 1 --format list",
            "--draft-loss is for answers in copy_tag",
        ),
        (
            "--task causal --base-model {bart} --data {corpus} --do_train --draft-loss 1",
            "--draft-loss is for answers in copy_tag",
        ),
        ("--task ner --base-model {bart} --data {corpus} --skip-lines 1 --do_train", "need a CSV"),
    ],
)
def test_one_clear_line_for_what_is_wrong(
    line: str, said: str, bases: dict[str, Path], corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line.format(**bases, corpus=corpus)) == 2
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
