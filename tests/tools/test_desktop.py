"""The clipboard and the applications of a desktop."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from omni_tools.desktop import Desktop

from omni_agent import Tool, Toolbox
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext


class Clipboard:
    """Stands in for the desktop's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import pyperclip

        self.text = "what was there"
        monkeypatch.setattr(pyperclip, "paste", lambda: self.text)
        monkeypatch.setattr(pyperclip, "copy", self.copy)

    def copy(self, text: str) -> None:
        self.text = text


def call(tool: Tool, key: str = "one", *, undo: bool = False, **arguments: Any) -> Any:
    context = ToolContext("ada", "s", "t", key, f"{key} undone" if undo else key, lambda m: None)
    run = tool.run
    if undo:
        assert tool.undo
        run, context = tool.undo, ToolContext("ada", "s", "t", "u", "u", lambda m: None, undoes=key)
    return asyncio.run(run(tool.validate(arguments), context))  # type: ignore[arg-type]


@pytest.fixture
def tools() -> Toolbox:
    return Toolbox([Desktop()])


def test_the_clipboard_is_read_filled_and_put_back(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clipboard = Clipboard(monkeypatch)
    assert call(tools["read_clipboard"]) == "what was there"
    for _ in range(2):
        assert call(tools["copy_to_clipboard"], text="new <b>text</b>; rm -rf /") == "It is on the clipboard."
    assert clipboard.text == "new <b>text</b>; rm -rf /"
    assert call(tools["copy_to_clipboard"], undo=True, text="new") == "The clipboard is as it was."
    assert clipboard.text == "what was there"
    with pytest.raises(ToolError, match="not known any more"):
        call(tools["copy_to_clipboard"], undo=True, text="new")
    clipboard.text = ""
    assert call(tools["read_clipboard"]) == "The clipboard is empty."
    with pytest.raises(ToolError, match="too long"):
        call(tools["copy_to_clipboard"], text="x" * 100_001)


def test_what_was_copied_since_is_not_written_over(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clipboard = Clipboard(monkeypatch)
    call(tools["copy_to_clipboard"], text="half a sign \ud83d\nbelow")
    assert clipboard.text == "half a sign ?\nbelow"
    clipboard.text = "the user's own"
    with pytest.raises(ToolError, match="something else"):
        call(tools["copy_to_clipboard"], undo=True, text="")
    assert clipboard.text == "the user's own"
    clipboard.text = "half a sign ?\r\nbelow"
    assert call(tools["copy_to_clipboard"], undo=True, text="") == "The clipboard is as it was."
    assert clipboard.text == "what was there"


def test_a_clipboard_that_fails_once_can_still_be_put_back(
    tools: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyperclip

    clipboard = Clipboard(monkeypatch)
    call(tools["copy_to_clipboard"], text="new")

    def broken(text: str) -> None:
        raise pyperclip.PyperclipException("no display")

    with monkeypatch.context() as patched:
        patched.setattr(pyperclip, "copy", broken)
        with pytest.raises(ToolError, match="no clipboard"):
            call(tools["copy_to_clipboard"], undo=True, text="new")
    assert call(tools["copy_to_clipboard"], undo=True, text="new") == "The clipboard is as it was."
    assert clipboard.text == "what was there"


def test_where_there_is_no_clipboard_it_says_so(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyperclip

    def none(*given: object) -> None:
        raise pyperclip.PyperclipException("no mechanism")

    monkeypatch.setattr(pyperclip, "paste", none)
    with pytest.raises(ToolError, match="no clipboard") as error:
        call(tools["read_clipboard"])
    assert "xclip" in error.value.remedy


@pytest.fixture
def menu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desktop's menu; applications write their arguments into a pipe."""
    monkeypatch.setenv("DISPLAY", ":99")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "shared"))
    (tmp_path / "own" / "applications").mkdir(parents=True)
    (tmp_path / "shared" / "applications").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe")
    script = tmp_path / "write it.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $#" > "{tmp_path / "pipe"}"\n')
    script.chmod(0o700)
    entry(tmp_path / "shared", "writer", f'Name=Text Writer\nExec="{script}" %U\nType=Application\n')
    entry(tmp_path / "shared", "hidden", "Name=Hidden One\nExec=true\nType=Application\nNoDisplay=true\n")
    entry(tmp_path / "shared", "link", "Name=A Link\nURL=http://example.com\nType=Link\n")
    entry(tmp_path / "shared", "gone", "Name=Gone App\nExec=/nowhere/at/all\nType=Application\n")
    (tmp_path / "own" / "applications" / "broken.desktop").write_bytes(b"\xff\xfe[[[no entry")
    return tmp_path


def entry(place: Path, name: str, text: str) -> None:
    (place / "applications" / f"{name}.desktop").write_text(f"[Desktop Entry]\n{text}")


def test_an_application_is_opened_by_its_name_and_without_arguments(tools: Toolbox, menu: Path) -> None:
    assert call(tools["open_app"], name="the text writer") == "Text Writer is opening."
    with (menu / "pipe").open() as pipe:
        assert pipe.read() == f"{menu / 'write it.sh'} 0\n"


@pytest.mark.parametrize("name", ["Hidden One", "A Link", "../../bin/sh", "/bin/sh", "true; rm -rf /", "xyz"])
def test_nothing_else_is_opened(tools: Toolbox, menu: Path, name: str) -> None:
    with pytest.raises(ToolError, match="There are: Gone App, Text Writer"):
        call(tools["open_app"], name=name)


def test_an_application_that_is_gone_or_not_allowed_is_told(tools: Toolbox, menu: Path) -> None:
    with pytest.raises(ToolError, match="cannot be opened: No such file"):
        call(tools["open_app"], name="gone app")
    with pytest.raises(ToolError, match="There are: Gone App"):
        call(Toolbox([Desktop(apps=("Gone App",))])["open_app"], name="Text Writer")


def test_where_there_is_no_desktop_it_says_so(tools: Toolbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(ToolError, match="no desktop"):
        call(tools["open_app"], name="Firefox")


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real X server, where one is installed."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x200x24"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        with os.fdopen(read) as number:
            name = f":{number.readline().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        yield name
        server.terminate()


def test_the_screen_of_a_real_server_is_seen(display: str) -> None:
    from io import BytesIO

    import PIL.Image
    from omni_tools.screen import look_at_screen

    from omni_agent.messages import Image

    context = ToolContext("ada", "s", "t", "c", "k", lambda message: None)
    words, shown = asyncio.run(look_at_screen.run({}, context))  # type: ignore[arg-type, misc]
    assert words == "On the screen:"
    assert isinstance(shown, Image)
    with PIL.Image.open(BytesIO(context.media.get(shown.ref))) as picture:
        assert picture.size == (320, 200)


def test_a_screen_that_cannot_be_seen_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from omni_tools.screen import look_at_screen

    monkeypatch.setenv("DISPLAY", ":4711")
    context = ToolContext("ada", "s", "t", "c", "k", lambda message: None)
    with pytest.raises(ToolError, match="cannot be seen"):
        asyncio.run(look_at_screen.run({}, context))  # type: ignore[arg-type]
