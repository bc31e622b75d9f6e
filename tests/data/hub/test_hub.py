"""Data sets of the hub, over real sockets: EMBO's two layouts, the cache, and what a hub can refuse."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fewshot import data
from fewshot.errors import DataError, InputError
from fewshot.records import Example, Span
from tests.servers.hub_server import HubServer, Reply, Repo

SOURCE, STUDY = "datasets/EMBO/SourceData", "datasets/EMBO/sd-nlp-non-tokenized"


def jsonl(*rows: Any) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def zipped(folder: str, **files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}/{name}.jsonl", content)
        archive.writestr(f"__MACOSX/{folder}/train.jsonl", b"\0")
    return made.getvalue()


NER_ROW = {
    "words": ["(", "A", ")", "p53", "blot", "."],
    "labels": ["O", "O", "O", "B-GENEPROD", "B-EXP_ASSAY", "O"],
    "is_category": [0, 0, 0, 1, 1, 0],
    "text": "(A) p53 blot.",
}
ROLES_ROW = NER_ROW | {"labels": ["O", "O", "O", "B-MEASURED_VAR", "O", "O"], "is_category": [0, 0, 0, 1, 0, 0]}
STUDY_ROW = {
    "words": ["(", "A", ")", "nutlin", "and", "p53", "blot"],
    "label_ids": {
        "entity_types": ["O", "O", "O", "B-SMALL_MOLECULE", "O", "B-GENEPROD", "B-EXP_ASSAY"],
        "geneprod_roles": ["O", "O", "O", "O", "O", "B-MEASURED_VAR", "O"],
        "small_mol_roles": ["O", "O", "O", "B-CONTROLLED_VAR", "O", "O", "O"],
        "boring": ["O", "O", "O", "O", "O", "O", "B-BORING"],
        "panel_start": ["B-PANEL_START", "O", "O", "O", "O", "O", "O"],
    },
}
FIGURE_ROW = {
    "words": ["Title", ".", "(", "A", ")", "Blot", ".", "(", "B", ")", "Gel", "."],
    "label_ids": {"panel_start": ["O", "O", "B-PANEL_START", "O", "O", "O", "O", "B-PANEL_START", "O", "O", "O", "O"]},
}
REPOS = {
    SOURCE: Repo(
        {
            "README.md": b"---\n---\n",
            "SourceData.py": b"raise SystemExit('nobody runs me')",
            "token_classification/v_1.0.0/ner/test.jsonl": jsonl(NER_ROW | {"text": "an old release"}),
            "token_classification/v_2.0.0/ner/train.jsonl": jsonl(NER_ROW, NER_ROW),
            "token_classification/v_2.0.0/ner/validation.jsonl": jsonl(NER_ROW),
            "token_classification/v_2.0.0/ner/test.jsonl": jsonl(NER_ROW),
            "token_classification/v_2.0.0/roles_gene/test.jsonl": jsonl(ROLES_ROW),
        }
    ),
    STUDY: Repo(
        {
            "sd_panels_general_tokenization.zip": zipped(
                "sd_panels_general_tokenization",
                train=jsonl(STUDY_ROW), eval=jsonl(STUDY_ROW), test=jsonl(STUDY_ROW, STUDY_ROW),
            ),
            "sd_fig_general_tokenization.zip": zipped(
                "sd_fig_general_tokenization", train=jsonl(FIGURE_ROW), eval=jsonl(FIGURE_ROW), test=jsonl(FIGURE_ROW)
            ),
        }
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own: huggingface_hub reads its place when it is imported."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _cache_manager

    folder = tmp_path / "cache"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(_cache_manager, "HF_HUB_CACHE", str(folder))
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    with HubServer(REPOS) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.mark.usefixtures("hub")
class TestEmbo:
    """The layouts of EMBO/SourceData and EMBO/sd-nlp-non-tokenized."""

    def test_ner_of_the_latest_release_with_its_own_text(self) -> None:
        examples = data.read("hub:EMBO/SourceData:NER", "ner")
        assert [(e.id, e.split) for e in examples] == [
            ("train.jsonl:1", "train"), ("train.jsonl:2", "train"),
            ("validation.jsonl:1", "validation"), ("test.jsonl:1", "test"),
        ]  # fmt: skip
        assert examples[-1].text == "(A) p53 blot."
        assert examples[-1].entities == (Span(4, 7, "GENEPROD"), Span(8, 12, "EXP_ASSAY"))

    def test_roles(self) -> None:
        (example,) = data.read("hub:EMBO/SourceData:ROLES_GP", "roles")
        assert example.entities == (Span(4, 7, "GENEPROD", role="MEASURED_VAR"),)

    def test_ner_with_both_rows_of_roles_from_the_zip(self) -> None:
        examples = data.read("hub:EMBO/sd-nlp-non-tokenized:NER", "ner")
        assert [e.split for e in examples] == ["train", "validation", "test", "test"]
        assert [(s.cut(examples[0].text), s.label, s.role) for s in examples[0].entities or ()] == [
            ("nutlin", "SMALL_MOLECULE", "CONTROLLED_VAR"), ("p53", "GENEPROD", "MEASURED_VAR"),
            ("blot", "EXP_ASSAY", ""),
        ]  # fmt: skip

    def test_one_row_of_roles(self) -> None:
        for config, surface in (("GENEPROD_ROLES", "p53"), ("SMALL_MOL_ROLES", "nutlin")):
            example = data.read(f"hub:EMBO/sd-nlp-non-tokenized:{config}", "roles")[0]
            assert [span.cut(example.text) for span in example.entities or ()] == [surface]

    def test_boring(self) -> None:
        example = data.read("hub:EMBO/sd-nlp-non-tokenized:BORING", "ner")[0]
        assert [(s.cut(example.text), s.label) for s in example.entities or ()] == [("blot", "BORING")]

    def test_panels_run_from_start_to_start(self) -> None:
        example = data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION", "panelization")[0]
        assert example.text == "Title . ( A ) Blot . ( B ) Gel ."
        assert example.panels == (Span(8, 20, "panel", labels=("A",)), Span(21, 32, "panel", labels=("B",)))

    def test_the_config_of_another_task(self) -> None:
        with pytest.raises(InputError, match=r"config PANELIZATION of .* holds nothing for ner; take NER or BORING"):
            data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION", "ner")

    def test_an_unknown_config(self) -> None:
        with pytest.raises(InputError, match=r"unknown config of EMBO/SourceData 'NRE' .*did you mean 'NER'"):
            data.read("hub:EMBO/SourceData:NRE")
        with pytest.raises(
            InputError, match="holds several configs; hub:EMBO/SourceData:CONFIG with CONFIG NER, ROLES_GP"
        ):
            data.read("hub:EMBO/SourceData")


def test_no_code_of_theirs_is_fetched(hub: HubServer) -> None:
    data.read("hub:EMBO/SourceData:NER")
    assert not any(path.endswith((".py", "README.md")) for path in hub.paths)


def test_the_cache_serves_when_the_hub_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(REPOS) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        online = data.read("hub:EMBO/SourceData:NER", "ner")
        asked = len(server.paths)
        assert data.read("hub:EMBO/SourceData:NER", "ner") == online
        assert not any("resolve" in path for path in server.paths[asked:])
    assert data.read("hub:EMBO/SourceData:NER", "ner") == online
    with pytest.raises(
        InputError, match=r"the hub cannot be reached \(ConnectError\), and its cache does not hold EMBO/x"
    ):
        data.read("hub:EMBO/x:NER")


def test_a_repository_of_our_own_records(hub: HubServer) -> None:
    row = {"id": "a", "text": "(A) Blot.", "panels": []}
    hub.repos["datasets/me/mine"] = Repo({"data/train.jsonl": jsonl(row), "data/test.jsonl": jsonl(row | {"id": "b"})})
    assert data.read("hub:me/mine") == [
        Example("a", "a", "(A) Blot.", panels=(), split="train"),
        Example("b", "b", "(A) Blot.", panels=(), split="test"),
    ]


def test_numbered_tags_are_named_by_the_card(hub: HubServer) -> None:
    names = {"class_label": {"names": {"0": "O", "1": "I-GENEPROD", "2": "B-GENEPROD"}}}
    row = {"words": ["p53", "blot"], "labels": [2, 0]}
    files = {"token_classification/ner/test.jsonl": jsonl(row)}
    card = {"dataset_info": [{"config_name": "NER", "features": [{"name": "labels", "sequence": names}]}]}
    hub.repos["datasets/me/tagged"] = Repo(files, card)
    (example,) = data.read("hub:me/tagged:NER")
    assert example.entities == (Span(0, 3, "GENEPROD"),)
    hub.repos["datasets/me/tagged"] = Repo(files)
    with pytest.raises(DataError, match=r"test.jsonl:1 .*labels are numbers, and the data set's card does not name"):
        data.read("hub:me/tagged:NER")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"{", "not JSON"),
        (b'{"words": ["a"]}', "labels must be a list of 1 tags"),
        (b'{"words": ["a"], "labels": ["O", "O"]}', "labels must be a list of 1 tags"),
        (b'{"words": [], "labels": []}', "words must be a list of words"),
        (b'{"words": ["a"], "labels": ["GENE"]}', "labels holds 'GENE', which is not a tag"),
        (b'{"id": "a"}', "text is missing"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(row: bytes, said: str, hub: HubServer) -> None:
    hub.repos["datasets/me/x"] = Repo({"token_classification/ner/test.jsonl": jsonl(NER_ROW) + row + b"\n"})
    with pytest.raises(DataError, match=r"hub:me/x/token_classification/ner/test\.jsonl:2.*" + said):
        data.read("hub:me/x:NER")


def test_a_zip_that_is_none(hub: HubServer) -> None:
    hub.repos[STUDY] = Repo({"sd_fig_general_tokenization.zip": b"<html>"})
    with pytest.raises(DataError, match=r"sd_fig_general_tokenization\.zip: not a sound zip file"):
        data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")
    hub.repos[STUDY] = Repo({"sd_fig_general_tokenization.zip": zipped("x", other=b"")})
    with pytest.raises(DataError, match=r"holds no train\.jsonl, eval\.jsonl or test\.jsonl"):
        data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")


def test_a_path_out_of_a_zip_is_read_in_memory(hub: HubServer, cache: Path) -> None:
    hub.repos[STUDY] = Repo({"sd_fig_general_tokenization.zip": zipped("../../../evil", train=jsonl(FIGURE_ROW))})
    assert len(data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")) == 1
    assert not list(cache.parent.rglob("evil"))


def test_what_the_hub_refuses(hub: HubServer) -> None:
    with pytest.raises(
        InputError, match="the hub has no data set me/nothing; check the name; a private one needs HF_TOKEN"
    ):
        data.read("hub:me/nothing:NER")
    files = {"data/test.jsonl": jsonl({"id": "a", "text": "x"})}
    hub.repos |= {
        "datasets/me/private": Repo(files, token="hf_other"),
        "datasets/me/ours": Repo(files, token="hf_right"),
    }
    hub.repos["datasets/me/gated"] = Repo(files, token="hf_other", gated=True)
    with pytest.raises(InputError, match="the hub has no data set me/private"):
        data.read("hub:me/private")
    with pytest.raises(InputError, match="data set me/gated is gated; accept its terms on the hub and set HF_TOKEN"):
        data.read("hub:me/gated")
    assert len(data.read("hub:me/ours")) == 1


def test_a_hub_that_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    with HubServer(REPOS, dict.fromkeys(range(100), Reply(500, b"<html>oops"))) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        with pytest.raises(InputError, match="the hub answered 500 for EMBO/SourceData; try again later"):
            data.read("hub:EMBO/SourceData:NER")


@pytest.mark.parametrize("source", ["hub:", "hub:a/b/c", "hub:a/b:c:d"])
def test_what_names_no_data_set(source: str) -> None:
    with pytest.raises(InputError, match=r"names no data set; hub:OWNER/NAME:CONFIG"):
        data.read(source)


def test_a_run_from_the_command_line(hub: HubServer, tmp_path: Path) -> None:
    env = {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.url, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "fewshot", "run", "--task", "ner", "--data", "hub:EMBO/sd-nlp-non-tokenized:NER"]
    done = subprocess.run(
        [*command, "--shots", "1", "--out", "run"],
        cwd=tmp_path, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "near-duplicates" in done.stderr  # every legend of this hub is the same
    assert done.returncode == 2
    done = subprocess.run(
        [*command, "--shots", "0", "--out", "run", "--json"],
        cwd=tmp_path, env=os.environ | env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["n"] == 2


def encrypted(content: bytes) -> bytes:
    """A zip whose entry says that it is encrypted: the flag stands in both of its headers."""
    made = bytearray(zipped("x", test=content))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.find(mark)
        while at >= 0:
            made[at + offset] |= 1
            at = made.find(mark, at + 4)
    return bytes(made)


def of_method(content: bytes, method: int) -> bytes:
    made = bytearray(zipped("x", test=content))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = made.find(mark)
        while at >= 0:
            made[at + offset] = method
            at = made.find(mark, at + 4)
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (encrypted(jsonl(FIGURE_ROW)), "is encrypted"),
        (of_method(jsonl(FIGURE_ROW), 97), "not a sound zip file"),
        (of_method(jsonl(FIGURE_ROW), 8), "not a sound zip file"),
        (of_method(jsonl(FIGURE_ROW), 12), "not a sound zip file"),
        (of_method(jsonl(FIGURE_ROW), 14), "not a sound zip file"),
        (zipped("x", test=jsonl(FIGURE_ROW))[:-30], "not a sound zip file"),
        (zipped("x", test=b"[" * 100_000), "nested too deeply"),
        (zipped("x", test=b"\xff"), "not UTF-8"),
    ],
)
def test_a_zip_that_cannot_be_unpacked(content: bytes, said: str, hub: HubServer) -> None:
    hub.repos[STUDY] = Repo({"sd_fig_general_tokenization.zip": content})
    with pytest.raises(DataError, match=said) as caught:
        data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")
    assert "\n" not in str(caught.value)


def test_a_zip_bomb_is_not_unpacked(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/test.jsonl", b'{"words": ["a"], "labels": ["O"]}\n' * 1_000_000)
    hub.repos[STUDY] = Repo({"sd_fig_general_tokenization.zip": made.getvalue()})
    with pytest.raises(DataError, match="would unpack to 34,000,000 bytes; FEWSHOT_MOST_BYTES=N allows more"):
        data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")
    monkeypatch.setenv("FEWSHOT_MOST_BYTES", "many")
    with pytest.raises(InputError, match="FEWSHOT_MOST_BYTES must be a number of bytes, not 'many'"):
        data.read("hub:EMBO/sd-nlp-non-tokenized:PANELIZATION")


@pytest.mark.parametrize("source", ["figure.xml", "EMBO/SourceData:NER", ":NER", "hub"])
def test_what_is_not_of_the_hub(source: str) -> None:
    with pytest.raises(InputError, match="names no data set"):
        data.read(source, format="hub")


def test_a_location_is_named_once(hub: HubServer) -> None:
    row = {"words": ["a"], "labels": [5]}
    hub.repos["datasets/me/x"] = Repo({"token_classification/ner/test.jsonl": jsonl(row)})
    with pytest.raises(DataError) as caught:
        data.read("hub:me/x:NER")
    assert str(caught.value).count("test.jsonl:1 ") == 1
