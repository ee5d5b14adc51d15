"""Builds the pages of the built-in tools from the tools themselves, each time the documentation is built.

For mkdocs: `on_files` adds `builtin/index.md` and a page for each plugin that comes along.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from omni_agent.messages import JsonObject
from omni_agent.plugins import Plugin, installed
from omni_agent.tool import Tool

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

OWN = "omni-agent-framework"
EFFECTS = {
    "read": "changes nothing",
    "write": "can be put right",
    "irreversible": "cannot be put right: the user is asked first",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    from mkdocs.structure.files import File

    for place, text in pages(built_in()).items():
        files.append(File.generated(config, place, content=text))
    return files


def built_in() -> list[Plugin]:
    """The tool plugins that the framework itself brings, by name."""
    return sorted((p for p in installed("tools").values() if p.source == OWN), key=lambda plugin: plugin.name)


def pages(plugins: Iterable[Plugin]) -> dict[str, str]:
    """The text of every page, by its place."""
    shown = [(plugin, plugin.tools()) for plugin in plugins]
    made = {f"builtin/{plugin.name}.md": page(plugin, tools) for plugin, tools in shown}
    rows = [
        f"| [{p.name}]({p.name}.md) | {', '.join(f'`{tool.name}`' for tool in tools)} |" for p, tools in shown
    ]
    index = [
        "# Built-in tools",
        "",
        "They come in by the same door as yours: name a plugin in the setting `tools`; its options stand in",
        "`[plugins.NAME]` of `omni-agent.toml`.",
        "",
        "| plugin | tools |",
        "|---|---|",
        *rows,
    ]
    return {"builtin/index.md": "\n".join(index) + "\n", **made}


def page(plugin: Plugin, tools: Iterable[Tool]) -> str:
    """One plugin's page."""
    loaded = plugin.load()
    told = inspect.getdoc(inspect.getmodule(loaded)) or ""
    parts = [f"# {plugin.name}", told, *options(plugin.name, loaded), *(section(tool) for tool in tools)]
    return "\n\n".join(part for part in parts if part) + "\n"


def options(name: str, loaded: Any) -> list[str]:
    """The table of what can be set, where the plugin is a class or a function."""
    if not (inspect.isclass(loaded) or inspect.isfunction(loaded)):
        return []
    parameters = inspect.signature(loaded).parameters.values()
    if not parameters:
        return []
    described = _described(inspect.getdoc(loaded) or "")
    rows = [
        f"| `{p.name}` | {cell(str(p.annotation))} | `{p.default!r}` | {cell(described.get(p.name, ''))} |"
        for p in parameters
    ]
    return [
        "## Options",
        "\n".join([f"`[plugins.{name}]`", "", "| option | type | default | |", "|---|---|---|---|", *rows]),
    ]


def section(tool: Tool) -> str:
    """What one tool is."""
    facts = [f"Effect: `{tool.effect}` ({EFFECTS[tool.effect]}).", f"Time: {tool.timeout:g} s."]
    facts += ["It can be undone."] if tool.undo else []
    facts += ["What it gives counts as written by strangers."] if tool.untrusted else []
    facts += [f"It asks: “{tool.question}”"] if tool.question and tool.effect == "irreversible" else []
    lines = [f"## {tool.name}", "", cell(tool.spec.description), "", " ".join(facts)]
    properties = tool.spec.parameters.get("properties", {})
    if properties:
        required = set(tool.spec.parameters.get("required", ()))
        lines += ["", "| parameter | type | default | |", "|---|---|---|---|"]
        lines += [parameter(name, schema, required=name in required) for name, schema in properties.items()]
    return "\n".join(lines)


def parameter(name: str, schema: JsonObject, *, required: bool) -> str:
    """One row of a tool's table."""
    default = "required" if required else f"`{schema.get('default')!r}`"
    return f"| `{name}` | {cell(_type(schema))} | {default} | {cell(str(schema.get('description', '')))} |"


def cell(text: str) -> str:
    """Text that stays within its cell and is no markup."""
    flat = " ".join(text.split())
    return flat.replace("|", "\\|").replace("<", "&lt;")


def _type(schema: JsonObject) -> str:
    kinds = [part.get("type", "") for part in schema.get("anyOf", [schema])]
    told = " or ".join(str(kind) for kind in kinds if kind and kind != "null")
    return f"{told} ({schema['format']})" if "format" in schema else told or "any"


def _described(docstring: str) -> dict[str, str]:
    from griffe import Docstring, DocstringSectionKind

    sections = Docstring(docstring, lineno=1).parse("google")
    found = [section.value for section in sections if section.kind is DocstringSectionKind.parameters]
    return {item.name: item.description for group in found for item in group}
