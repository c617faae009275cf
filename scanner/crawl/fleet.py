"""The workers of a Dask cluster, seen from where a scan was started: who is there, what is sent, what comes back."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from scanner.codes import StocktakeError
from scanner.crawl.outpost import OUTPOST
from scanner.secrets import scrub

_LOOK_S = 0.5
"""Seconds between two looks at who is there."""
_LOST_S = 20.0
"""Seconds without a word from the scheduler after which it counts as lost."""
_CONNECT_S = 10.0
_ANSWER_S = 0.25
"""Seconds between two looks, while an answer is awaited, at what else has happened."""
SITE = "site-"
"""How the name of a worker's resource begins that says at which site it is."""

Perform = Callable[[str], str]
"""Carries out an order on a worker: importable there by its name."""


class WorkerLost(Exception):  # noqa: N818 - reads as what it says
    """The worker is gone, and whatever it was doing with it."""


class WorkerUnfit(Exception):  # noqa: N818 - likewise
    """The worker cannot even begin."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a scheduler listens."""

    shown: str
    dask: str
    encrypted: bool


def address_of(text: str, *, allow_plain: bool) -> Address:
    """Read ``tls://HOST:PORT`` or ``dask://HOST:PORT``.

    Raises:
        StocktakeError: USAGE; EXECUTOR_PLAIN for another machine without TLS: a cluster runs what it is sent.
    """
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        host = port = None
    if not host or not port or url.scheme not in {"tls", "dask"} or url.username or url.path not in {"", "/"}:
        raise StocktakeError("USAGE", "--executor", "local, tls://HOST:PORT or dask://HOST:PORT")
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if url.scheme == "tls":
        return Address(text, f"tls://{place}", encrypted=True)
    if not _is_here(host) and not allow_plain:
        raise StocktakeError("EXECUTOR_PLAIN", text)
    return Address(text, f"tcp://{place}", encrypted=False)


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Fleet:
    """A cluster; one client of its scheduler. Nothing but orders is sent, and only to the worker each is meant for."""

    def __init__(self, address: Address, perform: Perform) -> None:
        """Connect. Raises StocktakeError DRIVER_MISSING, EXECUTOR_UNREACHABLE."""
        self.shown = address.shown
        self.run = uuid.uuid4().hex
        self._perform = perform
        self._client = _client(address)
        self._workers: dict[str, frozenset[str]] = {}
        self._alive: frozenset[str] = frozenset()
        self._heard = time.monotonic()
        self._over = threading.Event()
        self._look()
        threading.Thread(target=self._watch, name="fleet", daemon=True).start()

    def workers(self, site: str | None) -> list[str]:
        """The addresses of those that may crawl a source: all of them, or those of its site.

        Raises:
            StocktakeError: EXECUTOR_UNREACHABLE, when the scheduler was lost.
        """
        self._check()
        return sorted(w for w, sites in self._workers.items() if site is None or site in sites)

    def sites(self) -> list[str]:
        """Every site that some worker says it is at."""
        return sorted({s for sites in self._workers.values() for s in sites})

    def send(self, worker: str, order: str, wait: Callable[[], None]) -> str:
        """Have an order carried out; ``wait`` is called now and then meanwhile, and may raise.

        Raises:
            WorkerLost, WorkerUnfit: what became of the worker.
            StocktakeError: EXECUTOR_UNREACHABLE.
        """
        key = f"stocktake-{uuid.uuid4().hex}"
        future = self._client.submit(
            self._perform, order, key=key, workers=[worker], allow_other_workers=False, pure=False
        )
        try:
            while (answer := self._answer(future, worker)) is None:
                wait()
                self._check()
                if worker not in self._alive:
                    raise WorkerLost(worker)
            return answer
        finally:
            with contextlib.suppress(Exception):  # it is of no more use, whatever became of it
                future.cancel() if not future.done() else future.release()

    def _answer(self, future: Any, worker: str) -> str | None:
        """What came of an order; None for nothing yet. Raises WorkerLost, WorkerUnfit, StocktakeError."""
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415 - an optional extra, and large

        try:
            return str(future.result(timeout=_ANSWER_S))
        except TimeoutError as error:
            if not future.done():
                return None
            raise WorkerUnfit(f"TimeoutError: {error}") from error  # the order's own, not this wait's
        except (KilledWorker, CancelledError):
            self._check()
            raise WorkerLost(worker) from None
        except Exception as error:
            # Whatever the worker could not even load, or begin, is told in an exception of its own choosing.
            raise WorkerUnfit(scrub(f"{type(error).__name__}: {error}")) from error

    def _tell(self, what: Callable[[str, str], None], source: str, workers: Sequence[str]) -> None:
        """Have workers halt or dismiss what they do for a source; nobody waits for that."""

        def ask() -> None:
            with contextlib.suppress(Exception):  # who is gone need not be told
                self._client.run(what, self.run, source, workers=list(workers), on_error="ignore")

        threading.Thread(target=ask, name="fleet-tell", daemon=True).start()

    def halt(self, source: str, workers: Sequence[str]) -> None:
        """Have a source's orders come to their end at once, and tell what they have."""
        self._tell(halt, source, workers)

    def dismiss(self, source: str, workers: Sequence[str]) -> None:
        """Have a source's connections closed."""
        self._tell(dismiss, source, workers)

    def close(self) -> None:
        """Let go; the scheduler cancels what is left of this scan."""
        self._over.set()
        with contextlib.suppress(Exception):  # a scheduler that is gone cannot be parted with in good order
            self._client.close(timeout=3)

    # who is there

    def _check(self) -> None:
        if self._client.status in {"closed", "closing"} or time.monotonic() - self._heard > _LOST_S:
            raise StocktakeError("EXECUTOR_UNREACHABLE", self.shown, "the scheduler was lost during the scan")

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            with contextlib.suppress(Exception):  # told by ``_check`` when it lasts
                self._look()

    def _look(self) -> None:
        told = self._client.sync(self._client.scheduler.identity, n_workers=-1)
        self._workers = {
            address: frozenset(r.removeprefix(SITE) for r in worker["resources"] if r.startswith(SITE))
            for address, worker in told["workers"].items()
            if worker["status"] == "running"
        }
        self._alive = frozenset(told["workers"])
        self._heard = time.monotonic()


def _client(address: Address) -> Any:
    try:
        from distributed import Client, Security  # noqa: PLC0415 - an optional extra, and large
    except ImportError as error:
        raise StocktakeError(
            "DRIVER_MISSING", address.shown, f"{error}; install it with: pip install 'stocktake[dask]'"
        ) from None
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it is told with a code
    try:
        security = Security(require_encryption=address.encrypted)  # type: ignore[no-untyped-call]
        return Client(  # type: ignore[no-untyped-call]
            address.dask, security=security, timeout=_CONNECT_S, set_as_default=False, direct_to_workers=False,
            name="stocktake",
        )  # fmt: skip
    except (OSError, TypeError, ValueError, RuntimeError) as error:  # all but the first: certificates that are missing
        raise StocktakeError("EXECUTOR_UNREACHABLE", address.shown, scrub(str(error))) from None


def halt(run: str, source: str) -> None:
    """On a worker: have a source's order come to its end."""
    OUTPOST.halt(run, source)


def dismiss(run: str, source: str) -> None:
    """On a worker: close a source's idle connections."""
    OUTPOST.dismiss(run, source)


def cancelled_here() -> Callable[[], bool]:
    """On a worker, within a task: what says that nobody waits for it any more."""
    from distributed import get_worker  # noqa: PLC0415 - an optional extra, and large

    worker = get_worker()
    key = worker.get_current_task()

    def cancelled() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state not in {"executing", "long-running"} or worker.status.name != "running"

    return cancelled
