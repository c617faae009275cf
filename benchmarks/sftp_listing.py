"""Listing 20,000 files in 221 directories: the SFTP connector beside paramiko's listdir_attr and lftp, on a real sshd.

Each run is a fresh process; runs alternate, and medians are compared. All must have seen the same number of names. With
``--latency`` a delay line stands before the server. lftp is left out where it is not installed.

    python benchmarks/sftp_listing.py [--pairs 5] [--latency 0.020] [--scale 1]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from scanner.testing.servers import Sshd, sshd


def plant(root: Path, scale: int) -> int:
    """Twenty directories of ten (times ``scale``) of a hundred empty files each; the number of names."""
    for top in range(20):
        for sub in range(10 * scale):
            place = root / f"t{top}/u{sub}"
            place.mkdir(parents=True)
            for number in range(100):
                (place / f"file{number:03d}.dat").touch()
    return 20 + 200 * scale * 101


def with_connector(target: dict[str, str]) -> tuple[int, float, float]:
    """Ours: every unit crawled, every column made. Names, and the times after connecting and at the end."""
    from connectors.sftp import PLUG  # noqa: PLC0415 - the import is part of what is measured
    from scanner.connector import Session  # noqa: PLC0415
    from scanner.model import Batch, Unit  # noqa: PLC0415
    from scanner.schema import ENTRY  # noqa: PLC0415

    connector = PLUG.open(PLUG.options.model_validate(target), Session("bench"))
    waiting, names = list(connector.roots()), 0
    connected = time.perf_counter()
    while waiting:
        for event in connector.crawl(waiting.pop()):
            if isinstance(event, Unit):
                waiting.append(event)
            elif isinstance(event, Batch) and event.schema is ENTRY:
                names += len(event)
    ended = time.perf_counter()
    connector.close()
    return names, connected, ended


def with_paramiko(target: dict[str, str]) -> tuple[int, float, float]:
    """The peer: paramiko's own client, one directory after the other."""
    import stat  # noqa: PLC0415

    import paramiko  # noqa: PLC0415

    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    where = {"port": int(target["port"]), "username": target["user"], "key_filename": target["key_file"]}
    client.connect(target["host"], **where, allow_agent=False, look_for_keys=False)
    sftp = client.open_sftp()
    connected = time.perf_counter()
    waiting, names = [target["path"]], 0
    while waiting:
        path = waiting.pop()
        for entry in sftp.listdir_attr(path):
            names += 1
            if stat.S_ISDIR(entry.st_mode or 0):
                waiting.append(f"{path}/{entry.filename}")
    ended = time.perf_counter()
    client.close()
    return names, connected, ended


WAYS = {"connector": with_connector, "paramiko": with_paramiko}


def run(way: str, target: dict[str, str]) -> None:
    """One run in this process; prints what it saw and what the listing alone took."""
    names, connected, ended = WAYS[way](target)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"names": names, "listing": ended - connected, "cpu": time.process_time(), "peak_mb": peak}))


def with_lftp(target: dict[str, str]) -> dict[str, float]:
    """The other peer: lftp's recursive long listing, start included (it has no way to tell its parts apart)."""
    ssh = "ssh -a -x -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    words = (
        f"set sftp:connect-program '{ssh} -i {target['key_file']}'; "
        f"open -u {target['user']},x -p {target['port']} sftp://{target['host']}; find -l {target['path']}; exit"
    )
    done = subprocess.run(["lftp", "-c", words], check=True, capture_output=True)
    return {"names": done.stdout.count(b"\n") - 1, "listing": 0.0, "cpu": 0.0, "peak_mb": 0}


@contextlib.contextmanager
def delayed(port: int, latency_s: float) -> Iterator[int]:
    """A port that leads to another with half the round trip in each direction; chunks wait in line, in order."""
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        line: queue.Queue[tuple[float, bytes]] = queue.Queue()

        def leave() -> None:
            while True:
                due, data = line.get()
                time.sleep(max(0.0, due - time.monotonic()))
                with contextlib.suppress(OSError):
                    if not data:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(data)

        threading.Thread(target=leave, daemon=True).start()
        data = b"-"
        while data:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            line.put((time.monotonic() + latency_s / 2, data))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                for one, other in ((near, far), (far, near)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=pump, args=(one, other), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def once(way: str, target: dict[str, str], env: dict[str, str]) -> dict[str, float]:
    """One run in a process of its own, with the wall time of the whole."""
    started = time.perf_counter()
    if way == "lftp":
        answer = with_lftp(target)
    else:
        command = [sys.executable, __file__, "--way", way, "--target", json.dumps(target)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, env=env).stdout)
    return {**answer, "wall": time.perf_counter() - started}


def measure(server: Sshd, port: int, names: int, pairs: int) -> int:
    """Alternate the ways, check that they agree, print medians and ratios."""
    target = {"host": server.host, "port": str(port), "user": server.user, "key_file": str(server.key)}
    target |= {"host_key": server.fingerprint, "path": str(server.data)}
    ways = [*WAYS, *(["lftp"] if shutil.which("lftp") else [])]
    results: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as compiled:
        # Modules are imported from compiled files, as where they are installed; the first round makes those.
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for pair in range(pairs + 1):
            for way in ways:
                answer = once(way, target, {**clean, "PYTHONPYCACHEPREFIX": compiled})
                if pair:
                    results[way].append(answer)
    seen = {way: {int(r["names"]) for r in runs} for way, runs in results.items()}
    if any(each != {names} for each in seen.values()):
        print(f"not all saw the {names} names: {seen}")
        return 1
    of = {w: {k: statistics.median(r[k] for r in runs) for k in runs[0]} for w, runs in results.items()}
    for way in ways:
        figures = of[way]
        listing = f"listing {figures['listing']:6.2f} s  peak {figures['peak_mb']:.0f} MB" if figures["listing"] else ""
        print(f"{way:10} whole {figures['wall']:6.2f} s  {listing}")
    ratio = of["paramiko"]["listing"] / of["connector"]["listing"]
    print(f"listing: {ratio:.1f} x as fast as paramiko's; medians of {pairs}")
    if "lftp" in of:
        print(f"whole: {of['connector']['wall'] / of['lftp']['wall']:.2f} x lftp's time, start of Python included")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.0, help="round trip in seconds")
    parser.add_argument("--scale", type=int, default=1, help="200 times this many directories of 100 files")
    parser.add_argument("--way", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--target", type=json.loads, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        run(chosen.way, chosen.target)
    else:
        with sshd() as server:
            count = plant(server.data, chosen.scale)
            with delayed(server.port, chosen.latency) if chosen.latency else contextlib.nullcontext(server.port) as at:
                sys.exit(measure(server, at, count, chosen.pairs))
