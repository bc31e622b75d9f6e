"""What a vocabulary lacks: tags, line breaks, letters. They become added tokens, and the embeddings grow with them.

T5's vocabulary has no `<`, no `{` and no line break; BART could only write a tag in pieces. After `extend` every tag is
one token, in every family, and stays so after saving and loading.

    extend(tokenizer, model, written=["<GENEPROD>", "</GENEPROD>"], texts=["5 µM nutlin"])
    tag_ids(tokenizer, {"GENEPROD": ("<GENEPROD>", "</GENEPROD>")})        # {"GENEPROD": (32100, 32101)}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fewshot.models.source_tokens import SourceTokenizer

LINE_BREAK = "\n"
_LEAST_SEEN = 2
"""A letter that is seen once in the training texts is not worth an embedding."""


def tag_ids(tokenizer: Any, tags: Mapping[str, tuple[str, str]]) -> Mapping[str, tuple[int, int]]:
    """The ids of each label's two tags (`Format.tags`).

    Raises:
        KeyError: a tag is not a token of this vocabulary.
    """
    known = tokenizer.get_added_vocab()
    return {label: (known[opening], known[closing]) for label, (opening, closing) in tags.items()}


def lacking(tokenizer: Any, texts: Iterable[str]) -> list[str]:
    """Characters of some texts that a vocabulary cannot write, those seen at least twice, by code point."""
    unknown = tokenizer.unk_token_id
    source = SourceTokenizer(tokenizer)
    seen = Counter(char for text in texts for char in text if not char.isspace())
    missing = [char for char, n in seen.items() if n >= _LEAST_SEEN and unknown in source(char).ids]
    return sorted(missing)


def extend(tokenizer: Any, model: Any, *, written: Sequence[str], texts: Iterable[str]) -> int:
    """Adds the tokens that answers need and the vocabulary lacks; returns how many there are now in all.

    `written`: what formats write and no vocabulary holds in one piece (tags, `[END]`). `texts`: sources and answers,
    whose unknown letters are added. New rows of the embeddings start from the mean of the old ones: a random one would
    be far from everything that the model knows.
    """
    from tokenizers import AddedToken

    wanted = list(dict.fromkeys(written))
    if LINE_BREAK not in "".join(tokenizer.convert_ids_to_tokens(SourceTokenizer(tokenizer)(LINE_BREAK).ids)):
        wanted += [] if _breaks_lines(tokenizer) else [LINE_BREAK]
    wanted += lacking(tokenizer, texts)
    before = len(tokenizer)
    # Neither normalized nor stripped: T5's normalizer would turn a line break into a space before it is seen.
    tokenizer.add_tokens([AddedToken(text, normalized=False, lstrip=False, rstrip=False) for text in wanted])
    grow(model, before, len(tokenizer))
    return len(tokenizer)


def _breaks_lines(tokenizer: Any) -> bool:
    """Whether a line break survives the vocabulary."""
    ids = tokenizer("a\na", add_special_tokens=False)["input_ids"]
    return LINE_BREAK in tokenizer.decode(ids)


def grow(model: Any, before: int, after: int) -> None:
    """Rows for the tokens `before` to `after`, each the mean of the rows that a pretrained token had.

    Never shrinks: T5 has more rows (32,128) than tokens (32,100), and the spare ones are taken first.
    """
    import torch

    rows = model.get_input_embeddings().weight.shape[0]
    if after > rows:
        model.resize_token_embeddings(after, mean_resizing=False)
    with torch.no_grad():
        output = model.get_output_embeddings()
        tables = [model.get_input_embeddings().weight]
        if output is not None and output.weight.data_ptr() != tables[0].data_ptr():
            tables.append(output.weight)
        for table in tables:
            table[before:after] = table[:before].mean(0)
