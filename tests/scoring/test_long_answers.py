"""A model may write 100,000 of any one sign. What it wrote is recorded: it must be read in no time, every time."""

from __future__ import annotations

from time import process_time

import pytest

from fewshot import formats, tasks
from fewshot.records import PANEL, Completion, Example, Scheme
from fewshot.scoring.reading import read_answer
from fewshot.text.thinking import thoughts

LENGTH = 100_000
MOST_SECONDS = 2.0
TEXT = "(A) Lysates of U2OS cells (n > 4), probed for Rad51 & <b> actin. (B) As in A, with TNF-α at P < 0.01. " * 20
SIGNS = [
    "a", " ", "\t", "\n", "_", "*", "`", "-", "<", ">", "&", ";", "\\", "(", "[", "/", "=", "é", "漢", "e\u0301",
    "\u0301\u0327", "\u200b", "ſ", "İ", "\ud800", "&lt;", "&#60;", "< ", "<\t", "</ ", "<a b=", "<x> p53 </x> ", "(A) ",
    "p53 ",
    "[END]", "\\[END\\]", "<CELL ", "<CELL LINE>", "<CELL_LINE>", "</CELL_LINE>", "\\<CELL_LINE>", "`<CELL_LINE>`",
    "&lt;CELL_LINE&gt;", '<CELL_LINE id="1">U2OS</CELL_LINE> ', "**<panel>**", "<panel ", "<panel A>", "<panel> U2OS ",
    "<think>", "</think>", "<think></think>", "<think ", "[THINK]", "<|channel|>", "<|message|>", "analysisA",
    "<|channel|>final<|message|>x<|end|>", "assistantfinal", "I'm sorry, ", "as an AI ", "```\n",
]  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("task", ["ner", "panelization"])
def test_a_copy_of_one_sign_is_read_in_no_time(task: str, sign: str) -> None:
    chosen = tasks.get(task)
    scheme = Scheme(chosen.kind, (PANEL,) if task == "panelization" else ("CELL_LINE", "GENEPROD", "TISSUE"))
    format_ = formats.get("copy_tag", chosen.kind)
    for before in ("", "<think>", TEXT[:200] + "<"):
        answer = Completion(before + sign * (LENGTH // len(sign.encode("utf-8", "surrogatepass"))))
        began = process_time()
        read_answer(answer, Example("x", "x", TEXT), format=format_, scheme=scheme, task=chosen)
        assert process_time() - began < MOST_SECONDS, (before, sign)


@pytest.mark.parametrize("sign", SIGNS)
def test_thoughts_are_found_in_no_time(sign: str) -> None:
    answer = sign * (10 * LENGTH // len(sign.encode("utf-8", "surrogatepass")))
    began = process_time()
    thoughts(answer, TEXT, ("CELL_LINE",)).without(answer)
    assert process_time() - began < MOST_SECONDS
