"""The page, as somebody uses it who speaks, writes, listens and reads."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from omni_agent.server.access import Access
from omni_agent.server.keys import Keys
from omni_agent.server.web import PAGE
from tests.server.web.browsing import Fake, briefly, browser, opened, served, served_by_an_agent

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def chrome(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with browser(briefly(tmp_path_factory.mktemp("microphone"))) as launched:
        yield launched


async def said(page: Page, who: str, text: str) -> Any:
    """Wait for an entry that is whole."""
    entry = page.locator(f'#conversation li.{who}[aria-busy="false"]', has_text=text)
    await entry.first.wait_for()
    return entry.first


async def write(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def answered(page: Page) -> None:
    """Wait for the first words of an answer; they are still being spoken."""
    await page.locator("#conversation .assistant", has_text="Hello there").first.wait_for()


async def until(page: Page, condition: str) -> None:
    """Wait for something that no selector finds; the page's policy forbids Playwright's own way."""
    await page.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame) }}")


async def status(page: Page, text: str) -> None:
    await page.locator("#status", has_text=re.compile(f"^{text}$")).wait_for()


WATCH = """() => {
    const list = document.getElementById("conversation");
    window.seen = [];
    const look = () => {
        const row = list.querySelector(".assistant");
        if (row) window.seen.push([row.children[1].textContent, row.children[2].textContent]);
    };
    new MutationObserver(look).observe(list, { subtree: true, childList: true, characterData: true });
}"""


async def test_what_is_written_is_answered_aloud_and_captions_follow_the_voice(chrome: Browser) -> None:
    async with served(Fake()) as url, opened(chrome, url) as page:
        await page.evaluate(WATCH)
        await write(page, "Hello")
        await said(page, "user", "Hello")
        await said(page, "assistant", "Hello there, how are you today?")
        await status(page, "Connected")
        seen = await page.evaluate("window.seen")
        assert all(later.startswith(earlier) for (earlier, _), (later, _) in pairwise(seen))
        # What is known of the words before it is heard is there too, and told apart.
        assert any(spoken and ahead.strip() for spoken, ahead in seen)
        assert seen[-1] == ["Hello there, how are you today?", ""]


async def test_what_is_spoken_is_heard_and_answered(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake) as url, opened(chrome, url) as page:
        await page.click("#talk")
        await until(page, "document.getElementById('level').value > 0.1")
        await said(page, "user", "Set a timer for ten minutes.")
        await said(page, "assistant", "Hello there")
        await status(page, "Listening")
        # Somebody speaks for more than a second: at 20 ms a frame.
        assert fake.frames > 60


async def test_who_speaks_into_an_answer_stops_it_and_it_is_cut_to_what_was_heard(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake) as url, opened(chrome, url) as page:
        await write(page, "Count for me")
        await page.locator("#conversation .assistant", has_text="number 1 ").wait_for()
        await page.click("#talk")
        entry = page.locator("#conversation .assistant", has_text="(interrupted)")
        await entry.wait_for()
        shown = await entry.inner_text()
        (cut,) = fake.of("conversation.item.truncate")
        assert fake.session
        item = fake.session.found(cut["item_id"])
        assert item
        heard = item["content"][0]["transcript"]
        # The fake says a letter in 60 ms; what is shown ends with the word that was begun.
        assert 0 < cut["audio_end_ms"] == pytest.approx(len(heard) * 60, abs=60)
        assert heard in shown
        assert len(shown) < len(heard) + 60


async def test_an_agent_of_our_own_is_spoken_to(chrome: Browser) -> None:
    async with served_by_an_agent() as url, opened(chrome, url) as page:
        await write(page, "Hello")
        await said(page, "assistant", "Good day to you.")
        await page.click("#talk")
        await said(page, "user", "Set a timer.")
        await page.locator("#conversation .assistant", has_text="It is set.").wait_for()


async def test_what_tools_do_is_seen(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake) as url, opened(chrome, url) as page:
        await write(page, "Hello")
        await answered(page)
        fake.tell({"type": "tool.started", "id": "call_1", "name": "set_timer", "arguments": {"minutes": 10}})
        await page.locator("#conversation .tool", has_text='set_timer({"minutes":10}) (running)').wait_for()
        fake.tell({"type": "tool.finished", "id": "call_1", "status": "done"})
        await page.locator("#conversation .tool", has_text='set_timer({"minutes":10}) (done)').wait_for()
        assert fake.watched == fake.conversations


async def test_stop_ends_the_answer(chrome: Browser) -> None:
    fake = Fake(pace=0.05)
    async with served(fake) as url, opened(chrome, url) as page:
        await write(page, "Count for me")
        await page.locator("#conversation .assistant", has_text="number 1 ").wait_for()
        await page.press("body", "Escape")
        await page.locator("#conversation .assistant", has_text="(interrupted)").wait_for()
        await status(page, "Connected")
        assert await page.is_disabled("#stop")
        assert len(fake.of("response.cancel")) == len(fake.of("conversation.item.truncate")) == 1


async def test_a_message_sent_into_an_answer_is_answered_next(chrome: Browser) -> None:
    async with served(Fake(pace=0.05)) as url, opened(chrome, url) as page:
        await write(page, "Count for me")
        await page.locator("#conversation .assistant", has_text="number 1 ").wait_for()
        await write(page, "Hello")
        await said(page, "assistant", "how are you today?")
        assert await page.is_hidden("#problem")


async def test_a_muted_microphone_sends_silence(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake) as url, opened(chrome, url) as page:
        await page.click("#talk")
        await until(page, "document.getElementById('level').value > 0.1")
        await page.click("#mute")
        await status(page, "Muted")
        assert await page.get_attribute("#mute", "aria-pressed") == "true"
        await until(page, "document.getElementById('level').value === 0")
        before = fake.frames
        await said(page, "user", "Set a timer")
        assert fake.frames > before


async def test_a_server_that_wants_a_key_is_given_it(chrome: Browser) -> None:
    key = Keys().new("visitor")
    async with served(Fake(), access=Access(keys=True)) as url, opened(chrome, url) as page:
        await page.fill("#key", "omni_wrong")
        await page.press("#key", "Enter")
        await page.locator("#problem", has_text="does not know this key").wait_for()
        await page.fill("#key", key)
        await page.press("#key", "Enter")
        await page.locator("#key-form").wait_for(state="hidden")
        await write(page, "Hello")
        await answered(page)


async def test_without_a_microphone_one_can_write(chrome: Browser) -> None:
    async with served(Fake()) as url, opened(chrome, url) as page:
        refusing = "async () => { throw new DOMException('no', 'NotAllowedError') }"
        await page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = {refusing} }}")
        await page.click("#talk")
        await page.locator("#problem", has_text="does not allow the microphone").wait_for()
        await write(page, "Hello")
        await answered(page)


async def test_a_lost_connection_is_told_and_taken_up_again(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake) as url, opened(chrome, url) as page:
        await write(page, "Hello")
        await answered(page)
        await fake.hang_up()
        await status(page, "Not connected")
        await write(page, "Hello again")
        await said(page, "user", "Hello again")
        assert len(set(fake.conversations)) == 1
        assert len(fake.conversations) == 2


async def test_agents_can_be_chosen_where_there_are_several(chrome: Browser) -> None:
    fake = Fake()
    async with served(fake, agents=("omni", "other")) as url, opened(chrome, url) as page:
        await page.get_by_label("Agent", exact=True).select_option("other")
        await write(page, "Hello")
        await answered(page)
        assert fake.models == ["other"]


async def test_all_of_it_works_by_keyboard(chrome: Browser) -> None:
    async with served(Fake()) as url, opened(chrome, url) as page:
        reached = []
        for _ in range(4):
            await page.keyboard.press("Tab")
            reached.append(
                await page.evaluate("document.activeElement.id || document.activeElement.textContent")
            )
        assert reached == ["conversation", "talk", "text", "Send"]


@pytest.mark.parametrize("width", [320, 1100])
async def test_nothing_is_cut_off(chrome: Browser, width: int) -> None:
    async with served(Fake()) as url, opened(chrome, url, viewport={"width": width, "height": 640}) as page:
        await write(page, "A-very-long-word-" * 20)
        await answered(page)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """Relative, as in WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
async def test_its_colours_can_be_told_apart(dark: bool) -> None:
    light_block, dark_block = (PAGE / "style.css").read_text().split("prefers-color-scheme: dark")[:2]
    named = colours(light_block) | (colours(dark_block) if dark else {})
    pairs = [("ink", "paper"), ("faint", "paper"), ("ink", "mine"), ("faint", "mine"), ("accent", "paper")]
    pairs += [("on-accent", "accent"), ("warn", "warn-paper"), ("warn", "paper")]
    assert {
        pair: round(ratio, 1) for pair in pairs if (ratio := contrast(named[pair[0]], named[pair[1]])) < 4.5
    } == {}


async def test_nothing_is_written_into_the_page_that_a_strict_policy_forbids() -> None:
    page = (PAGE / "index.html").read_text()
    assert not re.search(r"<style|style=|\son\w+=|javascript:", page)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == [""]
    assert not re.search(r"https?://", page)
    for file in PAGE.glob("*.js"):
        assert not re.search(r"innerHTML|eval\(|https?://", file.read_text()), file.name
