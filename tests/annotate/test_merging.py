"""Shards joined: the bytes of the whole job, or one line on what is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fewshot.annotate.job import Shard
from fewshot.annotate.merging import merge
from fewshot.errors import RunFolderError
from tests.annotate.jobs import contents, done, legends


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    source = legends(tmp_path / "in.jsonl", 47)
    source.write_text(source.read_text().replace('{"id": "f33"', '{"id": 0.5'))  # a reject
    folders = [tmp_path / f"shard-{n}" for n in (1, 2, 3)]
    for number, folder in enumerate(folders, 1):
        done(source, folder, shard=Shard(number, 3))
    return folders


def test_merged_shards_are_the_whole_job(tmp_path: Path, shards: list[Path]) -> None:
    merged = merge([shards[2], shards[0], shards[1]], tmp_path / "whole")
    assert (merged.counts.records, merged.counts.rejected, merged.partitions) == (47, 1, 5)
    done(tmp_path / "in.jsonl", tmp_path / "at-once")
    assert contents(tmp_path / "whole") == contents(tmp_path / "at-once")


def test_more_shards_than_partitions(tmp_path: Path) -> None:
    source = legends(tmp_path / "in.jsonl", 12)
    folders = [tmp_path / f"s{n}" for n in range(1, 6)]
    for number, folder in enumerate(folders, 1):
        done(source, folder, shard=Shard(number, 5))
    assert merge(folders, tmp_path / "whole").counts.written == 12


def test_what_is_no_whole_set_of_shards_is_refused(tmp_path: Path, shards: list[Path]) -> None:
    source, whole = tmp_path / "in.jsonl", tmp_path / "whole"
    done(source, tmp_path / "at-once")
    done(source, tmp_path / "other", shard=Shard(3, 3), size=5)
    shutil.copytree(shards[0], tmp_path / "copy")
    shutil.copytree(shards[2], tmp_path / "unfinished")
    (tmp_path / "unfinished" / "done.json").unlink()
    for folders, said in (
        (shards[:2], "shards are missing: 3 of 3"),
        ([*shards[:2], tmp_path / "other"], "is of another job than"),
        ([*shards, tmp_path / "copy"], "are both shard 1"),
        ([*shards[:2], tmp_path / "unfinished"], "is not finished"),
        ([tmp_path / "at-once"], "is no shard"),
        ([tmp_path / "nowhere"], "No such file"),
    ):
        with pytest.raises(RunFolderError, match=said):
            merge(folders, whole)
    assert not whole.exists()


@pytest.mark.parametrize(
    ("name", "change"),
    [("job.json", {"to": "../../x"}), ("job.json", {"shard": [4, 3]}), ("done.json", {"input": {"records": "5"}})],
)
def test_a_shard_that_was_tampered_with_is_one_line(
    tmp_path: Path, shards: list[Path], name: str, change: dict[str, object]
) -> None:
    path = shards[0] / name
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(RunFolderError, match=r"is broken|is no shard"):
        merge(shards, tmp_path / "whole")


def test_a_part_that_was_changed_is_refused(tmp_path: Path, shards: list[Path]) -> None:
    part = shards[1] / "parts" / "part-00001.jsonl"
    part.write_text(part.read_text().replace("nutlin", "nitlun", 1))
    with pytest.raises(RunFolderError, match=r"partition 1 of .*shard-2 is missing, or is not what was written"):
        merge(shards, tmp_path / "whole")


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, shards: list[Path]) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "x").write_text("mine")
    with pytest.raises(RunFolderError, match="holds something already"):
        merge(shards, tmp_path / "whole")


def test_an_input_that_changed_between_shards_is_refused(tmp_path: Path, shards: list[Path]) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(source.read_text().replace("number 45.", "number 44."))
    shutil.rmtree(shards[1])
    done(source, shards[1], shard=Shard(2, 3))
    with pytest.raises(RunFolderError, match="read another input"):
        merge(shards, tmp_path / "whole")
