"""Every error that this package raises, as one tree.

    OmniError
    ├── ConfigError             a setting, an agent file or a tool definition is wrong: edit it
    │   └── ToolDefinitionError a function cannot become a tool
    ├── InputError              what was handed in cannot be used: hand in something else
    │   └── MediaError          a sound, picture or clip is missing, broken, too large or too long
    ├── ModelError              a model failed while it worked: try again, or another model
    │   ├── ModelUnavailable    it cannot be loaded or reached: install, pull or start it
    │   └── ModelFileError      a model file cannot be had or is not what its digest says
    ├── ToolError               a call failed; goes to the model as data, never up to the user
    │   ├── ToolNotFound
    │   ├── ToolArgumentError
    │   └── ToolTimeout
    └── MemoryStoreError        memory cannot be read or written

`code` is stable: a program may compare it. `remedy` is the next step for a person.
"""

from __future__ import annotations

from typing import ClassVar


class OmniError(Exception):
    """Base of all errors here.

    Args:
        message: What happened, in one line, naming the thing it happened to.
        code: A stable identifier, where it is finer than the class's own.
        remedy: What the reader can do about it, in one line.
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class ConfigError(OmniError):
    """A setting, an agent file or a name in one is wrong."""

    default_code = "config_invalid"


class ToolDefinitionError(ConfigError):
    """A function or schema cannot be offered as a tool."""

    default_code = "tool_definition_invalid"


class InputError(OmniError):
    """What the caller handed in cannot be used."""

    default_code = "input_invalid"


class MediaError(InputError):
    """A sound, picture or clip is missing, broken, too large or too long."""

    default_code = "media_invalid"


class ModelError(OmniError):
    """A model failed while it was working."""

    default_code = "model_error"


class ModelUnavailable(ModelError):
    """A model, or the library it runs on, cannot be loaded or reached."""

    default_code = "model_unavailable"


class ModelFileError(ModelError):
    """A model file could not be fetched, or its bytes are not the catalogue's."""

    default_code = "model_file_error"


class ToolError(OmniError):
    """A tool call failed. The model is told; the user is not shown this."""

    default_code = "tool_error"


class ToolNotFound(ToolError):
    """No tool of that name is in the toolbox."""

    default_code = "tool_not_found"


class ToolArgumentError(ToolError):
    """The arguments do not fit the tool's schema."""

    default_code = "tool_arguments_invalid"


class ToolTimeout(ToolError):
    """The tool did not finish in its time."""

    default_code = "tool_timeout"


class MemoryStoreError(OmniError):
    """The memory database cannot be read or written."""

    default_code = "memory_error"
