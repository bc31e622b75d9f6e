"""What the hub holds: list a data set's files, fetch one, read the lines of it (also inside a zip).

    listing("EMBO/SourceData").files   →   ("README.md", "token_classification/ner/test.jsonl", …)

Zips are read in memory, entry by entry, and never unpacked: a path inside one means nothing to us.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from fewshot.data.hub.layout import SPLITS
from fewshot.errors import DataError, InputError, Where
from fewshot.files import decoded, json_values

MOST_BYTES = 1 << 30
"""No file of these data sets is near 1 GiB: a zip entry that claims more is broken or hostile."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a data set at one commit, and the metadata of its card."""

    commit: str | None
    files: tuple[str, ...]
    card: Mapping[str, Any] = field(default_factory=dict)


def listing(repo: str) -> Listing:
    """The files of a data set: as the hub lists them or, where it cannot be reached, as its cache holds them.

    Raises:
        InputError: no such data set, no access to it, or neither hub nor cache.
    """
    import httpx2
    from huggingface_hub import HfApi, errors

    try:
        info = HfApi(endpoint=_endpoint()).dataset_info(repo, timeout=30)
    except (httpx2.TransportError, errors.OfflineModeIsEnabled) as error:
        cached = _cached(repo)
        if cached is None:
            raise _unreachable(error, repo) from error
        return cached
    except (errors.HfHubHTTPError, errors.HFValidationError) as error:
        raise _refused(repo, error) from error
    card = info.card_data.to_dict() if info.card_data else {}  # type: ignore[no-untyped-call]
    return Listing(info.sha, tuple(sibling.rfilename for sibling in info.siblings or ()), card)


def fetch(repo: str, file: str, commit: str | None) -> Path:
    """The path of a file in huggingface_hub's cache, fetched if it is not there yet.

    Raises:
        InputError: it cannot be fetched.
    """
    import httpx2
    from huggingface_hub import errors, hf_hub_download

    try:
        path = hf_hub_download(repo, file, repo_type="dataset", revision=commit, endpoint=_endpoint())
    except errors.HfHubHTTPError as error:
        raise _refused(repo, error) from error
    except (httpx2.TransportError, errors.LocalEntryNotFoundError) as error:
        raise _unreachable(error, f"{repo}/{file}") from error
    return Path(path)


def rows(path: Path, name: str, split: str | None) -> Iterator[tuple[str | None, Where, object]]:
    """`(split, place, JSON value)` of every line that is not blank, of a .jsonl or of all .jsonl in a .zip.

    Raises:
        DataError: not a zip, or an entry too large; a line that is not JSON.
    """
    if path.suffix != ".zip":
        with path.open("rb") as file:
            for number, row in json_values(decoded(file, name), name):
                yield split, Where(name, number, f"{PurePosixPath(name).name}:{number}"), row
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in _entries(archive, name):
                stem = PurePosixPath(entry.filename).stem
                place = f"{name}/{entry.filename}"
                with archive.open(entry) as file:
                    for number, row in json_values(decoded(file, place), place):
                        yield SPLITS[stem], Where(place, number, f"{stem}.jsonl:{number}"), row
    except zipfile.BadZipFile as error:
        raise DataError(f"not a sound zip file ({error})", path=name, hint="remove it from the cache") from error


def _entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The split files of a zip, in the order train, validation, test."""
    order = list(SPLITS)
    found = []
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.suffix == ".jsonl" and path.stem in SPLITS and "__MACOSX" not in path.parts:
            if entry.file_size > MOST_BYTES:
                raise DataError(f"{entry.filename} claims {entry.file_size:,} bytes", path=name)
            found.append(entry)
    if not found:
        raise DataError("holds no train.jsonl, eval.jsonl or test.jsonl", path=name)
    return sorted(found, key=lambda entry: order.index(PurePosixPath(entry.filename).stem))


def _endpoint() -> str | None:
    """huggingface_hub reads HF_ENDPOINT once, when it is imported; we read it when it is needed."""
    return os.environ.get("HF_ENDPOINT") or None


def _cached(repo: str) -> Listing | None:
    """The newest cached revision of a data set."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return None
    ours = [found for found in repos if (found.repo_type, found.repo_id) == ("dataset", repo)]
    revisions = [revision for found in ours for revision in found.revisions]
    if not revisions:
        return None
    newest = max(revisions, key=lambda revision: revision.last_modified)
    files = (file.file_path.relative_to(newest.snapshot_path).as_posix() for file in newest.files)
    return Listing(newest.commit_hash, tuple(sorted(files)))


def _unreachable(error: Exception, what: str) -> InputError:
    return InputError(
        f"the hub cannot be reached ({type(error).__name__}), and its cache does not hold {what}",
        hint="check the network, HF_ENDPOINT and the proxy settings",
    )


def _refused(repo: str, error: Exception) -> InputError:
    """What the hub said, in words."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return InputError(f"data set {repo} is gated", hint="accept its terms on the hub and set HF_TOKEN")
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(f"the hub has no data set {repo}", hint="check the name; a private one needs HF_TOKEN")
    if isinstance(error, errors.HfHubHTTPError):
        return InputError(f"the hub answered {error.response.status_code} for {repo}", hint="try again later")
    return InputError(f"{repo!r} is no name of a data set", hint="hub:OWNER/NAME:CONFIG")
