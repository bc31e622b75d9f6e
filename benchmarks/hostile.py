"""Hostile texts: signs and pieces of answers and files that `adversarial.py` repeats and `fuzz.py` mixes in.

>>> repeated(CONSTRUCTS["[["], 5)
'[[[[['
"""

from __future__ import annotations

from collections.abc import Mapping

HOLE = "Qxz7"
"""Stands in a text where a payload goes."""

SIGNS: Mapping[str, str] = {
    **{sign: sign for sign in "_*-=~#`'\"|\\/<>[](){}:;,.!?&%$@^+0aA"},
    "blank": " ", "tab": "\t", "line break": "\n", "return": "\r", "form feed": "\f", "NUL": "\0", "ESC": "\x1b",
    "no-break space": "\u00a0", "zero-width space": "\u200b", "soft hyphen": "\u00ad", "joiner": "\u200d",
    "line separator": "\u2028", "right to left": "\u202e", "byte order mark": "\ufeff", "half a pair": "\ud83d",
    "dash": "–", "minus": "−", "opening quote": "“", "ellipsis": "…", "alpha": "α", "sharp s": "ß", "long s": "ſ",
    "dotted I": "İ", "dotless i": "ı", "ligature": "ﬁ", "accent": "\u0301", "degree": "°",
    "superscript": "²", "han": "漢", "emoji": "🧬",
}  # fmt: skip
"""Single signs, by name."""

_ANSWERS = (
    "a ", "a b ", "a\n", "a, ", "a; ", "a: ", "a\t", ": ", ":\n", "; ", ", ", ". ", "- ", "-\n", "* ", "**a** ", "_ ",
    "_a", "1. ", "1) ", "#1 ", "#1; ", "p53#1; ", "(a) ", "(a", "a) ", "[a](b) ", "A, ", "A. ", "A) ", "(A) ", "(A–C) ",
    "A–Z, ", "A and B: ", "A:\n", "A: a\n", "- a\n", "a: b; c\n", "none\n", "GENEPROD: a\n", "GENEPROD: p53; p53\n",
    "<a", "<a>", "</a>", "<a></a>", "<a><b>", "<a b>", "< / a > ", "< ", "<b></i>", "&lt;", "\\<a>", "\\n", "\\\\ ",
    "<GENEPROD>", "</GENEPROD>", "<GENEPROD> p53 </GENEPROD> ", "<panel>", "</panel>", "<panel> (A) a </panel> ",
    "[END] ", "<think>", "</think>", "<think></think>", "<|channel|>", "<|message|>a",
    "<|channel|>final<|message|>", "assistantfinal ", "```", "```json\n", "```json\n[]\n```\n",
    "I'm sorry ", "I cannot ", "was tested for its influence on ", "or ", "by ", "nothing ", "a or b by c ",
)  # fmt: skip
_JSON = (
    '{"', '{"a":', "[[", "[]", "{}", "[{", "{},", "[1,", '"a",', "'a',", '"\\', "\\u0041", '\\"', "1e9,", "null,",
    '{"entities":[', '{"text":"p53","label":"GENEPROD"},', '{"text":"a"},', "// a\n", "/* ", '""', '"a"\n', 'a,"',
)  # fmt: skip
_TEXTS = (
    "12 ", "p53 ", "p53, ",
    "p53-", "P53/MDM2 ", "a-", "a/", "a'", "a(", "a+/-", "α-", "e\u0301 ", "a\u00ad", "\ufb01 ",
    "ſ ",
    "the a of ", "a\u00a0", "\u2028a", "\r\n", "a.\n\n", "\n\n", " \n", "a1 ", "1 a", "a. A. ", "e.g. ", "Fig. 1A, ",
)  # fmt: skip
_FILES = (
    "\tB-GENEPROD\n", "a\tB-GENEPROD\n", "a\tO\n", "-DOCSTART-\n", "<sd-panel>", "<fig>", "<p>", "<!--", "<?x ", "&a;",
    "<i>a</i>", "train,a,b\n", "###tt9HHSlkWoUM###", '{"id": "a", "text": "a"}\n',
)  # fmt: skip

CONSTRUCTS: Mapping[str, str] = {one: one for one in (*_ANSWERS, *_JSON, *_TEXTS, *_FILES)}
"""Pieces that are repeated, under themselves as names."""

PAYLOADS: Mapping[str, str] = {**SIGNS, **CONSTRUCTS}
"""All of them."""

LEGEND = (
    f"(A) Western blot of p53 and MDM2 in {HOLE} of p53-null HeLa cells treated with nutlin-3a (10 µM) for 24 h. "
    "(B, C) Quantification of the blots in A; data are mean ± SD, n = 3. *p < 0.05 (Student’s t-test). "
    "D Immunofluorescence of α-tubulin (green) and DAPI. Scale bar: 10 μm. (E–G) As in (B), in wild-type mouse liver."
)
"""A legend as they are, with a hole in it."""


def repeated(piece: str, size: int) -> str:
    """A text of `size` characters that repeats a piece.

    >>> repeated("ab", 5)
    'ababa'
    """
    return (piece * (size // len(piece) + 1))[:size]


def shown(text: str) -> str:
    """A piece as a table shows it: what cannot be seen is escaped, and the middle of a long one left out.

    >>> shown("a\\tb"), shown("x" * 200)[-12:]
    ('a\\\\tb', ' (200 signs)')
    """
    cut = text if len(text) <= 100 else f"{text[:60]}…{text[-20:]}"
    seen = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in cut)
    return seen if cut is text else f"{seen} ({len(text)} signs)"
