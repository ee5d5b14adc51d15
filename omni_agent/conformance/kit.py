"""`check`: one process for each plugin, watched from here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..messages import JsonObject
from .job import Job
from .report import CHECKS, STATIC, Checked, Finding, Report
from .sandbox import Sandbox
from .subject import Source, builtin_names, sources

# Seconds for Python and the framework to start.
START = 60.0
# A plugin that ends its process once more is given up after so many times.
MOST_STARTS = 12


def check(
    subject: str | Path,
    *,
    arguments: Mapping[str, Sequence[JsonObject]] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    files: Mapping[str, str] | None = None,
    run: bool = True,
    run_irreversible: bool = False,
    network: bool = False,
    patience: float = 3.0,
) -> Report:
    """Check plugins; blocks until it is done.

    Args:
        subject: A plugin's name, a distribution, a module (`package.module` or `module:name`), a `.py` file,
            or a folder: of such files, of a package, or with a `pyproject.toml` that names plugins.
        arguments: Arguments to call tools with, by tool, instead of those made of their schemas.
        options: Keyword arguments by plugin, as `[plugins.NAME]` gives them.
        files: Texts by the paths of files that stand in the tools' working folder, beside `example.txt`.
        run: Whether tools may be called; without, they are only looked at.
        run_irreversible: Whether those are called too that cannot be taken back.
        network: Whether tools may reach other machines.
        patience: Seconds after which a call is cut off.

    Raises:
        ConfigError: There is nothing of that name.
    """
    found: list[Finding] = []
    tools: list[Checked] = []
    every = sources(str(subject))
    for source in every:
        with tempfile.TemporaryDirectory(prefix="omni-agent-check-", ignore_cleanup_errors=True) as folder:
            job = Job(
                name=source.name,
                value=source.value,
                root=folder,
                path=_path(source),
                options=dict((options or {}).get(source.name, {})),
                arguments={name: [dict(item) for item in given] for name, given in (arguments or {}).items()},
                taken=[*builtin_names(but=source.name), *(tool.tool for tool in tools)],
                run=run,
                irreversible=run_irreversible,
                network=network,
                patience=patience,
            )
            Sandbox(Path(folder)).make(files or {})
            seen = _Seen()
            _follow(job, seen, Path(folder))
        tools += [Checked(source.name, name, effect) for name, effect in seen.tools.items()]
        found += _complete(job, seen)
    return Report(str(subject), tuple(tools), tuple(found))


def _path(source: Source) -> list[str]:
    return [*([source.path] if source.path else ()), *(os.path.abspath(item) for item in sys.path)]


@dataclass
class _Seen:
    """What a plugin's process has told so far."""

    tools: dict[str, str] = field(default_factory=dict)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    tool: str = ""
    check: str = "import"
    hung: str = ""
    limit: float = START
    ended: bool = False

    def take(self, event: JsonObject) -> None:
        kind = event.pop("event")
        if kind == "finding":
            finding = Finding(**event)
            key = finding.tool, finding.check
            # What failed by its looks cannot be put right by a call.
            if key not in self.findings or self.findings[key].outcome != "failed":
                self.findings[key] = finding
        elif kind == "tool":
            self.tools[event["tool"]] = event["effect"]
        elif kind == "begin":
            self.tool, self.check, self.limit = event["tool"], event["check"], event["seconds"]
        elif kind == "hung":
            self.hung = event["place"]
        else:
            self.ended = True


def _follow(job: Job, seen: _Seen, root: Path) -> None:
    """Run the plugin's process, and again for the other tools where one tool ended it."""
    skipped: list[str] = []
    for _ in range(MOST_STARTS):
        seen.tool, seen.check, seen.limit, seen.hung = "", "import", START, ""
        why = _once(replace(job, done=skipped), seen, root)
        if not why:
            return
        blamed = Finding(job.name, seen.tool, seen.check, "failed", why, "raise ToolError instead")
        if seen.hung:
            why = f"it holds up the event loop for good at {seen.hung}"
            blamed = replace(blamed, check="loop", reason=why, remedy="use a plain def, or await")
        seen.findings[blamed.tool, blamed.check] = blamed
        if not seen.tool:
            return
        whole = [name for name in seen.tools if (name, "threads") in seen.findings]
        skipped = list(dict.fromkeys([*whole, *skipped, seen.tool]))


def _once(job: Job, seen: _Seen, root: Path) -> str:
    """Run the process to its end; gives why it ended before that, or nothing."""
    events, told = root / "events.jsonl", root / "job.json"
    events.write_text("")
    job.write(told)
    command = [sys.executable, "-m", "omni_agent.conformance.child", str(told), str(events)]
    sandbox = Sandbox(root)
    environment = sandbox.environment(os.environ) | {"PYTHONPATH": os.pathsep.join(job.path)}
    with (root / "printed.txt").open("wb") as printed, events.open(encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            cwd=sandbox.work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            why = _watched(process, stream, seen)
        finally:
            process.kill()
            process.wait()
    last = (root / "printed.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    return f"{why}: {last[0][:200]}" if why and last and not seen.hung else why


def _watched(process: subprocess.Popen[bytes], stream: Any, seen: _Seen) -> str:
    began, rest = time.monotonic(), ""
    while True:
        running = process.poll() is None
        rest += stream.read()
        *lines, rest = rest.split("\n")
        for line in lines:
            seen.take(json.loads(line))
            began = time.monotonic()
        if seen.ended:
            return ""
        if not running:
            code = process.returncode
            return "it ended the whole process, " + (
                f"by signal {-code}" if code < 0 else f"with exit status {code}"
            )
        if time.monotonic() - began > seen.limit:
            return f"it hung: killed after {seen.limit:g} seconds"
        time.sleep(0.02)


def _complete(job: Job, seen: _Seen) -> Iterator[Finding]:
    """Every check of every tool, in order; what was not reached cannot be told."""
    if ("", "import") in seen.findings:
        yield seen.findings["", "import"]
    for tool in seen.tools:
        for name in CHECKS[1:]:
            reason = "it ended before this check" if job.run else "tools were only looked at"
            unseen = Finding(job.name, tool, name, "not observable", reason)
            known = seen.findings.get((tool, name))
            if known or name not in STATIC:
                yield known or unseen
