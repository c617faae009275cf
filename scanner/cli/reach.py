"""The command that asks stores which are referred to, and were never scanned, whether they are still there."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from scanner.cli.common import CatalogOption, ConfigOption, JsonOption, QuietOption, common
from scanner.cli.output import Output
from scanner.codes import Exit, StocktakeError

if TYPE_CHECKING:
    from scanner.results import Managed

PAUSE_S = 0.2
"""Between two attempts: a row of them must not look like a scan of ports."""
_GONE = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
_NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}

Address = tuple[str, int]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(reach)


def reach(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Stores by title, as the unmanaged list has them; all when absent."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask them; without it only what would be asked is told.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, max=30, help="Seconds for each name and each connection.")] = 3.0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most places asked.")] = 100,
    catalog: CatalogOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Ask stores that are referred to and were never scanned whether they are there: a name, one connection, no login.

    The answer is kept in the catalog with its time; a store is called dead only where its name does not exist, or the
    connection was refused or timed out.
    """
    output = Output(as_json=json, quiet=quiet)
    shared = common(output, config, catalog)
    with shared.open_reader() as reader:
        from scanner.graph.reconcile import places_to_ask

        places = _chosen(places_to_ask(reader), names or [])
    every = list(dict.fromkeys(address for _, address in places if address is not None))
    addresses = every[:limit]
    _tell(output, places, addresses, len(every) - len(addresses), asks=yes)
    if not yes:
        output.exit(Exit.COMPLETE, asked=0)
        return
    outcomes = _ask_all(addresses, timeout)
    answers = [(m.asset, *address, outcomes[address]) for m, address in places if address in outcomes]
    with shared.open_catalog() as store:
        store.set_reached(answers)
    _told(output, places, outcomes)
    output.exit(Exit.COMPLETE, asked=len(addresses))


def _chosen(
    places: tuple[tuple[Managed, Address | None], ...], names: list[str]
) -> list[tuple[Managed, Address | None]]:
    """The stores of those names; all without any. Raises StocktakeError USAGE."""
    if not names:
        return list(places)
    chosen = []
    for name in names:
        found = [p for p in places if name.lower() in {p[0].title.lower(), p[0].asset.lower()}]
        if not found:
            raise StocktakeError("USAGE", name, "it is no store that is referred to and was never scanned")
        chosen += [p for p in found if p not in chosen]
    return chosen


def _tell(
    output: Output, places: list[tuple[Managed, Address | None]], addresses: list[Address], left: int, *, asks: bool
) -> None:
    """What is touched, before anything is."""
    mute = [m.title for m, address in places if address is None]
    asked = "Asked now" if asks else "Would be asked"
    output.say(f"{asked}: one look-up of the name and one connection to each, without a login; nothing is sent.")
    for host, port in addresses:
        titles = ", ".join(m.title for m, address in places if address == (host, port))
        if not asks:
            output.line(f"{host}:{port}  {titles}")
            output.record("place", {"host": host, "port": port, "stores": titles})
    if left:
        output.say(f"{left} more are beyond --limit and are left out.")
    if mute:
        output.say(f"{len(mute)} cannot be asked, as no port is known for them: {', '.join(mute[:5])}")
    if not asks and addresses:
        output.say("Go on with: stocktake reach --yes" + Output.context)


def _told(output: Output, places: list[tuple[Managed, Address | None]], outcomes: dict[Address, str]) -> None:
    from scanner.graph.reconcile import DEAD, OUTCOMES

    rows = []
    for managed, address in places:
        if address not in outcomes:
            continue
        assert address is not None
        outcome = outcomes[address]
        rows.append((managed.title, f"{address[0]}:{address[1]}", OUTCOMES[outcome]))
        output.record(
            "reached",
            {
                "store": managed.title,
                "host": address[0],
                "port": address[1],
                "outcome": outcome,
                "dead": outcome in DEAD,
            },
        )
    output.table(("store", "place", "outcome"), rows)


def _ask_all(addresses: list[Address], timeout: float) -> dict[Address, str]:
    """What came of each place; a host whose name is not there is not asked for its other ports."""
    outcomes: dict[Address, str] = {}
    gone: set[str] = set()
    for number, (host, port) in enumerate(addresses):
        if host in gone:
            outcomes[host, port] = "no_name"
            continue
        if number:
            time.sleep(PAUSE_S)
        outcomes[host, port] = ask(host, port, timeout)
        if outcomes[host, port] == "no_name":
            gone.add(host)
    return outcomes


def ask(host: str, port: int, timeout: float, resolve: Callable[..., list[tuple]] = socket.getaddrinfo) -> str:  # type: ignore[type-arg]
    """What comes of one look-up and one connection: one of ``reconcile.OUTCOMES``. Nothing is sent."""
    found: list[list[tuple]] = []  # type: ignore[type-arg]
    errors: list[OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            found.append(resolve(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            errors.append(error)

    # The system's resolver takes no deadline: it is left behind in a thread that the process does not wait for.
    asking = threading.Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(timeout)
    if errors:
        gone = isinstance(errors[0], socket.gaierror) and errors[0].errno in _GONE
        return "no_name" if gone or isinstance(errors[0], UnicodeError) else "unknown"
    if not found or not found[0]:
        return "unknown"
    kind, _, _, _, address = found[0][0]
    with socket.socket(kind, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(address)
        except TimeoutError:
            return "timeout"
        except ConnectionRefusedError:
            return "refused"
        except OSError as error:
            return (
                "timeout" if error.errno == errno.ETIMEDOUT else "unreachable" if error.errno in _NO_WAY else "unknown"
            )
    return "answered"
