"""A request that sets a task: its system prompt is taken as it is."""

from __future__ import annotations

import pytest

from omni_agent.messages import Message, Text
from omni_agent.models.base import Request
from omni_agent.models.http.attachments import Attachments
from omni_agent.models.http.body import body, offered
from omni_agent.models.http.dialects import DIALECTS
from omni_agent.models.http.known import for_model
from tests.models.http.asking import NAMES, SPEC

TASK = "Sum up what the user says, in English."
SAID = Message("user", (Text("Ich wohne in Graz.", language="de"),))


@pytest.mark.parametrize("model", ["m", "Qwen/Qwen2.5-Omni-7B"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_added_to_a_task(name: str, model: str) -> None:
    dialect = for_model(DIALECTS[name], model)
    request = Request(TASK, (SAID,), tools=(SPEC,), talk=False)
    made = body(offered(request, dialect), dialect, model, Attachments())
    assert made["messages"] == [
        {"role": "system", "content": TASK},
        {"role": "user", "content": "Ich wohne in Graz."},
    ]
    assert "tools" not in made


def test_what_the_request_says_itself_goes_along() -> None:
    dialect = DIALECTS["vllm"]
    request = Request(TASK, (SAID,), talk=False, context="Graz is a city", language="en")
    made = body(offered(request, dialect), dialect, "m", Attachments())
    assert made["messages"][1]["content"].endswith("\n(Graz is a city)\n(Answer in English.)")
