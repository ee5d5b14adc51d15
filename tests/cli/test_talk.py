"""`omni-agent talk`: what is seen, what the keys do, how it ends."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pexpect
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from omni_agent import events as e
from omni_agent.cli import run
from omni_agent.cli.talk import keys as talk_keys
from omni_agent.cli.talk.keys import Action, Keys, line_action
from omni_agent.cli.talk.loop import QUIET, Talk
from omni_agent.cli.talk.screen import TalkScreen
from omni_agent.cli.talk.view import View
from omni_agent.errors import ConfigError
from omni_agent.speech.devices import portaudio, sound_devices
from omni_agent.speech.devices.choosing import Device
from omni_agent.speech.devices.line import DeviceChange
from omni_agent.speech.devices.wav_devices import WavMicrophone, WavSpeaker
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import VirtualClock
from tests.cli.live import TURN, FakeSession, ended, spoken

AGENT = """
import sys
sys.path.insert(0, {root!r})
from omni_agent.testing import ScriptedModel
from tests.cli.live import LiveAgent
agent = LiveAgent(name="Talker", model=ScriptedModel())
"""


@pytest.fixture
def agent_file(tmp_path: Path) -> Path:
    path = tmp_path / "talker.py"
    path.write_text(AGENT.format(root=str(Path(__file__).parents[2])))
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "in.wav"
    Pcm(np.full(1600, 0.1, np.float32), 16000).save(path)
    return path


def seen(view: View, *events: e.AgentEvent) -> list[str]:
    states: list[str] = []
    for event in events:
        view.take(event)
        states.append(view.state)
    return states


class TestView:
    def test_a_turn(self) -> None:
        view = View()
        states = seen(view, *TURN)
        assert [state for i, state in enumerate(states) if i == 0 or state != states[i - 1]] == [
            "hearing",
            "thinking",
            "speaking",
            "listening",
        ]
        assert (view.partial, view.said) == ("", "")

    def test_captions_grow_word_by_word(self) -> None:
        view, said = View(), []
        for event in (e.TurnStarted("t", "s"), *spoken("It is  half past two.")):
            view.take(event)
            said.append(view.said)
        assert said == ["", "", "It", "It is", "It is  half", "It is  half past", "It is  half past two."]

    def test_words_without_the_text_they_belong_to(self) -> None:
        view = View()
        seen(view, e.WordSpoken("Hello", 0, 5), e.WordSpoken("there", 6, 11))
        assert view.said == "Hello there"

    def test_held_resumed_and_cut(self) -> None:
        view = View()
        chunk = e.SpeechChunk(b"", 24000, (0, 3), 100)
        assert seen(
            view,
            e.TurnStarted("t", "s"),
            chunk,
            e.SpeechHeld(),
            chunk,
            e.SpeechResumed(),
            e.SpeechHeld(),
            e.UserStarted(),
            ended("One two", "interrupted", "One"),
            e.UserStopped(2.0),
        ) == [
            "thinking",
            "speaking",
            "held",
            "held",
            "speaking",
            "held",
            "hearing",
            "hearing",
            "thinking",
        ]

    def test_a_noise_is_nothing(self) -> None:
        assert seen(View(), e.UserStarted(), e.UserStopped(0.0)) == ["hearing", "listening"]


class TestKeys:
    @pytest.mark.parametrize(
        ("typed", "actions"),
        [
            ([" "], [Action("talk")]),
            (["m", "M"], [Action("mute"), Action("mute")]),
            (["i", "\x1b"], [Action("interrupt"), Action("interrupt")]),
            (["q"], [Action("leave")]),
            (["\x04"], [Action("leave")]),
            (["\n", "m", "i", " ", "q", "\n"], [Action("say", "mi q")]),
            (["h", "i", "\x7f", "o", "\n"], [Action("say", "ho")]),
            (["my name is Ana\n"], [Action("say", "my name is Ana")]),
            (["quiet", "\n"], [Action("say", "quiet")]),
            (["x", "\x1b", "m"], [Action("mute")]),
            (["\n", "\n"], []),
            (["a", "\x15", "b", "\r"], [Action("say", "b")]),
            (["\x1b[A", "\x1bOP"], []),
            (["ü", "\n"], [Action("say", "ü")]),
        ],
    )
    def test_what_is_typed(self, typed: list[str], actions: list[Action]) -> None:
        keys = Keys()
        assert [action for piece in typed for action in keys.feed(piece)] == actions

    @given(st.lists(st.text(alphabet="miq ab\n\x1b\x7f\x15", min_size=1, max_size=3)))
    def test_nothing_is_said_that_was_not_typed_and_only_printable_text_is_kept(
        self, typed: list[str]
    ) -> None:
        keys = Keys()
        for piece in typed:
            for action in keys.feed(piece):
                assert (action.kind == "say") == bool(action.text)
                assert all(letter in "".join(typed) for letter in action.text)
            assert keys.draft is None or keys.draft.isprintable()

    def test_lines_where_there_is_no_terminal(self) -> None:
        lines = ["hello there\n", "  \n", "/mute\n", "/stop", "/talk", "/quit"]
        assert [line_action(line) for line in lines] == [
            Action("say", "hello there"),
            None,
            Action("mute"),
            Action("interrupt"),
            Action("talk"),
            Action("leave"),
        ]


def printed(*events: e.AgentEvent) -> str:
    file = io.StringIO()
    view = View()
    screen = TalkScreen(view, Keys(), Console(file=file, width=120, highlight=False))
    with screen:
        for event in events:
            view.take(event)
            screen.show(event)
    return file.getvalue()


class TestScreen:
    def test_what_has_happened_is_printed_in_order(self) -> None:
        text = printed(*TURN)
        order = [
            "Ten minutes for the pasta.",
            "set_timer(minutes=10)",
            "done: runs",
            "agent › The timer runs.",
        ]
        places = [text.index(part) for part in order]
        assert places == sorted(places)
        assert "remembered as turn t1" in text
        assert text.count("The timer runs.") == 1

    def test_a_cut_reply_shows_what_was_heard(self) -> None:
        assert "agent › One …" in printed(ended("One two three", "interrupted", "One"))
        text = printed(ended("One two three", "interrupted", ""))
        assert "before a word was heard" in text
        assert "One" not in text

    def test_errors_and_notes_are_a_line_each(self) -> None:
        text = printed(
            e.ErrorRaised("model_error", "the model stopped", "try again"),
            e.ErrorRaised("device_lost", "the microphone is gone: USB", "plug it in", severity="note"),
        )
        assert "error › the model stopped (try again)" in text
        assert "note › the microphone is gone: USB (plug it in)" in text

    def below(self, view: View, keys: Keys | None = None, frame: Pcm | None = None) -> str:
        console = Console(file=io.StringIO(), width=120, record=True)
        screen = TalkScreen(view, keys or Keys(), console)
        if frame:
            screen.level(frame)
        console.print(screen.render())
        return console.export_text()

    def test_captions_state_and_keys_below(self) -> None:
        view = View(state="speaking", partial="and what about", said="The timer")
        below = self.below(view)
        assert "you › and what about" in below
        assert "agent › The timer" in below
        assert "● speaking" in below
        assert talk_keys.HELP in below
        keys = Keys()
        keys.feed("hello")
        assert "write › hello" in self.below(view, keys)

    def test_the_meter_follows_the_microphone(self) -> None:
        bars = [
            self.below(View(), frame=Pcm(np.full(320, level, np.float32), 16000)).count("▮")
            for level in (0.0, 0.01, 0.1, 1.0)
        ]
        assert bars == [0, 7, 13, 20]
        loud = self.below(View(muted=True), frame=Pcm(np.ones(320, np.float32), 16000))
        assert "▮" not in loud
        assert "muted" in loud

    def test_the_meter_falls_slowly(self) -> None:
        console = Console(file=io.StringIO(), width=120, record=True)
        screen = TalkScreen(View(), Keys(), console)
        screen.level(Pcm(np.ones(320, np.float32), 16000))
        screen.level(Pcm.silence(0.5, 16000))
        console.print(screen.render())
        assert console.export_text().count("▮") == 13

    def test_push_to_talk_and_devices_that_are_away(self) -> None:
        assert "space to talk" in self.below(View(push_to_talk=True))
        assert "on the air" in self.below(View(push_to_talk=True, held_down=True))
        assert "no microphone" in self.below(View(away={"microphone"}))


class Held:
    """A conversation in virtual time."""

    def __init__(self, folder: Path, script: list[e.AgentEvent] | None = None) -> None:
        self.clock = VirtualClock()
        self.session = FakeSession(script or [])
        Pcm(np.full(1600, 0.1, np.float32), 16000).save(folder / "in.wav")
        self.microphone = WavMicrophone(folder / "in.wav", self.clock)
        self.speaker = WavSpeaker(folder / "out.wav", self.clock)
        self.view = View()
        self.shown: list[e.AgentEvent] = []
        self.frames: list[Pcm] = []
        self.notices: asyncio.Queue[DeviceChange] = asyncio.Queue()
        self.talk = Talk(
            self.session,
            self.microphone,
            self.speaker,
            self.clock,
            view=self.view,
            show=self.shown.append,
            meter=self.frames.append,
        )

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.02)):
            for _ in range(10):
                await asyncio.sleep(0)
            self.clock.advance(0.02)

    async def close(self) -> None:
        await self.microphone.close()
        await self.speaker.close()


class TestTalk:
    def test_a_recording_ends_the_conversation_when_nothing_comes_of_it_any_more(
        self, tmp_path: Path
    ) -> None:
        async def test() -> None:
            held = Held(tmp_path, TURN)
            running = asyncio.create_task(held.talk.run(held.notices))
            await held.pass_time(0.3)
            assert held.shown == TURN
            held.speaker.write(Pcm.silence(2.0, 24000))
            await held.pass_time(2.0 + QUIET - 0.5)
            assert not running.done()
            await held.pass_time(1.0)
            assert running.done()
            assert held.session.heard == pytest.approx(held.frames[0].seconds * len(held.frames))
            assert held.session.heard > 6
            await held.close()

        asyncio.run(test())

    def test_it_waits_for_an_agent_that_thinks(self, tmp_path: Path) -> None:
        async def test() -> None:
            held = Held(tmp_path, TURN[:5])
            running = asyncio.create_task(held.talk.run(held.notices))
            await held.pass_time(60)
            assert not running.done()
            held.session.emit(*TURN[5:])
            await held.pass_time(QUIET + 1)
            assert running.done()
            await held.close()

        asyncio.run(test())

    def test_what_the_keys_do(self, tmp_path: Path) -> None:
        async def test() -> None:
            held = Held(tmp_path)
            running = asyncio.create_task(held.talk.run(held.notices))
            for kind in ("talk", "talk", "interrupt"):
                held.talk.act(Action(kind))
            held.talk.act(Action("say", "hello"))
            held.talk.act(Action("say", "bad"))
            held.talk.act(Action("mute"))
            assert held.session.muted
            assert held.view.muted
            await held.pass_time(0.1)
            assert held.session.done == ["press", "release", "interrupt", "send hello", "send bad"]
            assert any(isinstance(event, e.TurnEnded) and event.text == "HELLO" for event in held.shown)
            assert held.view.failed
            assert held.view.failed.message == "there is nothing in it"
            held.talk.act(Action("leave"))
            await running
            await held.close()

        asyncio.run(test())

    def test_devices_that_go_and_come_are_noted(self, tmp_path: Path) -> None:
        async def test() -> None:
            held = Held(tmp_path)
            running = asyncio.create_task(held.talk.run(held.notices))
            held.notices.put_nowait(DeviceChange("lost", "input", "USB"))
            await held.pass_time(0.1)
            assert held.view.away == {"microphone"}
            held.notices.put_nowait(DeviceChange("back", "input", "USB"))
            await held.pass_time(0.1)
            assert held.view.away == set()
            codes = [event.code for event in held.shown if isinstance(event, e.ErrorRaised)]
            assert codes == ["device_lost", "device_back"]
            held.session.end()
            await held.pass_time(0.1)
            assert running.done()
            await held.close()

        asyncio.run(test())


class TestCommand:
    def test_json_is_an_event_a_line_and_the_output_file_is_written(
        self, agent_file: Path, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "out.wav"
        files = ["--input", str(recording), "--output", str(out)]
        assert run(["talk", "--agent", str(agent_file), *files, "--json"]) == 0
        captured = capsys.readouterr()
        events = [json.loads(line) for line in captured.out.splitlines()]
        assert [event["type"] for event in events] == [event.type for event in TURN]
        assert soundfile.info(out).duration > 1

    def test_lines_are_said_where_there_is_no_terminal(
        self,
        agent_file: Path,
        recording: Path,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("hello\n"))
        files = ["--input", str(recording), "--output", str(tmp_path / "out.wav")]
        assert run(["talk", "--agent", str(agent_file), *files]) == 0
        out = capsys.readouterr().out
        assert "agent › HELLO" in out
        assert "agent › The timer runs." in out

    @pytest.mark.parametrize(
        ("arguments", "said", "status"),
        [
            (["--input", "nothing.wav", "--output", "x.wav"], "nothing.wav does not exist", 1),
            (["--input", "{in}", "--output", "/nowhere/x.wav"], "/nowhere/x.wav cannot be written", 1),
            (["--loud"], "No such option", 2),
        ],
    )
    def test_errors_are_a_line(
        self,
        arguments: list[str],
        said: str,
        status: int,
        agent_file: Path,
        recording: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        given = [argument.replace("{in}", str(recording)) for argument in arguments]
        assert run(["talk", "--agent", str(agent_file), *given]) == status
        complaint = capsys.readouterr().err
        assert said in complaint
        assert status == 2 or len(complaint.splitlines()) == 1

    def test_without_portaudio_it_says_what_to_install(
        self, agent_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail() -> None:
            raise ConfigError("no PortAudio", remedy=portaudio.LIBRARY_REMEDY)

        monkeypatch.setattr(portaudio, "load_library", fail)
        monkeypatch.setattr(sound_devices, "shared_portaudio", portaudio.PortAudio)
        monkeypatch.setattr(
            "omni_agent.speech.devices.sound_microphone.shared_portaudio", portaudio.PortAudio
        )
        for arguments in (["--devices"], ["--agent", str(agent_file)]):
            assert run(["talk", *arguments]) == 1
            assert "apt install libportaudio2" in capsys.readouterr().err

    def test_devices_are_listed(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        found = [Device(0, "USB [Headset]", "ALSA", 1, 2, 48000, frozenset({"input"}))]

        async def devices() -> list[Device]:
            return found

        monkeypatch.setattr(sound_devices, "devices", devices)
        assert run(["talk", "--devices"]) == 0
        assert "USB [Headset]" in capsys.readouterr().out
        assert run(["talk", "--devices", "--json"]) == 0
        [row] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert (row["number"], row["name"], row["defaults"]) == (0, "USB [Headset]", ["input"])
        found.clear()
        assert run(["talk", "--devices"]) == 0
        assert "no sound device" in capsys.readouterr().out


def _heed_ctrl_c() -> None:
    # What a shell starts in the background ignores it, and so would all that this starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def terminal(agent_file: Path, home: Path, tmp_path: Path) -> Iterator[pexpect.spawn[Any]]:
    """The command in a real terminal, with a recording that is silent for long."""
    Pcm.silence(1700, 1000).save(tmp_path / "long.wav")
    command = ["-m", "omni_agent", "talk", "--agent", str(agent_file)]
    files = ["--input", str(tmp_path / "long.wav"), "--output", str(tmp_path / "out.wav")]
    with pexpect.spawn(
        sys.executable,
        [*command, *files],
        env={**os.environ, "OMNI_AGENT_HOME": str(home), "TERM": "xterm"},
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 120),
        preexec_fn=_heed_ctrl_c,
    ) as spawned:
        yield spawned


class TestTerminal:
    def test_captions_keys_and_leaving(self, terminal: pexpect.spawn[Any], tmp_path: Path) -> None:
        terminal.expect_exact("set_timer(minutes=10)")
        terminal.expect_exact("The timer runs.")
        terminal.expect_exact("listening")
        terminal.send("m")
        terminal.expect_exact("muted")
        terminal.send("\r")
        terminal.expect_exact("write ›")
        terminal.send("hello")
        terminal.send("\r")
        terminal.expect_exact("HELLO")
        terminal.send("i")
        terminal.expect_exact("One …")
        terminal.send("q")
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 0
        assert (tmp_path / "out.wav").exists()

    def test_ctrl_c_leaves(self, terminal: pexpect.spawn[Any], tmp_path: Path) -> None:
        terminal.expect_exact("listening")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.wait()
        assert terminal.exitstatus == 0
        assert (tmp_path / "out.wav").exists()
