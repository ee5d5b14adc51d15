"""The folder boundaries are dependency rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "omni_agent": ROOT / "omni_agent",
    "omni_tools": ROOT / "tools/omni_tools",
    "omni_memory": ROOT / "memory/omni_memory",
}
FILES = [(name, path) for name, folder in PACKAGES.items() for path in sorted(folder.rglob("*.py"))]
LONGEST_FILE, LONGEST_FUNCTION = 500, 60


def module_of(package: str, path: Path) -> str:
    relative = path.relative_to(PACKAGES[package]).with_suffix("")
    return ".".join([package, *(part for part in relative.parts if part != "__init__")])


def imports(package: str, path: Path) -> Iterator[str]:
    module = module_of(package, path)
    here = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*start, *((node.module or "").split(".") if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def reaches(name: str, *roots: str) -> bool:
    return any(name == root or name.startswith(root + ".") for root in roots)


@pytest.mark.parametrize(("package", "path"), FILES, ids=[module_of(*file) for file in FILES])
def test_imports_keep_to_their_layer(package: str, path: Path) -> None:
    module, names = module_of(package, path), list(imports(package, path))
    if package == "omni_agent":
        assert not [n for n in names if reaches(n, "omni_tools", "omni_memory")], (
            "the core finds plugins by entry points"
        )
    else:
        private = [
            n
            for n in names
            if n.startswith("omni_agent.") and any(part.startswith("_") for part in n.split("."))
        ]
        assert not private
        assert not [n for n in names if reaches(n, "omni_agent.server", "omni_agent.cli", "omni_agent.nodes")]
    if module in {"omni_agent.messages", "omni_agent.events", "omni_agent.errors"}:
        assert not [n for n in names if reaches(n, "omni_agent")]
    if reaches(module, "omni_agent.speech", "omni_agent.vision", "omni_agent.models"):
        assert not [n for n in names if reaches(n, "omni_agent.server", "omni_agent.cli")]
    if not reaches(module, "omni_agent.server", "omni_agent.mcp.serving"):
        assert not [n for n in names if reaches(n, "starlette", "uvicorn")]


@pytest.mark.parametrize("path", [path for _, path in FILES], ids=[module_of(*file) for file in FILES])
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    long = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.body[0].lineno > LONGEST_FUNCTION
    ]
    assert not long


def test_the_rule_would_notice(tmp_path: Path) -> None:
    offender = PACKAGES["omni_agent"] / "speech" / "pcm.py"
    assert "omni_agent.media" in list(imports("omni_agent", offender))
    assert reaches("omni_agent.server.app", "omni_agent.server")
    assert not reaches("omni_agent.servers", "omni_agent.server")
