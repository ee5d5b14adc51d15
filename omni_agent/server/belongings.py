"""Whose media are whose: a reference that one key's requests made is nothing to another's.

References are digests of what they refer to, so that whoever knows one has mostly seen the thing itself; but
they may be passed on in logs and answers.
"""

from __future__ import annotations

from collections import OrderedDict

from .caller import ANYBODY, Caller
from .errors import ApiError

_MOST = 100_000


class Belongings:
    """Remembers, for the latest 100,000 media, which keys brought or were given each.

    Whoever needs no key may have all of them: the machine is his.
    """

    def __init__(self) -> None:
        self._owners: OrderedDict[str, frozenset[str]] = OrderedDict()

    def note(self, caller: Caller, ref: str) -> None:
        """A caller has brought, or was given, what a reference stands for."""
        if caller.name != ANYBODY:
            self._owners[ref] = self._owners.pop(ref, frozenset()) | {caller.name}
            if len(self._owners) > _MOST:
                self._owners.popitem(last=False)

    def check(self, caller: Caller, ref: str) -> None:
        """Refuse what is not a caller's own.

        Raises:
            ApiError: 404, as for a reference that stands for nothing.
        """
        if caller.name != ANYBODY and caller.name not in self._owners.get(ref, frozenset()):
            raise ApiError("there is no such media; send it again", status=404, code="media_unknown")
