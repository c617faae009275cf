"""Two SMB hosts that DFS links lead between, and a third nobody may be sent to; run as ``unshare -n python THIS``.

In a network namespace of its own, since a referral names no port: all hosts listen at 445. Prints what a scan of the
first host found, without and with the second one allowed, and how many packets went where.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing

from connectors.smb import PLUG
from scanner.connector import Session
from scanner.model import SourceError, Unit
from scanner.testing import servers
from scanner.testing.crawling import crawl_all
from scanner.testing.servers import base

NEAR, FAR, FOREIGN, DEAD = "127.0.1.1", "127.0.1.2", "127.0.1.3", "127.0.1.4"
COUNTERS = f"""
table inet watch {{
  counter far {{ }}
  counter foreign {{ }}
  chain out {{
    type filter hook output priority 0;
    ip daddr {FAR} tcp dport 445 tcp flags & (syn | ack) == syn counter name far
    ip daddr != {{ 127.0.0.1, {NEAR}, {FAR}, {DEAD} }} counter name foreign
  }}
}}
"""


def counted() -> dict[str, int]:
    told = subprocess.run(["nft", "list", "counters"], check=True, capture_output=True, text=True).stdout
    return {name: int(n) for name, n in re.findall(r"counter (\w+) \{\s*packets (\d+)", told)}


def scanned(near: servers.Samba, *allowed: str) -> dict[str, object]:
    """The tree of the first host, and the packets it took."""
    options = PLUG.options.model_validate(
        {"root": f"\\\\{near.host}\\dfs", "user": near.user, "password": "env:SMB_PW", "allow_hosts": list(allowed)}
    )
    before = counted()
    with closing(PLUG.open(options, Session("dfs", timeout_s=10.0))) as connector:
        crawl = crawl_all(connector)
    return {
        "paths": sorted(crawl.paths),
        "faults": sorted((f.path, f.op, f.reason) for f in crawl.faults if f.op != "note"),
        "seen": sorted(str(r["locator"]) for r in crawl.records("seen")),
        "packets": {name: count - before[name] for name, count in counted().items()},
    }


def dead(near: servers.Samba) -> dict[str, object]:
    """A link to an allowed host where nobody listens: what the folder with the link says, and what the link does."""
    options = PLUG.options.model_validate(
        {"root": f"\\\\{near.host}\\dfs", "user": near.user, "password": "env:SMB_PW", "allow_hosts": [DEAD]}
    )
    with closing(PLUG.open(options, Session("dfs", timeout_s=10.0))) as connector:
        units = [event.key for event in connector.crawl(Unit("dfs/")) if isinstance(event, Unit)]
        try:
            list(connector.crawl(Unit("dfs/dead/")))
        except SourceError as error:
            return {"units": units, "code": error.code, "transient": error.transient}
    return {"units": units}


def refused(near: servers.Samba, far: servers.Samba) -> dict[str, object]:
    """The account's password is another one at the second host: several connectors, one attempt."""
    smbpasswd = [base.program("smbpasswd", "samba-common-bin"), "-c", str(far.directory / "smb.conf"), "-s", far.user]
    base.run(smbpasswd, text="other\nother\n")
    found = [scanned(near, FAR) for _ in range(3)]
    attempts = far.log.read_text(errors="replace").count("FAILED with error NT_STATUS_WRONG_PASSWORD")
    return {"faults": [each["faults"] for each in found], "attempts": attempts}


def main() -> None:
    """Start both hosts, scan twice, print."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (NEAR, FAR):  # Samba listens only at addresses that an interface has
        subprocess.run(["ip", "addr", "add", f"{address}/32", "dev", "lo"], check=True)
    subprocess.run(["nft", "-f", "-"], input=COUNTERS, text=True, check=True)
    shares = "[dfs]\n path = {d}/dfs\n msdfs root = yes\n"
    with (
        servers.samba(shares=shares, host=NEAR, port=445) as near,
        servers.samba(shares=shares, host=FAR, port=445, options=" log level = 1 auth:3") as far,
    ):
        os.environ["SMB_PW"] = near.password
        for host in (near, far):
            (host.directory / "dfs").mkdir()
        (far.data / "sub").mkdir()
        (far.data / "sub/far.txt").write_bytes(b"far")
        leads = {"far": f"{FAR}\\data", "foreign": f"{FOREIGN}\\data", "chain": f"{FAR}\\dfs\\on", "dead": f"{DEAD}\\x"}
        for name, target in leads.items():
            (near.directory / "dfs" / name).symlink_to(f"msdfs:{target}")
        (far.directory / "dfs/on").symlink_to(f"msdfs:{FOREIGN}\\data")
        told = {"alone": scanned(near), "allowed": scanned(near, FAR), "dead": dead(near)}
        sys.stdout.write(json.dumps(told | {"refused": refused(near, far)}))


if __name__ == "__main__":
    main()
