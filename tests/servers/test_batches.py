"""The Batch endpoint's client: pages, odd replies, what a server may call a batch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fewshot.errors import BackendError
from fewshot.servers.address import Server
from fewshot.servers.batches import Batch, Batches
from tests.servers import openai_server as faults
from tests.servers.batch_server import BatchServer

LINE = {"custom_id": "k", "url": "/v1/chat/completions", "body": {"model": "m", "messages": []}}


async def test_a_batch_is_found_by_its_name_on_any_page(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(LINE) + "\n")
    with BatchServer() as server:
        batches = Batches(Server(server.base_url, "none"), 5)
        for number in range(5):
            file = await batches.upload(path, f"part-{number}.jsonl")
            await batches.create(file, "/v1/chat/completions", {"fewshot": f"part-{number}"})
        found = await batches.find("part-0", "")
        assert (found and found.id, found and found.total) == ("batch_1", 1)
        assert await batches.find("part-9", "") is None
        by_file = await batches.find("part-9", "file-2")
        assert by_file is not None
        assert by_file.id == "batch_2"
        assert await batches.find_file("part-3.jsonl") == "file-4"
        assert await batches.find_file("part-9.jsonl") is None
        await batches.close()


@pytest.mark.parametrize(
    "body",
    [
        [], 7, None, {}, {"id": "batch_1"}, {"id": 7, "status": "completed"}, {"id": "batch_1", "status": "paused"},
        {"id": "batch_1", "status": ["completed"]},
    ],
)  # fmt: skip
async def test_what_is_no_batch_is_an_error_of_one_line(body: Any) -> None:
    with BatchServer() as server:
        server.routes["GET batches"] = [faults.body(200, body)]
        batches = Batches(Server(server.base_url, "none"), 5)
        with pytest.raises(BackendError) as caught:
            await batches.retrieve("batch_1")
        assert caught.value.retryable
        assert "\n" not in str(caught.value)
        await batches.close()


async def test_fields_of_other_types_say_nothing() -> None:
    odd = {"id": "b", "status": "completed", "request_counts": {"completed": "7", "failed": -1, "total": True},
           "metadata": ["x"], "output_file_id": 9, "errors": "none"}  # fmt: skip
    with BatchServer() as server:
        server.routes["GET batches"] = [faults.body(200, odd)]
        batches = Batches(Server(server.base_url, "none"), 5)
        assert await batches.retrieve("b") == Batch("b", "completed")
        await batches.close()


async def test_a_password_in_the_address_is_what_admits(tmp_path: Path) -> None:
    with BatchServer() as server:
        batches = Batches(Server(server.base_url.replace("://", "://me:pw@") + "?api-version=2", "sk-1"), 5)
        await batches.find("x", "")
        await batches.close()
        assert server.requests[0].headers["authorization"].startswith("Basic ")
        assert "api-version=2" in server.requests[0].path
