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
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from ..errors import ToolDefinitionError
from ..messages import JsonObject, ToolSpec
from .arguments import fitting
from .call import call
from .context import ToolContext
from .schema import compiled, examined
from .signature import Signature, signature_of

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Effect = Literal["read", "write", "irreversible"]
Function: TypeAlias = Callable[..., Any]
Run: TypeAlias = Callable[[JsonObject, ToolContext], Awaitable[object]]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Tool:
    """Something a model can call.

    Attributes:
        spec: Name, description and JSON Schema of the arguments.
        run: Takes the arguments (already valid) and the context, gives the result.
        effect: `read` changes nothing, `write` can be put right, `irreversible` asks first.
        timeout: Seconds that it may take.
        method: Where it is a method in a class: gives the `run` of an object. Reading the attribute of an
            object does that, as with any method; None for all other tools.
    """

    spec: ToolSpec
    run: Run = field(repr=False)
    effect: Effect = "write"
    timeout: float = 30.0
    method: Callable[[object], Run] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ToolDefinitionError(
                f"'{self.name}' cannot be a tool's name", remedy="letters, digits, _ and -, up to 64"
            )
        if not self.timeout > 0:
            raise ToolDefinitionError(f"tool '{self.name}': timeout must be more than 0 seconds")

    def __get__(self, owner: object, kind: type | None = None) -> Tool:
        """The tool of an object, where it was made of a method."""
        if owner is None or self.method is None:
            return self
        return replace(self, run=self.method(owner), method=None)

    @property
    def name(self) -> str:
        """Name that the model calls it by."""
        return self.spec.name

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
        wrapped = (lambda owner: wrap(method(owner))) if method else None
        return replace(self, run=wrap(self.run), method=wrapped)

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
    *, name: str = "", description: str = "", effect: Effect = "write", timeout: float = 30.0
) -> Callable[[Function], Tool]: ...
def tool(
    function: Function | None = None,
    /,
    *,
    name: str = "",
    description: str = "",
    effect: Effect = "write",
    timeout: float = 30.0,
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

    Raises:
        ToolDefinitionError: The function has no description, or a parameter no usable type.
    """

    def make(function: Function) -> Tool:
        return _from_function(function, name, description, effect, timeout)

    return make if function is None else make(function)


def _from_function(function: Function, name: str, description: str, effect: Effect, timeout: float) -> Tool:
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
    made = Tool.from_schema(
        name, described, signature.schema, _runner(function, signature), effect=effect, timeout=timeout
    )
    if not signature.owner:
        return made
    return replace(made, method=lambda owner: _runner(function.__get__(owner), signature))


def _runner(function: Function, signature: Signature) -> Run:
    async def run(arguments: JsonObject, context: ToolContext) -> object:
        values = await signature.bind(arguments, context.media)
        return await call(function, values | dict.fromkeys(signature.injected, context), context)

    return run
