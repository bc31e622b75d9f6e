"""What this server will not take, learnt once for the whole run.

OpenAI's newer models answer `{"code": "unsupported_parameter", "param": "max_tokens"}`, vLLM and TGI say the
same in other words. Each refusal moves one parameter one step down its ladder:

>>> state = Adaptations()
>>> refusal = ("unsupported_parameter", "max_tokens", "Use 'max_completion_tokens' instead.")
>>> state.learn(refusal, {"max_tokens": 9}, state.now()), dict(state.now())
(True, {'max_tokens': 'max_completion_tokens'})

Two lessons come from answers: a model that thinks aloud is sent no stop (a server would end the thought at it; we cut
behind the thought ourselves), and one whose thought uses up the limit is sent a larger one (`reasoning`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fewshot.records import Completion, Request, Turn
from fewshot.servers.reasoning import Room, described
from fewshot.text.thinking import Thoughts, thoughts

Refusal: TypeAlias = tuple[str, str, str]
"""Of a 400 or 422: its code, the parameter it names, its message; empty where the server says none."""

DROPPED = "dropped"
MERGED = "merged into user"
LADDERS: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_completion_tokens", DROPPED),
    "temperature": (DROPPED,),
    "stop": (DROPPED,),
    "seed": (DROPPED,),
    "response_format": ("json_object", DROPPED),
    "system": (MERGED,),
}
_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "unrecognized_parameter"}
_UNSUPPORTED = re.compile(
    r"unsupported|not (?:\w+ )?support|n't support|unknown (?:field|param|arg)|unrecogni[sz]ed|unexpected "
    r"(?:keyword|field|param|arg)|extra inputs? (?:\w+ )?not permitted|not (?:allowed|permitted|available)"
    r"|not (?:yet )?implemented|roles must alternate|extra fields not permitted",
    re.IGNORECASE,
)
# "stop" and "system" are plain words too: they count only where they are named as parameter or role.
_NAMED: Mapping[str, re.Pattern[str]] = {
    "max_tokens": re.compile(r"\bmax_(?:completion_)?tokens\b"),
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "stop": re.compile(r"""['"`]stop['"`]|\bbody\.stop\b|\bstop[ _](?:sequence|param|string|word)""", re.IGNORECASE),
    "seed": re.compile(r"\bseed\b", re.IGNORECASE),
    "response_format": re.compile(r"\bresponse_format\b|\bjson_schema\b|\bjson_object\b", re.IGNORECASE),
    "system": re.compile(
        r"""['"`]system['"`]|\bsystem[ _](?:role|message|prompt|instruction)|roles must alternate"""
        r"""|messages\[\d+\]\.role""",
        re.IGNORECASE,
    ),
}
LIMITS = frozenset({"max_tokens", "max_completion_tokens"})
MOST_STOPS = 4  # the API takes no more; we cut at all of them ourselves


@dataclass(slots=True)
class Adaptations:
    """The state of a run. One event loop uses it and no method awaits, so requests in flight see it whole."""

    changes: dict[str, str] = field(default_factory=dict)
    room: Room = field(default_factory=Room)

    def now(self) -> Mapping[str, str]:
        """What is known at this moment, as a copy that later lessons do not change."""
        return dict(self.changes)

    def apply(
        self, request: Request, changes: Mapping[str, str], room: int = 0
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """`(body, adapted)`: the request as this server takes it, and which of its parameters were changed. `room`:
        tokens for a thought, beside those for the answer."""
        body = _body(request)
        adapted: dict[str, Any] = {}
        if "max_tokens" in body:
            body["max_tokens"] += room
        for name, change in changes.items():
            if name == "system":
                if request.turns and any(turn.role == "system" for turn in request.turns):
                    body["messages"] = _messages(_merged(request.turns))
                    adapted[name] = change
            elif name in body:
                value = body.pop(name)
                if change == "json_object":
                    body[name] = {"type": change}
                elif change != DROPPED:
                    body[change] = value
                adapted[name] = change
        if room and _sent("max_tokens", body):
            adapted["max_tokens"] = described(adapted.get("max_tokens"), room)
        return body, adapted

    def hear(self, completion: Completion, request: Request, body: Mapping[str, Any], room: int) -> bool:
        """Learns from the answer to `body`, which was sent with `room`. True if it is lost to the thought in it and the
        request can be sent in a way in which it is not.

        A server that was sent a stop does not know what a thought is: "stop" with a thought that is not closed means
        that it ended the thought there. Ended by itself it would have been closed, or have reached the limit.
        """
        if "stop" in body and completion.finish_reason == "stop" and _thought(completion, request).unclosed:
            self.changes["stop"] = DROPPED
            return True
        return self.room.learn(completion, request, room)

    def is_too_much(self, refusal: Refusal | None, room: int, *, too_long: bool) -> bool:
        """Whether a request was refused that may be taken without its `room`: prompt and limit together are more than
        the context (`too_long`), or the limit that was learnt is more than the server takes at all."""
        if not room or refusal is None:
            return False
        named = refusal[1] in LIMITS or _NAMED["max_tokens"].search(refusal[2]) is not None
        if named and self.room.learns and not too_long:
            self.room.close()
            return True
        return too_long

    def learn(self, refusal: Refusal | None, body: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
        """True where the refusal is about a parameter of `body` that can be sent otherwise, or not at all.

        `sent` are the changes the refused body was made with: where another request has learnt the lesson
        meanwhile, nothing is added, and the request is only sent again.
        """
        name = None if refusal is None else _refused(refusal, body)
        if name is None:
            return False
        if self.changes.get(name) != sent.get(name):
            return True
        ladder = LADDERS[name]
        step = ladder.index(sent[name]) + 1 if name in sent else 0
        if step >= len(ladder):
            return False
        self.changes[name] = ladder[step]
        return True


def _thought(completion: Completion, request: Request) -> Thoughts:
    return thoughts(completion.text, request.query.text, request.scheme.labels)


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if request.turns is not None:
        body["messages"] = _messages(request.turns)
    else:
        body["prompt"] = request.prompt or ""
    body["max_tokens"] = request.max_tokens
    body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop[:MOST_STOPS])
    if request.seed is not None:
        body["seed"] = request.seed + request.sample  # several samples of one seed would be the same answer
    if request.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": dict(request.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return {key: value for key, value in body.items() if key not in request.extra}


def _messages(turns: tuple[Turn, ...]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _merged(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """System text in front of the first user turn, for models whose template has no system role."""
    system = [turn.content for turn in turns if turn.role == "system"]
    rest = [turn for turn in turns if turn.role != "system"]
    if rest and rest[0].role == "user":
        system.append(rest.pop(0).content)
    return (Turn("user", "\n\n".join(system)), *rest)


def _refused(refusal: Refusal, body: Mapping[str, Any]) -> str | None:
    """Which of our parameters the server would not take; `None`: the refusal is about something else."""
    code, parameter, message = refusal
    if code not in _CODES and not _UNSUPPORTED.search(message):
        return None
    if parameter:
        return next((name for name in _NAMED if _is(name, parameter) and _sent(name, body)), None)
    found = [(match.start(), name) for name in _NAMED if (match := _NAMED[name].search(message))]
    return next((name for _, name in sorted(found) if _sent(name, body)), None)


def _is(name: str, parameter: str) -> bool:
    if name == "system":
        return parameter == "messages" or parameter.endswith(".role")
    spelled = LIMITS if name == "max_tokens" else {name}
    return parameter.split(".", maxsplit=1)[0] in spelled


def _sent(name: str, body: Mapping[str, Any]) -> bool:
    if name == "system":
        return any(message["role"] == "system" for message in body.get("messages", ()))
    return name in body or (name == "max_tokens" and "max_completion_tokens" in body)
