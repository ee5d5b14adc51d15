"""What is to be checked: a plugin, a distribution, a module, a file or a folder. Nothing is imported here."""

from __future__ import annotations

import ast
import importlib.util
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ..errors import ConfigError
from ..plugins import installed

GROUP = "omni_agent.tools"
OURS = "omni-agent-framework"


@dataclass(frozen=True, slots=True)
class Source:
    """One plugin.

    Attributes:
        name: What it is called.
        value: What an entry point says (`module` or `module:name`), or the path of a Python file.
        path: A folder that has to be on the module path; empty where it is installed.
    """

    name: str
    value: str
    path: str = ""


def sources(subject: str) -> list[Source]:
    """The plugins that a name or path stands for.

    Raises:
        ConfigError: There is nothing of that name.
    """
    place = Path(subject).expanduser()
    if place.exists() and (place.suffix == ".py" or place.is_dir()):
        return list(_at(place.resolve()))
    plugins = installed("tools")
    if subject in plugins:
        return [Source(subject, plugins[subject].entry.value)]
    try:
        entries = distribution(subject).entry_points.select(group=GROUP)
        if found := [Source(entry.name, entry.value) for entry in entries]:
            return found
    except (PackageNotFoundError, ValueError):
        pass  # it may be a module
    module, _, name = subject.partition(":")
    if module.replace(".", "").isidentifier() and _importable(module.partition(".")[0]):
        return [Source(name or module.rpartition(".")[2], subject)]
    known = ", ".join(sorted(plugins)) or "none"
    raise ConfigError(
        f"there is no plugin, package, module, file or folder '{subject}'", remedy=f"plugins are: {known}"
    )


def builtin_names(but: str) -> list[str]:
    """Names of the tools that come with the framework, read off their source, but those of one plugin."""
    names: list[str] = []
    for plugin in installed("tools").values():
        if plugin.source == OURS and plugin.name != but:
            spec = _spec(plugin.entry.module)
            if spec and spec.origin:
                names += _tool_names(Path(spec.origin))
    return names


def _at(place: Path) -> Iterator[Source]:
    if place.is_file():
        yield Source(place.stem, str(place))
        return
    project = place / "pyproject.toml"
    if project.is_file():
        yield from _of_project(project)
    elif (place / "__init__.py").is_file():
        yield Source(place.name, place.name, str(place.parent))
    else:
        files = [path for path in sorted(place.glob("*.py")) if not path.name.startswith("_")]
        if not files:
            raise ConfigError(
                f"{place} holds no Python file", remedy="name a folder of plugin files, or a package"
            )
        yield from (Source(path.stem, str(path)) for path in files)


def _of_project(project: Path) -> Iterator[Source]:
    try:
        about = tomllib.loads(project.read_text(encoding="utf-8"))
        entries = about["project"]["entry-points"][GROUP].items()
    except (KeyError, AttributeError):
        raise ConfigError(
            f"{project} offers no tools", remedy=f'add [project.entry-points."{GROUP}"]'
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{project} cannot be read: {error}", remedy="mend it") from None
    folder = project.parent / "src"
    yield from (
        Source(name, value, str(folder if folder.is_dir() else project.parent)) for name, value in entries
    )


def _importable(module: str) -> bool:
    return module in sys.modules or _spec(module) is not None


def _spec(module: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


def _tool_names(source: Path) -> list[str]:
    """Names of the `@tool` functions and methods in a file."""
    try:
        tree = ast.parse(source.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return []
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [
        name for node in functions for decorator in node.decorator_list if (name := _named(node, decorator))
    ]


def _named(node: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.expr) -> str:
    call = decorator if isinstance(decorator, ast.Call) else None
    function = call.func if call else decorator
    if not (isinstance(function, ast.Name) and function.id == "tool"):
        return ""
    given = [key.value for key in call.keywords if key.arg == "name"] if call else []
    return str(given[0].value) if given and isinstance(given[0], ast.Constant) else node.name
