"""Which model a made machine is advised to run, and how a machine is looked at."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.cli import run
from omni_agent.models.advice import advise, lacking, ways
from omni_agent.models.machine import Gpu, Machine, by_nvidia_smi, by_torch, look
from omni_agent.models.spec import parsed


def cards(count: int, memory: float, free: float | None = None) -> tuple[Gpu, ...]:
    return tuple(Gpu(f"card {i}", memory, memory if free is None else free) for i in range(count))


def machine(*, gpus: tuple[Gpu, ...] = (), cores: int = 16, memory: float = 64.0) -> Machine:
    return Machine(cores, memory, gpus)


def first(gpus: tuple[Gpu, ...]) -> str:
    return advise(machine(gpus=gpus))[0].name


@pytest.mark.parametrize(
    ("gpus", "name"),
    [
        (cards(2, 85.5), "Qwen3-Omni-30B-A3B Instruct, whole, on vLLM-Omni"),
        (cards(1, 150.7), "Qwen3-Omni-30B-A3B Instruct, whole, on one card with vLLM-Omni"),
        (cards(1, 85.5), "Qwen3-Omni-30B-A3B Instruct, its thinker, on vLLM"),
        (cards(4, 25.7), "Qwen3-Omni-30B-A3B Instruct, its thinker, over several cards with vLLM"),
        (cards(1, 51.5), "Qwen2.5-Omni 7B in this process"),
        (cards(1, 25.7), "Qwen3-Omni-30B-A3B Instruct, its thinker at 4 bits, on llama.cpp's server"),
        (cards(1, 12.9), "Qwen2.5-Omni 3B, its thinker as GGUF, on llama.cpp's server"),
        (cards(1, 4.3), "the embedded models"),
        ((), "the embedded models"),
    ],
)
def test_the_best_way_for_a_machine(gpus: tuple[Gpu, ...], name: str) -> None:
    assert first(gpus) == name


def test_two_large_cards_get_vllm_omnis_serve_line_with_its_tools_switched_on() -> None:
    way = advise(machine(gpus=cards(2, 85.5)))[0]
    assert way.serve == (
        "vllm serve Qwen/Qwen3-Omni-30B-A3B-Instruct --omni --port 8091 "
        "--enable-auto-tool-choice --tool-call-parser hermes"
    )
    assert way.command == "omni-agent talk --model vllm-omni:http://127.0.0.1:8091"
    assert way.confirmed
    assert way.cautions == ()


def test_one_card_is_told_to_hold_all_stages_and_that_nobody_confirmed_it() -> None:
    way = advise(machine(gpus=cards(1, 150.7)))[0]
    words = shlex.split(way.serve)
    stages = json.loads(words[words.index("--stage-overrides") + 1])
    assert [stage["devices"] for stage in stages.values()] == ["0", "0", "0"]
    assert any("not confirmed" in caution for caution in way.cautions)


@pytest.mark.parametrize(("count", "shared"), [(4, "4"), (5, "4"), (8, "8")])
def test_tensors_are_shared_by_a_power_of_two(count: int, shared: str) -> None:
    words = shlex.split(advise(machine(gpus=cards(count, 25.7)))[0].serve)
    assert words[words.index("-tp") + 1] == shared


def test_memory_that_others_hold_is_a_caution() -> None:
    way = advise(machine(gpus=cards(1, 85.5, free=10.0)))[0]
    assert any("other programs" in caution for caution in way.cautions)


def test_trap_four_bits_of_qwen3_omni_lose_the_sound() -> None:
    """ggml-org/llama.cpp issue 27136: so the local ears hear."""
    way = advise(machine(gpus=cards(1, 25.7)))[0]
    assert "local ears" in way.does


def test_trap_thinker_only_servers_do_not_speak() -> None:
    for entry in ways():
        if entry["model"].startswith(("vllm:", "llama.cpp:", "gguf:")):
            assert "the local voice speaks" in entry["does"] or "local ears and voice" in entry["does"]


def test_a_small_machine_is_told_of_the_embedded_models_and_of_what_runs_elsewhere() -> None:
    small = advise(Machine(2, 8.3))
    assert [way.model for way in small] == ["local", "dashscope:qwen3-omni-flash-2025-12-01"]
    assert "leaves this machine" in small[-1].does
    assert [way.model.partition(":")[0] for way in advise(Machine(1, 1.0))] == ["dashscope"]


def test_a_machine_that_does_not_tell_its_memory_is_not_turned_away() -> None:
    assert advise(Machine(2, 0.0))[0].model == "local"


def test_a_gguf_model_is_named_where_it_lies() -> None:
    found = {way.model for way in advise(machine(), cache_folder=Path("/my models"))}
    assert "gguf:/my models/qwen2.5-omni-3b" in found


MACHINES = st.builds(
    Machine,
    st.integers(1, 256),
    st.floats(0, 2000),
    st.lists(st.builds(Gpu, st.just("x"), st.floats(0, 300), st.floats(0, 300)), max_size=8).map(tuple),
)


@given(MACHINES, st.floats(0, 300))
def test_more_is_never_worse(small: Machine, added: float) -> None:
    larger = Machine(small.cores, small.memory, (*small.gpus, Gpu("more", added, added)))
    before, after = ({way.name for way in advise(m)} for m in (small, larger))
    assert before <= after


@given(MACHINES)
def test_every_way_is_whole_and_its_model_can_be_read(given_machine: Machine) -> None:
    found = advise(given_machine)
    assert found[-1].model.startswith("dashscope:")
    for way in found:
        assert parsed(way.model)
        assert way.figures
        assert way.source
        assert "{" not in way.command
        assert shlex.split(way.command)[-1] == way.model
        assert json.dumps(way.to_json())


def test_what_is_lacking_is_said() -> None:
    needs = {"gpus": 2, "each": 78.0, "together": 200.0, "memory": 128.0, "cores": 32}
    assert lacking(needs, machine(gpus=cards(1, 85.5))) == [
        "2 graphics card(s) of 78 GB",
        "200 GB on all cards together",
        "128 GB of memory",
        "32 cores",
    ]


def printing(text: str) -> Callable[[Sequence[str]], str]:
    return lambda command: text


def test_cards_are_read_from_nvidia_smi() -> None:
    printed = "NVIDIA H100 80GB HBM3, 81559, 81008\nNVIDIA GB10, [N/A], [N/A]\n\n"
    assert by_nvidia_smi(printing(printed)) == (Gpu("NVIDIA H100 80GB HBM3", 85.5, 84.9),)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError("nvidia-smi"),
        subprocess.CalledProcessError(9, "nvidia-smi"),
        subprocess.TimeoutExpired("nvidia-smi", 10),
    ],
)
def test_without_nvidia_smi_torch_is_asked(error: Exception) -> None:
    def fails(command: Sequence[str]) -> str:
        raise error

    cuda = SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 1,
        mem_get_info=lambda index: (20_000_000_000, 24_000_000_000),
        get_device_name=lambda index: "Radeon",
    )
    assert look(fails, lambda: SimpleNamespace(cuda=cuda)).gpus == (Gpu("Radeon", 24.0, 20.0),)


def test_without_either_there_are_no_cards() -> None:
    def absent(*_: Any) -> Any:
        raise ImportError

    def broken() -> Any:
        raise RuntimeError("no driver")

    nothing = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: False))
    assert by_torch(absent) == by_torch(lambda: nothing) == by_torch(broken) == ()
    seen = look(printing(""), absent)
    assert seen.cores >= 1
    assert seen.gpus == ()


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omni_agent.models.machine.look", lambda: machine(gpus=cards(2, 85.5)))
    assert run(["models", "advise"]) == 0
    told = capsys.readouterr().out
    assert "--omni --port 8091" in told
    assert "figures" in told
    assert run(["models", "advise", "--all"]) == 0
    assert capsys.readouterr().out.count("talk      omni-agent") == len(advise(machine(gpus=cards(2, 85.5))))
    assert run(["models", "advise", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["machine"]["gpus"][0]["memory"] == 85.5
    assert about["ways"][0]["model"] == "vllm-omni:http://127.0.0.1:8091"
