"""The Hugging Face hub: what a repository holds, and its files in huggingface_hub's cache.

    listing("dataset", "EMBO/SourceData").files     →   ("README.md", "token_classification/ner/test.jsonl", …)
    fetch("model", "facebook/bart-base", "config.json", commit)   →   its path in the cache

Everything that comes from the hub passes here and is checked here: whatever it answers that is not what a hub answers
(the page of a proxy, half a reply, redirects without end) is one clear line. Access is huggingface_hub's own:
`HF_ENDPOINT`, `HF_TOKEN`, proxies, and its cache, which also serves when the hub cannot be reached.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from fewshot.errors import FewshotError, InputError
from fewshot.servers import hub_bounds, hub_client

RepoType: TypeAlias = Literal["dataset", "model"]
_NOUNS: Mapping[RepoType, str] = {"dataset": "data set", "model": "model"}
_EXAMPLES: Mapping[RepoType, str] = {"dataset": "hub:OWNER/NAME:CONFIG", "model": "OWNER/NAME, or a folder"}
_TIMEOUT = 30
"""Seconds for the list of a repository's files, a few kB."""
_COMMIT = re.compile(r"[0-9A-Za-z._-]{1,64}")
_LONGEST_NAME = 255
"""Bytes of a file's name on all usual file systems."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository at one commit, and the metadata of its card as they come: anything at all."""

    commit: str | None
    files: tuple[str, ...]
    card: Mapping[str, Any] = field(default_factory=dict)


def listing(kind: RepoType, repo: str) -> Listing:
    """The files of a repository: as the hub lists them or, where it cannot be reached, as its cache holds them.

    Raises:
        InputError: no such repository, no access to it, an answer that cannot be read, or neither hub nor cache.
    """
    from huggingface_hub import errors

    http = hub_client.library()
    with _asking(kind, repo, repo):
        _check_token()
        try:
            info = _info(kind, repo)
        except (http.TransportError, errors.OfflineModeIsEnabled):
            cached = _cached(kind, repo)
            if cached is None:
                raise
            return cached
        return _listed(kind, repo, info)


def _info(kind: RepoType, repo: str) -> Any:
    """What `HfApi.repo_info` returns, which reads replies of any size for any time."""
    from huggingface_hub import DatasetInfo, ModelInfo, constants, utils

    utils.validate_repo_id(repo)  # type: ignore[attr-defined]
    url = f"{(_endpoint() or constants.ENDPOINT).rstrip('/')}/api/{kind}s/{repo}"
    row = hub_bounds.read_at_most(url, hub_bounds.MOST_LISTING, seconds=_TIMEOUT)
    read: Any = DatasetInfo if kind == "dataset" else ModelInfo
    return read(**row)


def fetch(kind: RepoType, repo: str, file: str, commit: str | None) -> Path:
    """The path of a file in huggingface_hub's cache, fetched if it is not there yet.

    Raises:
        InputError: it cannot be fetched, or is larger than `hub_bounds.MOST_FILE`.
    """
    from huggingface_hub import hf_hub_download

    with _asking(kind, repo, f"{repo}/{file}"):
        _check_token()
        bar = hub_bounds.counting(hub_bounds.MOST_FILE[kind], f"{repo}/{file}")
        return Path(hf_hub_download(repo, file, repo_type=kind, revision=commit, endpoint=_endpoint(), tqdm_class=bar))


def _listed(kind: RepoType, repo: str, info: Any) -> Listing:
    """What the hub says of a repository, checked."""
    files = tuple(sibling.rfilename for sibling in info.siblings or ())
    commit = info.sha
    if not (commit is None or (isinstance(commit, str) and _COMMIT.fullmatch(commit))):
        raise InputError(f"the hub names no usable commit of {_NOUNS[kind]} {repo}")
    for file in files:
        if not isinstance(file, str) or not _is_usable(file):
            raise InputError(f"the hub lists an unusable name of a file of {_NOUNS[kind]} {repo}: {ascii(file)[:80]}")
    as_table = getattr(info.card_data, "to_dict", dict)  # a card that is not a table comes unchanged
    card: dict[str, Any] = as_table()
    return Listing(commit, files, card if isinstance(card, dict) else {})


def _is_usable(file: str) -> bool:
    """Whether a name is one of a file below a folder.

    >>> [_is_usable(name) for name in ("data/test.jsonl", "../x", "/etc/passwd", "a\\n", "")]
    [True, False, False, False, False]
    """
    parts = PurePosixPath(file).parts
    fits = all(len(part.encode("utf-8", "replace")) <= _LONGEST_NAME for part in parts)
    return bool(parts) and file.isprintable() and "\\" not in file and fits and not {"..", "/", "//"} & set(parts)


@contextmanager
def _asking(kind: RepoType, repo: str, what: str) -> Iterator[None]:
    """Turns whatever goes wrong inside into one clear line."""
    try:
        yield
    except FewshotError:
        raise
    except (
        Exception
    ) as error:  # huggingface_hub, its HTTP library and the system each have their own, and proxies theirs
        raise _explained(kind, repo, what, error) from error


def _explained(kind: RepoType, repo: str, what: str, error: Exception) -> InputError:
    """What went wrong, in words. An exception's own message is not repeated: it may hold the token."""
    from huggingface_hub import errors

    http = hub_client.library()
    noun, name = _NOUNS[kind], type(error).__name__
    if isinstance(error, errors.HFValidationError):
        return InputError(f"{repo[:120]!r} is not the name of a {noun}", hint=_EXAMPLES[kind])
    if isinstance(error, errors.HfHubHTTPError):
        return _refused(noun, repo, error)
    if isinstance(error, http.InvalidURL | http.UnsupportedProtocol):
        return InputError(f"the address of the hub or of a proxy cannot be used ({name})", hint="look at HF_ENDPOINT")
    if isinstance(error, http.TransportError | errors.OfflineModeIsEnabled | errors.LocalEntryNotFoundError):
        return InputError(
            f"the hub cannot be reached ({name}), and its cache does not hold {what[:160]}",
            hint="check the network, HF_ENDPOINT and the proxy settings",
        )
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return InputError(f"{str(error.filename)[:160]}: cannot be used as the hub's cache ({error.strerror})")
    return _unreadable(noun, repo, error)


def _unreadable(noun: str, repo: str, error: Exception) -> InputError:
    name = type(error).__name__
    if isinstance(error, ImportError):
        return InputError("the proxy for the hub needs a package that is not installed", hint="pip install socksio")
    return InputError(
        f"what the hub answers about {noun} {repo[:120]} cannot be read ({name})",
        hint="does a proxy answer, or is HF_ENDPOINT another server?",
    )


def _refused(noun: str, repo: str, error: Any) -> InputError:
    """What the hub answered with an error status, in words."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return InputError(f"{noun} {repo} is gated", hint="accept its terms on the hub and set HF_TOKEN")
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(f"the hub has no {noun} {repo}", hint="check the name; a private one needs HF_TOKEN")
    return InputError(f"the hub answered {error.response.status_code} for {repo}", hint="try again later")


def _endpoint() -> str | None:
    """`HF_ENDPOINT`: huggingface_hub reads it once, when it is imported; we read it when it is needed.

    Raises:
        InputError: it is not an address.
    """
    from urllib.parse import urlsplit

    endpoint = os.environ.get("HF_ENDPOINT") or None
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and endpoint.isprintable()
    except ValueError:
        fine = False
    if not fine:
        raise InputError(
            "HF_ENDPOINT is not an address", hint="https://HOST[:PORT], or leave it unset for huggingface.co"
        )
    return endpoint


def _check_token() -> None:
    """Raises `InputError` for a token that cannot stand in a header; says nothing of what it is."""
    from huggingface_hub import get_token

    token = get_token() or ""
    if not (token.isascii() and token.isprintable()):
        raise InputError("HF_TOKEN holds a character that cannot be sent", hint="copy it again from the hub's settings")


def _cached(kind: RepoType, repo: str) -> Listing | None:
    """The newest cached revision of a repository."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return None
    ours = [found for found in repos if (found.repo_type, found.repo_id) == (kind, repo)]
    revisions = [revision for found in ours for revision in found.revisions]
    if not revisions:
        return None
    newest = max(revisions, key=lambda revision: revision.last_modified)
    files = (file.file_path.relative_to(newest.snapshot_path).as_posix() for file in newest.files)
    return Listing(newest.commit_hash, tuple(sorted(files)))
