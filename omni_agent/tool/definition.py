"""Tools: a typed function with a docstring becomes something a model can call.

The schema comes from the signature (pydantic) and the docstring (griffe); it is examined once, and arguments
are validated by a JSON Schema validator compiled once. A parameter annotated `ToolContext` is injected and
never in the schema.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from ..errors import ToolDefinitionError
from ..messages import JsonObject, ToolSpec
from .arguments import fitting
from .call import call
from .context import ToolContext
from .schema import compiled, examined
from .signature import Signature, signature_of
from .undoing import taking_back

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Effect = Literal["read", "write", "irreversible"]
Function: TypeAlias = Callable[..., Any]
Run: TypeAlias = Callable[[JsonObject, ToolContext], Awaitable[object]]
# From a call's arguments, its context and the user's words to the question that reads the call back.
Question: TypeAlias = Callable[[JsonObject, ToolContext, str], Awaitable[str]]
# The `run` and the `undo` of an object's tool.
Method: TypeAlias = Callable[[object], tuple[Run, Run | None]]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Tool:
    """Something a model can call.

    Attributes:
        spec: Name, description and JSON Schema of the arguments.
        run: Takes the arguments (already valid) and the context, gives the result.
        effect: `read` changes nothing, `write` can be put right, `irreversible` asks first.
        timeout: Seconds that it may take.
        method: Where it is a method in a class: gives the `run` and the `undo` of an object. Reading the
            attribute of an object does that, as with any method; None for all other tools.
        undo: Takes back what a call did; called with the call's arguments. None where nothing can.
        cancellable: Whether a call may be cut off when the user goes on; None for what only reads.
        repeats: Two identical calls in one turn are both meant ("next track"); otherwise the second is not
            run.
        untrusted: What it returns was written by strangers: to the model it is data, never an order.
        question: How a call is read back for approval, with its arguments in braces; empty for our
            own words. Or what finds the words, and may look things up for that: a `ToolError` says that
            there is nothing to ask, and is the call's result.
        shown: Models are shown it; another one is called by a rule only.
        elsewhere: The caller of the turn runs it: the turn ends with the call, and goes on with its result.
    """

    spec: ToolSpec
    run: Run = field(repr=False)
    effect: Effect = "write"
    timeout: float = 30.0
    method: Method | None = field(default=None, repr=False)
    undo: Run | None = field(default=None, repr=False)
    cancellable: bool | None = None
    repeats: bool = False
    untrusted: bool = False
    question: str | Question = ""
    shown: bool = True
    elsewhere: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ToolDefinitionError(
                f"'{self.name}' cannot be a tool's name", remedy="letters, digits, _ and -, up to 64"
            )
        if not self.timeout > 0:
            raise ToolDefinitionError(f"tool '{self.name}': timeout must be more than 0 seconds")
        _check_question(self)

    def __get__(self, owner: object, kind: type | None = None) -> Tool:
        """The tool of an object, where it was made of a method."""
        if owner is None or self.method is None:
            return self
        run, undo = self.method(owner)
        return replace(self, run=run, undo=undo, method=None)

    @property
    def name(self) -> str:
        """Name that the model calls it by."""
        return self.spec.name

    @property
    def may_be_cut_off(self) -> bool:
        """Whether a call ends at once when the user goes on."""
        return self.effect == "read" if self.cancellable is None else self.cancellable

    @cached_property
    def _validator(self) -> Validator:
        return compiled(self.spec.parameters)

    def validate(self, arguments: object) -> JsonObject:
        """The arguments as the schema wants them; `"3"` becomes 3 where a number is wanted, and the like.

        Raises:
            ToolArgumentError: They do not fit; the message names each place, for the model to mend.
        """
        return fitting(self.name, self._validator, arguments)

    def around(self, wrap: Callable[[Run], Run]) -> Tool:
        """The same tool with `wrap` around its `run`: how wrappers are made."""
        method = self.method

        def wrapped(owner: object) -> tuple[Run, Run | None]:
            assert method is not None
            run, undo = method(owner)
            return wrap(run), undo

        return replace(self, run=wrap(self.run), method=wrapped if method else None)

    @classmethod
    def from_schema(
        cls,
        name: str,
        description: str,
        parameters: JsonObject,
        run: Run,
        *,
        effect: Effect = "write",
        timeout: float = 30.0,
    ) -> Tool:
        """A tool that is known by its JSON Schema only.

        Raises:
            ToolDefinitionError: The name cannot be called, or the schema is no JSON Schema (draft 2020-12)
                of an object, or uses what is not supported; the path is named.
        """
        return cls(ToolSpec(name, description, examined(name, parameters)), run, effect, timeout)


@overload
def tool(function: Function, /) -> Tool: ...
@overload
def tool(
    *,
    name: str = "",
    description: str = "",
    effect: Effect = "write",
    timeout: float = 30.0,
    undo: Function | None = None,
    cancellable: bool | None = None,
    repeats: bool = False,
    untrusted: bool = False,
    question: str | Question = "",
    shown: bool = True,
) -> Callable[[Function], Tool]: ...
def tool(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    effect: Effect = "write",
    timeout: float = 30.0,
    undo: Function | None = None,
    cancellable: bool | None = None,
    repeats: bool = False,
    untrusted: bool = False,
    question: str | Question = "",
    shown: bool = True,
) -> Tool | Callable[[Function], Tool]:
    """Make a tool of a function, or of a method in its class.

    The first paragraph of the docstring (Google, NumPy or Sphinx style) describes the tool, its `Args`
    describe the parameters. A plain `def` runs in a thread; what a generator yields is progress
    (`call.py` has the rules).

    Args:
        name: Instead of the function's own.
        description: Instead of the docstring's.
        effect: `read` changes nothing, `write` can be put right, `irreversible` is asked for first.
        timeout: Seconds that a call may take.
        undo: A function that takes back what a call did. It gets those of the call's arguments that it names,
            and a `ToolContext` whose `undoes` is the idempotency key of that call. In a class it stands above
            the tool, with `self` first.
        cancellable: Whether a call may be cut off when the user goes on; by default where it only reads.
        repeats: Two identical calls in one turn are both meant.
        untrusted: Strangers wrote what it returns.
        question: How a call is read back for approval: "Delete the note '{title}'?"; or a coroutine function
            that gets the arguments, the context and the user's words, and gives the question.
        shown: Models are shown it.

    Raises:
        ToolDefinitionError: The function has no description, or a parameter no usable type, or `undo` or
            `question` names an argument that the tool does not have.
    """

    def make(function: Function) -> Tool:
        return replace(
            _from_function(function, name, description, undo),
            effect=effect,
            timeout=timeout,
            cancellable=cancellable,
            repeats=repeats,
            untrusted=untrusted,
            question=question,
            shown=shown,
        )

    return make if function is None else make(function)


def _from_function(function: Function, name: str, description: str, undo: Function | None) -> Tool:
    if not callable(function):
        raise ToolDefinitionError(
            f"{function!r:.80} cannot be a tool", remedy="give a function, or an object with @tool methods"
        )
    signature = signature_of(function, ToolContext)
    name = name or signature.name
    described = description or signature.description
    if not described:
        raise ToolDefinitionError(
            f"tool '{name}' has no description", remedy="give it a docstring: the model reads it"
        )
    taken_back = taking_back(undo, signature, name) if undo else None
    made = Tool.from_schema(name, described, signature.schema, _runner(function, signature))
    if not signature.owner:
        return replace(made, undo=taken_back(None) if taken_back else None)
    return replace(
        made,
        method=lambda owner: (
            _runner(function.__get__(owner), signature),
            taken_back(owner) if taken_back else None,
        ),
    )


def _runner(function: Function, signature: Signature) -> Run:
    async def run(arguments: JsonObject, context: ToolContext) -> object:
        values = await signature.bind(arguments, context.media)
        return await call(function, values | dict.fromkeys(signature.injected, context), context)

    return run


def _check_question(tool: Tool) -> None:
    if not isinstance(tool.question, str):
        return
    named = {field for _, field, _, _ in Formatter().parse(tool.question) if field is not None}
    if unknown := named - set(tool.spec.parameters.get("properties", {})):
        raise ToolDefinitionError(
            f"tool '{tool.name}': its question names {', '.join(sorted(unknown))}, which is no argument of it"
        )
