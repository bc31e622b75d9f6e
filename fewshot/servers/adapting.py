"""The parameters that a server refuses, learned once for the whole run.

OpenAI's newer models answer `{"code": "unsupported_parameter", "param": "max_tokens"}`; other servers say the same in
words of their own. A 400 or 422 that names a parameter which we sent is a refusal of it, whatever it says; so is a 500
that also sounds like one. Each refusal moves one parameter one step down its ladder:

>>> state = Adaptations()
>>> refusal = Refusal("unsupported_parameter", "max_tokens", "Use 'max_completion_tokens' instead.")
>>> state.learn(refusal, {"max_tokens": 9}, state.now()), dict(state.now())
(True, {'max_tokens': 'max_completion_tokens'})

Two lessons come from answers: a model that thinks aloud is sent no stop (a server would end the thought at it; we cut
behind the thought ourselves), and one whose thought uses up the limit is sent a larger one (`reasoning`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fewshot.records import Completion, Request, Turn
from fewshot.servers.reasoning import Room, described
from fewshot.text.thinking import Thoughts, thoughts


class Refusal(NamedTuple):
    """A 400, 422 or 500: its code, the parameter that it names, its message; each is empty if the server does not give
    it."""

    code: str
    parameter: str
    message: str
    status: int = 400


DROPPED = "dropped"
MERGED = "merged into user"
# The values are recorded in `Completion.adapted` and stand in signatures: changing one changes both.
LADDERS: Mapping[str, tuple[str, ...]] = {
    "max_tokens": ("max_completion_tokens", DROPPED),
    "temperature": (DROPPED,),
    "stop": (DROPPED,),
    "seed": (DROPPED,),
    "response_format": ("json_object", DROPPED),
    "stream": (DROPPED,),
    "system": (MERGED,),
}
_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter", "unrecognized_parameter"}
# What a 500 has to say as well: it may be any failure, and its text may hold anything.
_SOUNDS_REFUSED = re.compile(
    r"unsupported|not (?:\w+ )?support|n't support|deprecated|invalid|unknown|unrecogni[sz]ed|unexpected|only"
    r"|not (?:permitted|allowed|available|enabled)|not (?:yet )?implemented|must alternate|extra fields",
    re.IGNORECASE,
)
# A limit that is too large is a wrong value, not a refused parameter: who asked for it has to ask for less.
_WRONG_LIMIT = re.compile(
    r"too (?:large|big|high|long|small|low)|at (?:most|least)|exceed|m(?:ax|in)imum|greater|less than|larger|smaller"
    r"|between|range|positive|[<>]=?\s*\d",
    re.IGNORECASE,
)


def _word(name: str) -> str:
    """Returns a pattern of an ordinary word where it is named as a parameter: `'stop'`, `body.stop`, `field stop`."""
    nouns = r"field|name|param(?:eter)?|arg(?:ument)?s?|property|key|keyword|option|input|supplied"
    return (
        rf"""(?:['"`]|\b(?:body|generation_config)\.|\b(?:{nouns})[: ]\s?){name}\b"""
        rf"""|(?:^|[;\n]\s?){name}:|\b{name}[ _](?:sequences?|param|string|word)"""
        rf"""|\b{name} (?:is|are) (?:not|un|deprecated|invalid)"""
    )


_ROLES = r"(?:user|model|assistant|tool)"
_NAMED: Mapping[str, re.Pattern[str]] = {
    "max_tokens": re.compile(r"\bmax_(?:completion_|new_)?tokens\b"),
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "stop": re.compile(_word("stop"), re.IGNORECASE),
    "seed": re.compile(r"\bseed\b", re.IGNORECASE),
    "response_format": re.compile(
        r"\bresponse_?format\b|\bjson_schema\b|\bjson_object\b|\bstructured outputs?\b|\bgrammar\b", re.IGNORECASE
    ),
    "stream": re.compile(_word("stream"), re.IGNORECASE),
    "system": re.compile(
        r"""['"`]system['"`]|\bsystem[ _](?:roles?|messages?|prompts?|instructions?|turns?)\b|\brole:? system\b"""
        r"""|\bdeveloper[ _]instructions?\b|roles must alternate|messages(?:\[\d+\]|\.\d+)\.role"""
        rf"""|\b{_ROLES}\W+(?:(?:and|or)\W+)?{_ROLES}\b[^.]{{0,40}}\broles?\b"""
        r"""|\broles?\b[^.]{0,40}\b(?:only|one of)\b[^.]{0,40}\buser\b""",
        re.IGNORECASE,
    ),
}
LIMITS = frozenset({"max_tokens", "max_completion_tokens"})
_LEAST_ECHO = 20
"""Characters of a text that is recognized in a message: shorter ones are parts of words."""

MOST_STOPS = 4
"""OpenAI's API takes at most four stop sequences. The rest is not lost: `reading.before_stop` cuts at all of them."""


class Terms(NamedTuple):
    """How a request is written: the changes known at one moment, and the tokens of room for a thought."""

    changes: Mapping[str, str]
    room: int = 0


@dataclass(slots=True)
class Adaptations:
    """What a run has learned so far. Belongs to one event loop; no method awaits, so requests never see half a change.

    `changes`: what is sent instead of a parameter, by the parameter's name.
    """

    changes: dict[str, str] = field(default_factory=dict)
    room: Room = field(default_factory=Room)

    def now(self) -> Mapping[str, str]:
        """Returns a copy of the changes known at this moment; `learn` needs to know what a request was built with."""
        return dict(self.changes)

    def apply(
        self, request: Request, changes: Mapping[str, str], room: int = 0
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Returns `(body, adapted)`: the request as this server takes it, and its parameters that were changed.

        `room`: tokens for a thought, beside those for the answer.
        """
        body = _body(request)
        adapted: dict[str, Any] = {}
        if "max_tokens" in body:
            body["max_tokens"] += room
        for name, change in changes.items():
            if name == "system":  # not a parameter of the body, but the role of a turn
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
        if room and _was_sent("max_tokens", body):
            adapted["max_tokens"] = described(adapted.get("max_tokens"), room)
        return body, adapted

    def learn_from_answer(self, completion: Completion, request: Request, body: Mapping[str, Any], room: int) -> bool:
        """Learns from the answer to `body`, which was sent with `room`.

        Returns whether the answer is lost to its thought, and the request can be sent in a way in which it is not.

        A server that was sent a stop does not know what a thought is: "stop" with a thought that is not closed means
        that it ended the thought there. Ended by itself it would have been closed, or have reached the limit.
        """
        if "stop" in body and completion.finish_reason == "stop" and _thought(completion, request).unclosed:
            self.changes["stop"] = DROPPED
            return True
        return self.room.learn(completion, request, room)

    def is_too_much(self, refusal: Refusal | None, room: int, *, too_long: bool) -> bool:
        """Returns whether a refused request may be accepted without its `room`: prompt and limit together exceed the
        context (`too_long`), or the limit that was learned is more than the server accepts at all."""
        if not room or refusal is None:
            return False
        named = refusal.parameter in LIMITS or _NAMED["max_tokens"].search(refusal.message) is not None
        if named and self.room.learns and not too_long:
            self.room.close()
            return True
        return too_long

    def learn(self, refusal: Refusal | None, body: Mapping[str, Any], sent: Mapping[str, str]) -> bool:
        """Learns from a refusal; returns whether the request is worth sending again.

        Args:
            refusal: What the server says; `None` if its reply is not a 400, 422 or 500.
            body: The refused body.
            sent: The changes that the body was built with. If another request in flight has learned the same lesson
                meanwhile, nothing is added: two refusals of one parameter must not move it down two steps.
        """
        name = None if refusal is None else _refused(refusal, body)
        if name is None:
            return False
        if self.changes.get(name) != sent.get(name):  # learned meanwhile: only send again
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
    body["stream"] = False  # the default of the protocol, but not of every server (Ollama's own, some gateways)
    body["max_tokens"] = request.max_tokens
    body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop[:MOST_STOPS])
    if request.seed is not None:
        body["seed"] = request.seed + request.sample  # with the same seed every sample would be the same answer
    if request.schema is not None:
        schema = {"name": "answer", "strict": True, "schema": dict(request.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    # `--extra` overrides our own parameters: the backend adds it to the body as it is.
    return {key: value for key, value in body.items() if key not in request.extra}


def _messages(turns: tuple[Turn, ...]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in turns]


def _merged(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Puts the system text in front of the first user turn, for models whose template has no system role."""
    system = [turn.content for turn in turns if turn.role == "system"]
    rest = [turn for turn in turns if turn.role != "system"]
    if rest and rest[0].role == "user":
        system.append(rest.pop(0).content)
    return (Turn("user", "\n\n".join(system)), *rest)


def _refused(refusal: Refusal, body: Mapping[str, Any]) -> str | None:
    """Returns the parameter of ours that the server refuses; `None` if the refusal is about something else."""
    message = refusal.message
    for text in _texts(body):  # servers that show what they were sent name nothing by it
        message = message.replace(text, " ")
    if refusal.code not in _CODES and refusal.status == 500 and not _SOUNDS_REFUSED.search(message):
        return None
    name = _named(refusal.parameter, message, body)
    if name == "max_tokens" and refusal.code not in _CODES and _WRONG_LIMIT.search(message):
        return None
    return name


def _named(parameter: str, message: str, body: Mapping[str, Any]) -> str | None:
    """Returns the parameter that is named, by the server itself or else as the first one in its message."""
    if parameter and not parameter.startswith("messages"):  # more reliable than the message
        return next((name for name in _NAMED if _matches(name, parameter) and _was_sent(name, body)), None)
    if parameter.endswith(".role") and _was_sent("system", body):
        return "system"
    mentions = [(match.start(), name) for name in _NAMED if (match := _NAMED[name].search(message))]
    return next((name for _, name in sorted(mentions) if _was_sent(name, body)), None)


def _matches(name: str, parameter: str) -> bool:
    spellings = LIMITS if name == "max_tokens" else {name}
    return not spellings.isdisjoint(re.split(r"[.\[\]/]", parameter))


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """Yields the texts of a request, longest first."""
    texts = [body["prompt"]] if "prompt" in body else []
    texts += [message["content"] for message in body.get("messages", ())]
    return (text for text in sorted(texts, key=len, reverse=True) if len(text) >= _LEAST_ECHO)


def _was_sent(name: str, body: Mapping[str, Any]) -> bool:
    if name == "system":
        return any(message["role"] == "system" for message in body.get("messages", ()))
    return name in body or (name == "max_tokens" and "max_completion_tokens" in body)
