"""A job from end to end by the rules: what is written, what is rejected, how it goes on, what it refuses."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fewshot import data
from fewshot.annotate import Job, annotate, answering, asking
from fewshot.annotate.job import Shard
from fewshot.cassette.lock import Lock
from fewshot.errors import DataError, InputError, RunFolderError
from fewshot.experiment.plan import Plan
from fewshot.experiment.settings import Settings
from fewshot.records import Example, Prediction
from tests.annotate.jobs import TEXT, contents, done, job, legends, records, rejects


def test_every_record_is_written_with_its_spans_and_words(tmp_path: Path) -> None:
    found = done(legends(tmp_path / "in.jsonl", 25), tmp_path / "out")
    assert (found.complete, found.counts.records, found.counts.written, found.partitions) == (True, 25, 25, 3)
    first, *_, last = records(tmp_path / "out")
    digest = json.loads((tmp_path / "out" / "job.json").read_text())["digest"]
    text = TEXT.format(0)
    assert first == {
        "id": "f0",
        "group": "f0",
        "text": text,
        "panels": [
            {"labels": ["A"], "start": 0, "end": 33, "text": text[:33]},
            {"labels": ["B"], "start": 34, "end": len(text), "text": text[34:]},
        ],
        "problems": {},
        "fidelity": 1.0,
        "signature": digest,
    }
    assert last["id"] == "f24"
    assert rejects(tmp_path / "out") == []


def test_what_is_written_is_data_again(tmp_path: Path) -> None:
    done(legends(tmp_path / "in.jsonl", 12), tmp_path / "out")
    again = data.read(str(tmp_path / "out" / "parts"), "panelization")
    assert [one.id for one in again] == [f"f{n}" for n in range(12)]
    assert all(len(one.panels or ()) == 2 for one in again)


def test_parquet_is_data_again_and_says_the_same(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 12)
    done(source, tmp_path / "lines")
    done(source, tmp_path / "columns", to="parquet")
    lines, columns = (data.read(str(tmp_path / name / "parts")) for name in ("lines", "columns"))
    assert [(e.id, e.group, e.text, e.panels) for e in lines] == [(e.id, e.group, e.text, e.panels) for e in columns]
    assert {path.suffix for path in (tmp_path / "columns" / "parts").iterdir()} == {".parquet"}


def test_without_text_spans_still_carry_their_words(tmp_path: Path) -> None:
    done(legends(tmp_path / "in.jsonl", 3), tmp_path / "out", text=False)
    assert all("text" not in row and row["panels"][1]["text"].startswith("(B)") for row in records(tmp_path / "out"))


BROKEN = [
    ("not json", "not JSON: expecting value at character 1", None),
    ('{"id": "f0", "text": "again"}', "duplicate id (first on line 1)", "f0"),
    ('{"id": "n", "text": 5}', "text must be a string, not 5", "n"),
    ('{"id": "m"}', "text is missing", "m"),
    ("[1]", "a record must be a JSON object, not a list", None),
    ('{"id": "l", "text": "' + "x" * 300 + '"}', "a text of 300 characters (--longest 200 allows fewer)", "l"),
    ("[" * 100_000, "not JSON: nested too deeply", None),
]


@pytest.mark.parametrize(("line", "reason", "id_"), BROKEN, ids=[reason[:20] for _, reason, _ in BROKEN])
def test_a_bad_record_is_a_reject_and_stops_nothing(tmp_path: Path, line: str, reason: str, id_: str | None) -> None:
    source = legends(tmp_path / "in.jsonl", 3)
    source.write_text(source.read_text() + line + "\n" + json.dumps({"id": "last", "text": TEXT}) + "\n")
    found = done(source, tmp_path / "out", longest=200)
    assert (found.complete, found.counts.records, found.counts.written, found.counts.rejected) == (True, 5, 4, 1)
    assert [row["id"] for row in records(tmp_path / "out")] == ["f0", "f1", "f2", "last"]
    (row,) = rejects(tmp_path / "out")
    assert (row["reason"], row["id"], row["file"]) == (reason, id_, str(source))
    assert row["line"] in (4, None)


def test_bytes_that_are_no_text_are_a_reject_with_their_line(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 2)
    source.write_bytes(source.read_bytes() + b'{"id": "x", "text": "\xff"}\n{"id": "y", "text": "(A) z."}\n')
    assert done(source, tmp_path / "out").counts.written == 3
    (row,) = rejects(tmp_path / "out")
    assert (row["line"], row["reason"].partition(" (")[0]) == (3, "not UTF-8")


def test_a_line_without_end_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWSHOT_MOST_BYTES", "200")
    source = legends(tmp_path / "in.jsonl", 2)
    source.write_text(source.read_text() + "x" * 1000 + "\n" + json.dumps({"id": "last", "text": "(A) z."}) + "\n")
    done(source, tmp_path / "out")
    assert [row["id"] for row in records(tmp_path / "out")] == ["f0", "f1", "last"]
    assert [(row["line"], row["reason"]) for row in rejects(tmp_path / "out")] == [(3, "a line of more than 200 bytes")]


TABLE = 'id,text,panels\na,(A) one.,\nb,"(A) two",[broken\nc,(A) three.,,,surplus\nd,,\ne,"(A)" four,\nf,(A) five.,\n'


def test_bad_rows_of_a_table_are_rejects(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(TABLE)
    done(tmp_path / "in.csv", tmp_path / "out")
    assert [row["id"] for row in records(tmp_path / "out")] == ["a", "f"]
    said = [(row["line"], row["reason"].partition(":")[0]) for row in rejects(tmp_path / "out")]
    assert said == [
        (3, "the cell under panels is not JSON"), (4, "5 cells where the header has 3"), (5, "a row without a text"),
        (6, "not CSV"),
    ]  # fmt: skip


def test_a_broken_article_among_others_is_a_reject(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    article = '<article><front><article-meta/></front><body><fig id="F1"><caption><p>(A) x.</p></caption></fig></body>'
    (folder / "a.nxml").write_text(f"{article}</article>")
    (folder / "b.nxml").write_text(article)
    (folder / "c.nxml").write_text(f"{article}</article>")
    done(folder, tmp_path / "out")
    assert [row["id"] for row in records(tmp_path / "out")] == ["a/F1", "c/F1"]
    assert [row["file"] for row in rejects(tmp_path / "out")] == [str(folder / "b.nxml")]


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    packed = tmp_path / "in.jsonl.gz"
    rows = "".join(json.dumps({"id": f"g{n}", "text": os.urandom(60).hex()}) + "\n" for n in range(20_000))
    packed.write_bytes(gzip.compress(rows.encode())[:-50_000])
    other = legends(tmp_path / "other.jsonl", 2)
    found = annotate(
        Job(settings=Settings(task="panelization"), inputs=(str(packed), str(other)), out=tmp_path / "out")
    )
    assert found.complete
    assert records(tmp_path / "out")[-1]["id"] == "f1", "the next source is read"
    (row,) = rejects(tmp_path / "out")
    assert row["reason"].endswith("(what follows it in the file is not read)")


def test_a_broken_file_of_a_folder_is_a_reject(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    legends(folder / "a.jsonl", 2)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b'{"id": "x", "text": "(A) y."}\n' * 9)[:-9])
    legends(folder / "c.jsonl", 2, first=2)
    done(folder, tmp_path / "out")
    assert [row["id"] for row in records(tmp_path / "out")] == ["f0", "f1", "f2", "f3"]
    assert [row["file"] for row in rejects(tmp_path / "out")] == [str(folder / "b.jsonl.gz")]


def test_an_id_of_another_source_is_a_reject(tmp_path: Path) -> None:
    one, two = legends(tmp_path / "one.jsonl", 3), legends(tmp_path / "two.jsonl", 4)
    found = annotate(Job(settings=Settings(task="panelization"), inputs=(str(one), str(two)), out=tmp_path / "out"))
    assert (found.counts.written, found.counts.rejected) == (4, 3)


def test_lines_of_files_of_the_same_name_are_different_records(tmp_path: Path) -> None:
    sources = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "legends.txt").write_text("(A) One.\n(A) Two.\n")
        sources.append(str(tmp_path / name / "legends.txt"))
    annotate(Job(settings=Settings(task="panelization"), inputs=tuple(sources), out=tmp_path / "out"))
    assert [row["id"] for row in records(tmp_path / "out")] == [
        "a/legends.txt:1", "a/legends.txt:2", "b/legends.txt:1", "b/legends.txt:2",
    ]  # fmt: skip


def test_half_a_surrogate_pair_is_kept_in_lines_and_rejected_for_parquet(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "s", "text": "\\ud83d (A) x."}\n{"id": "t", "text": "(A) y."}\n')
    done(tmp_path / "in.jsonl", tmp_path / "lines")
    assert [row["id"] for row in records(tmp_path / "lines")] == ["s", "t"]
    assert done(tmp_path / "in.jsonl", tmp_path / "columns", to="parquet").counts.rejected == 1
    assert rejects(tmp_path / "columns")[0]["reason"].startswith("Parquet cannot hold half a surrogate pair")


def test_the_same_command_passes_over_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = legends(tmp_path / "in.jsonl", 35)
    done(source, tmp_path / "whole")
    done(source, tmp_path / "out")
    asked: list[int] = []
    real = answering.Direct.answer

    def answer(self: answering.Direct, number: int, *args: Any) -> answering.Answered:
        asked.append(number)
        return real(self, number, *args)

    monkeypatch.setattr(answering.Direct, "answer", answer)
    assert done(source, tmp_path / "out").complete
    assert asked == []
    (tmp_path / "out" / "state" / "00001.json").unlink()  # killed between a part and its note
    (tmp_path / "out" / "parts" / "part-00003.jsonl").write_text("")  # a machine that went down
    (tmp_path / "out" / "parts" / ".0123abcd.part").write_text("half")
    assert done(source, tmp_path / "out").counts.written == 35
    assert asked == [1, 3]
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_signal_waits_for_the_record_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = legends(tmp_path / "in.jsonl", 35)
    ended: list[str] = []
    real = answering.Direct._one

    async def one(self: answering.Direct, plan: Plan, example: Example) -> Prediction:
        if example.id == "f12":
            signal.raise_signal(signal.SIGINT)
        found = await real(self, plan, example)
        ended.append(example.id)
        return found

    monkeypatch.setattr(answering.Direct, "_one", one)
    with pytest.raises(KeyboardInterrupt, match="stopped; 1 part is whole"):
        done(source, tmp_path / "out")
    assert ended == [f"f{n}" for n in range(13)]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    noted: list[int] = []  # by a program whose own handler does not raise
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        found = done(source, tmp_path / "out")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (noted, found.stopped, found.partitions) == ([signal.SIGINT], "a signal came", 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"size": 5}, "partition_size: 10 → 5"),
        ({"to": "parquet"}, 'to: "jsonl" → "parquet"'),
        ({"settings": Settings(task="ner")}, 'settings.task: "panelization" → "ner"'),
        ({"shard": Shard(1, 2)}, "shard: null → [1, 2]"),
    ],
)
def test_another_job_in_the_same_folder_is_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    source = legends(tmp_path / "in.jsonl", 12)
    done(source, tmp_path / "out")
    with pytest.raises(RunFolderError, match="holds another job") as error:
        done(source, tmp_path / "out", **change)
    assert said in error.value.message


def test_pace_is_no_part_of_a_job(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 12)
    done(source, tmp_path / "out")
    assert done(source, tmp_path / "out", settings=Settings(task="panelization", concurrency=3)).complete


def test_an_input_that_has_changed_is_refused(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 20)
    done(source, tmp_path / "out")
    (tmp_path / "out" / "state" / "00001.json").unlink()
    source.write_text(source.read_text().replace("number 3.", "number 4."))  # of the same size
    with pytest.raises(RunFolderError, match="the input has changed since partition 0"):
        done(source, tmp_path / "out")


def test_a_folder_of_something_else_and_one_in_use_are_refused(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(RunFolderError, match="is not the folder of a job"):
        done(source, tmp_path / "mine")
    (tmp_path / "out").mkdir()
    with Lock(tmp_path / "out" / "job.json"), pytest.raises(RunFolderError, match="in use by process"):
        done(source, tmp_path / "out")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    source, out, secret = legends(tmp_path / "in.jsonl", 20), tmp_path / "out", tmp_path / "mine"
    secret.write_text("mine")
    done(source, out)
    for path in (out / "parts" / "part-00001.jsonl", out / "state" / "00001.json", out / "rejects.jsonl"):
        kept = path.read_bytes()
        path.unlink()
        path.symlink_to(secret)
        with pytest.raises(RunFolderError, match=r"is a link|is broken"):
            done(source, out)
        assert secret.read_text() == "mine"
        path.unlink()
        path.write_bytes(kept)


@pytest.mark.parametrize(
    "content",
    ["[]", "{}", "not json", '{"records": "10"}', "[" * 9_000,
     '{"records": 10, "written": -1, "rejected": 0, "tokens": 0, "usd": 0, "input": 1, "bytes": 1, "output": 1,'
     ' "rejects": []}'],
)  # fmt: skip
def test_a_broken_note_is_one_line(tmp_path: Path, content: str) -> None:
    source = legends(tmp_path / "in.jsonl", 12)
    done(source, tmp_path / "out")
    (tmp_path / "out" / "state" / "00000.json").write_text(content)
    with pytest.raises(RunFolderError, match="is broken"):
        done(source, tmp_path / "out")


def test_a_secret_among_the_settings_is_refused(tmp_path: Path) -> None:
    settings = Settings(task="ner", backend="gpt3", model="m", extra={"api_key": "sk-proj-a1B2c3D4e5F6g7H8"})
    with pytest.raises(InputError, match="holds"):
        done(legends(tmp_path / "in.jsonl", 1), tmp_path / "out", settings=settings)
    assert not (tmp_path / "out").exists()


def test_inputs_that_cannot_be_read_again_are_refused(tmp_path: Path) -> None:
    source = str(legends(tmp_path / "in.jsonl", 2))
    for inputs, said in (
        (("-",), "can be read once"),
        ((source, source), "is named twice"),
        ((str(tmp_path / "none.jsonl"),), "no such file"),
        ((), "nothing to annotate"),
    ):
        with pytest.raises(InputError, match=said):
            annotate(Job(settings=Settings(task="panelization"), inputs=inputs, out=tmp_path / "out"))


def test_nothing_to_annotate_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(InputError, match="holds no records"):
        done(tmp_path / "empty.jsonl", tmp_path / "out")


def test_roles_are_asked_of_the_entities_that_a_record_brings(tmp_path: Path) -> None:
    text = "(A) Blot of p53 in HeLa cells."
    row = {"id": "a", "text": text, "entities": [{"start": 12, "end": 15, "label": "GENEPROD"}]}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n" + '{"id": "b", "text": "(A) None."}\n')
    done(tmp_path / "in.jsonl", tmp_path / "out", settings=Settings(task="roles", demos="demo", shots=3))
    first, second = records(tmp_path / "out")
    assert [(one["text"], one["label"]) for one in first["entities"]] == [("p53", "GENEPROD")]
    assert "role" in first["entities"][0]
    assert second["entities"] == []


def test_shots_need_demonstrations(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--shots 2 needs --demos"):
        done(legends(tmp_path / "in.jsonl", 1), tmp_path / "out", settings=Settings(task="ner", shots=2))


class Fragile:
    """A local model that breaks on some texts."""

    kind, name, model, digest, format, labelled, notices = "local", "fragile", "f", "f:1", None, None, ()

    def predict(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        for example in reversed(examples):
            if "nuls" in example.text:
                raise InputError("f cannot predict (IndexError: nuls)")
            yield Prediction(example.id, ())


def test_a_record_that_breaks_a_model_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "open_backend", lambda *_: Fragile())
    source = legends(tmp_path / "in.jsonl", 4)
    source.write_text(source.read_text() + '{"id": "bad", "text": "nuls"}\n')
    settings = Settings(task="ner", backend="local", model="f")
    assert done(source, tmp_path / "out", settings=settings).counts.rejected == 1
    assert [(row["id"], row["reason"]) for row in rejects(tmp_path / "out")] == [
        ("bad", "f cannot predict (IndexError: nuls)")
    ]
    source.write_text('{"id": "bad", "text": "nuls"}\n{"id": "worse", "text": "nuls, too"}\n')
    with pytest.raises(InputError, match="cannot predict"):
        done(source, tmp_path / "all", settings=settings)


def test_rules_that_break_on_a_record_reject_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fewshot.backends.rules import panels

    real = panels.find

    def find(text: str) -> Any:
        if "number 1." in text:
            raise RecursionError("too deep")
        return real(text)

    monkeypatch.setattr(panels, "find", find)
    done(legends(tmp_path / "in.jsonl", 3), tmp_path / "out")
    assert [(row["id"], row["reason"]) for row in rejects(tmp_path / "out")] == [("f1", "RecursionError: too deep")]


def test_counts_that_do_not_add_up_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = legends(tmp_path / "in.jsonl", 20)
    done(source, tmp_path / "out")
    note = tmp_path / "out" / "state" / "00001.json"
    row = json.loads(note.read_text())
    note.write_text(json.dumps(row | {"written": 9}))
    with pytest.raises(RunFolderError, match="it must not happen"):
        done(source, tmp_path / "out")


def test_progress_tells_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fewshot.annotate import Pace, running

    monkeypatch.setattr(running, "_EVERY", 0.0)
    paces: list[Pace] = []
    annotate(job(legends(tmp_path / "in.jsonl", 25), tmp_path / "out"), paces.append)
    assert paces[-1].counts.records == 25
    assert {pace.total for pace in paces} == {25}
    assert all(pace.left is not None and pace.rate > 0 for pace in paces)
    assert [p.counts.records + p.asked for p in paces] == sorted(p.counts.records + p.asked for p in paces)


def test_a_reader_that_is_not_told_to_go_on_stops_as_before(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 3)
    source.write_text(source.read_text() + "not json\n")
    with pytest.raises(DataError, match="not JSON"):
        data.read(str(source))


def test_a_job_is_checked(tmp_path: Path) -> None:
    whole = job(legends(tmp_path / "in.jsonl", 1), tmp_path / "out")
    for field, flag in (("size", "--partition-size"), ("longest", "--longest"), ("workers", "--workers")):
        with pytest.raises(InputError, match=f"{flag} must be at least 1"):
            replace(whole, **{field: 0})  # type: ignore[arg-type]
    for text in ("0/3", "4/3", "3", "a/b", "1/0"):
        with pytest.raises(InputError, match="--shard takes I/N"):
            Shard.parsed(text)
