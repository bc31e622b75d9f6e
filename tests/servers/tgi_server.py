"""The same server, speaking TGI (text-generation-inference) as well: `/`, `/generate`, `/info`.

with TgiServer(answers="p53", context=2048) as server:
    ask(server.url)      # POST {"inputs": …, "parameters": {…}} → [{"generated_text": …, "details": {…}}]

As the real one does, it refuses a temperature of 0, leaves the stop string at the end of the text, counts the tokens
of the answer and not those of the prompt, and says what it refuses with an `error_type`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.servers.openai_server import Fault, Json, OpenAiServer, Received, body


def tgi_error(code: int, message: str, kind: str = "validation") -> Fault:
    """An error in TGI's words."""
    return body(code, {"error": message, "error_type": kind})


class TgiServer(OpenAiServer):
    """`OpenAiServer` with TGI's routes. context: tokens (words here) that prompt and answer may take together.
    plain: answers with the text alone, as servers do that only look like TGI."""

    def __init__(self, *args: Any, context: int | None = None, plain: bool = False, **more: Any) -> None:
        super().__init__(*args, **more)
        self.context = context
        self.plain = plain

    @property
    def url(self) -> str:
        """What `--base-url` of `bloom` takes."""
        return self.base_url.removesuffix("/v1")

    def respond(self, request: Received, number: int) -> Fault:
        """TGI's routes here, the others as they are."""
        if request.method == "GET" and request.path == "/info" and self.gets is None:
            return Fault(raw=json.dumps({"model_id": (self.models or ("bloom-tiny",))[0]}).encode())
        if request.method == "POST" and request.path in {"/", "/generate"}:
            return self._generate(request, number)
        return super().respond(request, number)

    def _generate(self, request: Received, number: int) -> Fault:
        if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
            return tgi_error(401, "Invalid credentials in Authorization header", "authorization")
        fault = (self.faults[number] if number < len(self.faults) else None) or Fault()
        if self._stopping.wait(self.delay + fault.delay) or fault.drop or fault.raw is not None:
            return fault
        asked, parameters = request.body, request.body.get("parameters") or {}
        refused = self._refused(asked, parameters)
        if refused is not None:
            return refused
        answer = self._generated(asked, parameters, number)
        raw = json.dumps([answer] if request.path == "/" else answer).encode()
        return replace(fault, raw=raw[: len(raw) // 2] if fault.cut else raw)

    def _refused(self, asked: Json, parameters: Mapping[str, Any]) -> Fault | None:
        for name, said in self.refuses.items():
            if name in parameters:
                return said if isinstance(said, Fault) else tgi_error(422, f"Input validation error: {said}")
        if parameters.get("temperature") == 0:
            return tgi_error(422, "Input validation error: `temperature` must be strictly positive")
        used, wanted = len(asked["inputs"].split()), parameters.get("max_new_tokens", 100)
        if self.context is not None and used + wanted > self.context:
            return tgi_error(
                422,
                f"Input validation error: `inputs` tokens + `max_new_tokens` must be <= {self.context}."
                f" Given: {used} `inputs` tokens and {wanted} `max_new_tokens`",
            )
        return None

    def _generated(self, asked: Json, parameters: Mapping[str, Any], number: int) -> Json:
        text, reason = self._answer({"prompt": asked["inputs"]} | asked, number), "eos_token"
        for stop in parameters.get("stop") or ():
            if stop in text:
                text, reason = text[: text.index(stop) + len(stop)], "stop_sequence"
        words = text.split(" ")
        if len(words) > parameters.get("max_new_tokens", 100):
            words, reason = words[: parameters["max_new_tokens"]], "length"
            text = " ".join(words)
        if self.plain or not parameters.get("details"):
            return {"generated_text": text}
        details = {"finish_reason": reason, "generated_tokens": len(words), "prefill": [], "tokens": [], "seed": None}
        return {"generated_text": text, "details": details}
