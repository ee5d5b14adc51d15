"""The items of a conversation as the client is told of them."""

from __future__ import annotations

from collections.abc import Callable

from ...messages import JsonObject
from . import protocol as sent
from .items import Conversation, Item
from .protocol import Refusal


class ShownItems:
    """Puts items into a conversation, and changes them as the client says; each step is told.

    Args:
        conversation: Where they are.
        put: Sends an event.
        heard: Called with an item of the agent's of which less was heard than was said.
    """

    def __init__(
        self, conversation: Conversation, put: Callable[[JsonObject], None], heard: Callable[[Item], None]
    ) -> None:
        self._conversation = conversation
        self._put = put
        self._heard = heard

    def add(self, item: Item, after: str | None = None) -> None:
        """Put one into the conversation.

        Args:
            item: It, whole.
            after: Id of the one before it; None for the last.

        Raises:
            Refusal: There is no such item.
        """
        previous = self._conversation.add(item, after)
        told = {"previous_item_id": previous, "item": item.wire}
        self._put({"type": "conversation.item.added", **told})
        self._put({"type": "conversation.item.done", **told})

    def found(self, name: str, code: str, param: str = "item_id") -> Item:
        """The item of an id.

        Args:
            name: The id.
            code: Of the refusal.
            param: Where the client wrote it.

        Raises:
            Refusal: There is none.
        """
        item = self._conversation.find(name)
        if item is None:
            raise Refusal(f"no item has the id '{name[:80]}'", code, param)
        return item

    def retrieve(self, event: sent.ItemRetrieve) -> None:
        """Tell one again; raises `Refusal` like `found`."""
        item = self.found(event.item_id, "item_retrieve_invalid_item_id")
        self._put({"type": "conversation.item.retrieved", "item": item.wire})

    def truncate(self, event: sent.ItemTruncate) -> None:
        """Cut one to what the user heard of it; raises `Refusal` like `found`."""
        item = self.found(event.item_id, "item_truncate_invalid_item_id")
        end = max(0, int(event.audio_end_ms))
        if item.ledger:
            item.cut(end)
            end = min(end, item.milliseconds)
            if item.turn and item.status != "in_progress":
                self._heard(item)
        told = {"item_id": item.id, "content_index": event.content_index, "audio_end_ms": end}
        self._put({"type": "conversation.item.truncated", **told})

    def delete(self, event: sent.ItemDelete) -> None:
        """Take one out; raises `Refusal` like `found`."""
        self.found(event.item_id, "item_delete_invalid_item_id")
        self._conversation.delete(event.item_id)
        self._put({"type": "conversation.item.deleted", "item_id": event.item_id})
