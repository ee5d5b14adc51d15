"""The model store: where the model files lie, whether they are right, and how they get there.

Layout under the root: a folder for each part, its stamp and its lock beside it, and `partial/PART` while it
is being pulled. Nothing enters a part's folder but by a rename, after its digest was found right.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .. import config
from ..errors import ModelFileError, ModelUnavailable
from .catalog import Catalog, ModelFile, Part
from .progress import Progress, Silence
from .stamp import Problem, Stamp

if TYPE_CHECKING:
    import httpx

    from .sources import Courier

Status = Literal["ready", "missing", "damaged"]

# A pull over a slow line takes hours; a lock older than that belongs to something that hangs.
_PATIENCE_S = 6 * 3600.0


class ModelStore:
    """The model files of this user, shared by all processes.

    Blocking throughout: asynchronous callers use `asyncio.to_thread`. It may be used from several threads.

    Args:
        root: Where the files lie; `config.cache()` if None.
        catalog: What files there are; the shipped one if None.
        offline: Never fetch; if None, as `OMNI_AGENT_OFFLINE` says.
        index_url: Package index to ask before any configured one.
        transport: Replaces the network (for tests).
        pause: Waits so many seconds before another try.
    """

    def __init__(
        self,
        root: Path | None = None,
        *,
        catalog: Catalog | None = None,
        offline: bool | None = None,
        index_url: str | None = None,
        transport: httpx.BaseTransport | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.root = root if root is not None else config.cache()
        self.catalog = catalog if catalog is not None else Catalog.shipped()
        self.offline = _told_offline() if offline is None else offline
        self._index_url = index_url
        self._transport = transport
        self._pause = pause

    def status(self, name: str) -> Status:
        """How the part stands. Fast, unless files changed since they were last hashed.

        Raises:
            ConfigError: There is no such part.
        """
        return _status(self._stamp(self.catalog.part(name)).problems())

    def folder(self, name: str) -> Path:
        """The part's folder, all files in it being what the catalogue says.

        Raises:
            ConfigError: There is no such part.
            ModelUnavailable: Files of it are missing or damaged.
        """
        status = self.status(name)
        if status != "ready":
            raise self._unavailable(name, status)
        return self.root / name

    def ensure(self, name: str, progress: Progress | None = None) -> Path:
        """The part's folder, pulled first if files of it are missing or damaged.

        Raises:
            ConfigError: There is no such part.
            ModelUnavailable: It would have to be pulled, but this store is offline.
            ModelFileError: It cannot be had.
        """
        with contextlib.suppress(ModelUnavailable):
            return self.folder(name)
        self.pull([name], progress)
        return self.folder(name)

    def verify(self, name: str) -> list[Problem]:
        """Hash every file of the part, whatever its stamp says; gives what is wrong.

        Raises:
            ConfigError: There is no such part.
        """
        return self._stamp(self.catalog.part(name)).problems(thorough=True)

    def pull(self, names: Iterable[str], progress: Progress | None = None) -> None:
        """Fetch what is missing or damaged of these parts, and nothing else.

        Raises:
            ConfigError: There is no such part, or the configured way to the registries is wrong.
            ModelUnavailable: Something would have to be fetched, but this store is offline.
            ModelFileError: Something cannot be had, or the disk is full; what is finished stays, and the
                next pull goes on from there.
        """
        told = progress if progress is not None else Silence()
        parts = [self.catalog.part(name) for name in dict.fromkeys(names)]
        waiting = [part for part in parts if self._stamp(part).problems()]
        if not waiting:
            return
        if self.offline:
            raise self._unavailable(waiting[0].name, self.status(waiting[0].name))
        with self._disk_errors(), self._courier() as courier:
            for index, part in enumerate(waiting):
                with self._alone(part, told):
                    self._clear_damaged(part)
                    self._check_room(waiting[index:])
                    self._fetch(part, courier, told)

    def holding(self, catalog: Catalog) -> ModelStore:
        """A store on the same folder and network, with other parts."""
        return ModelStore(
            self.root,
            catalog=catalog,
            offline=self.offline,
            index_url=self._index_url,
            transport=self._transport,
            pause=self._pause,
        )

    @contextlib.contextmanager
    def hub(self) -> Iterator[tuple[str, httpx.Client, Callable[[float], None]]]:
        """The model hub's address, a client that reaches it, and what waits before another try."""
        from .endpoints import Endpoints

        endpoints = Endpoints.configured(self.catalog.endpoints, index_url=self._index_url)
        with endpoints.client(self._transport) as client:
            yield endpoints.urls["hub"], client, self._pause

    def _fetch(self, part: Part, courier: Courier, progress: Progress) -> None:
        files = self._missing(part)
        if not files:
            return  # Another process has fetched it while this one waited.
        from .assembly import Assembly

        folder, scratch, stamp = self.root / part.name, self._scratch(part), self._stamp(part)
        scratch.mkdir(parents=True, exist_ok=True)
        with Assembly(part, folder, scratch, courier, progress) as assembly:
            assembly.make(files)
        for file in files:
            stamp.seal(file)
        shutil.rmtree(scratch, ignore_errors=True)
        progress.end(part.name)

    def _missing(self, part: Part) -> list[ModelFile]:
        paths = {problem.path for problem in self._stamp(part).problems()}
        return [file for file in part.files if file.path in paths]

    def _clear_damaged(self, part: Part) -> None:
        for problem in self._stamp(part).problems():
            path = self.root / part.name / problem.path
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _check_room(self, parts: Sequence[Part]) -> None:
        from rich.filesize import decimal

        from .assembly import bytes_needed

        need = sum(bytes_needed(self._missing(part), self._scratch(part)) for part in parts)
        free = shutil.disk_usage(self.root).free
        if need > free:
            raise self._full(f"fetching needs {decimal(need)}, {decimal(free)} are free")

    @contextlib.contextmanager
    def _courier(self) -> Iterator[Courier]:
        from .endpoints import Endpoints
        from .sources import Courier

        endpoints = Endpoints.configured(self.catalog.endpoints, index_url=self._index_url)
        with endpoints.client(self._transport) as client:
            yield Courier(endpoints, client, self._pause)

    @contextlib.contextmanager
    def _alone(self, part: Part, progress: Progress) -> Iterator[None]:
        """Hold the part's lock; what another process does meanwhile is waited for."""
        import filelock

        self.root.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(self.root / f"{part.name}.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress.say(part.name, "another process is fetching it; waiting")
            try:
                lock.acquire(timeout=_PATIENCE_S)
            except filelock.Timeout:
                raise ModelFileError(
                    f"another process has been fetching {part.name} for hours",
                    remedy="end that process and try again",
                ) from None
        try:
            yield
        finally:
            lock.release()

    @contextlib.contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise self._full("what is finished is kept, the next pull goes on from there") from None
            raise ModelFileError(
                f"cannot write model files in {self.root}: {error.strerror or error}",
                remedy="set OMNI_AGENT_CACHE to a folder that you may write",
            ) from None

    def _full(self, detail: str) -> ModelFileError:
        return ModelFileError(
            f"the disk of {self.root} is full: {detail}",
            code="disk_full",
            remedy="free some space, or set OMNI_AGENT_CACHE to a folder on another disk",
        )

    def _unavailable(self, name: str, status: Status) -> ModelUnavailable:
        remedy = f"omni-agent models pull {name}"
        if self.offline:
            remedy = f"unset OMNI_AGENT_OFFLINE, then: {remedy}"
        what = "is not here" if status == "missing" else "is damaged"
        return ModelUnavailable(f"the model part '{name}' {what}", remedy=remedy)

    def _stamp(self, part: Part) -> Stamp:
        return Stamp(part, self.root / part.name, self.root / f"{part.name}.stamp.json")

    def _scratch(self, part: Part) -> Path:
        return self.root / "partial" / part.name


def _status(problems: Sequence[Problem]) -> Status:
    if any(problem.kind == "damaged" for problem in problems):
        return "damaged"
    return "missing" if problems else "ready"


def _told_offline() -> bool:
    return os.environ.get("OMNI_AGENT_OFFLINE", "").strip().lower() not in {"", "0", "false", "no", "off"}
