"""The first half of a connection: deadlines, algorithms, and the host's key before anything is said of a login.

Imports paramiko, so it is itself imported at connect time only.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import paramiko
from paramiko.packet import Packetizer

from connectors.sftp.options import Options
from connectors.sftp.trust import Known
from scanner.connector import Session
from scanner.model import SourceError

WEAK: dict[str, tuple[str, ...]] = {
    "kex": (
        "diffie-hellman-group-exchange-sha1",
        "diffie-hellman-group14-sha1",
        "diffie-hellman-group1-sha1",
    ),
    "keys": ("ssh-rsa", "ssh-dss"),
    "pubkeys": ("ssh-rsa", "ssh-dss"),
    "ciphers": ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"),
    "macs": ("hmac-sha1", "hmac-sha1-96", "hmac-md5", "hmac-md5-96"),
}
"""Outdated algorithms, by paramiko's own groups; paramiko 4 has them on unless told otherwise."""

_BANNER_CAP = 64 * 1024
_PACKET_CAP = 256 * 1024
_WINDOW = 4 * 1024 * 1024
_RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")

_log = logging.getLogger("stocktake.sftp.transport")
_log.addHandler(logging.NullHandler())
_log.propagate = False  # what paramiko would log here is raised as a SourceError instead


class _Packets(Packetizer):  # type: ignore[misc]  # paramiko is untyped
    """paramiko's packet reader with a deadline and a cap on the banner, and a cap on every packet."""

    banner_deadline = 0.0
    _banner_bytes = 0

    def _read_timeout(self, timeout: float) -> bytes:
        # Called for the banner only. paramiko bounds each piece of it, so that a trickle would never end.
        left = self.banner_deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        piece: bytes = super()._read_timeout(min(timeout, left))
        self._banner_bytes += len(piece)
        if self._banner_bytes > _BANNER_CAP:
            raise paramiko.SSHException(f"more than {_BANNER_CAP} bytes of banner")
        return piece

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        if n > _PACKET_CAP:
            raise paramiko.SSHException(f"a packet of {n} bytes")
        data: bytes = super().read_all(n, check_rekey)
        return data


class Transport(paramiko.Transport):  # type: ignore[misc]
    """paramiko's transport that remembers what the host offered, and holds it to one host key."""

    offers: dict[str, tuple[str, ...]]
    kex = ""
    pinned: bytes | None = None

    def _really_parse_kex_init(self, m: Any, ignore_first_byte: bool = False) -> Any:
        parsed = super()._really_parse_kex_init(m, ignore_first_byte)
        self.offers = {
            "kex": tuple(parsed["kex_algo_list"]),
            "keys": tuple(parsed["server_key_algo_list"]),
            "ciphers": tuple(parsed["server_encrypt_algo_list"]),
            "macs": tuple(parsed["server_mac_algo_list"]),
        }
        self.kex = next((k for k in self.preferred_kex if k in self.offers["kex"]), "")
        return parsed

    def _verify_key(self, host_key: bytes, sig: bytes) -> None:
        super()._verify_key(host_key, sig)
        if self.pinned is not None and self.host_key.asbytes() != self.pinned:
            raise paramiko.SSHException("the host key changed when keys were renewed")


def verified(options: Options, session: Session, believed: Known) -> Transport:
    """A transport to a host whose key is believed; nothing of the login has been sent on it.

    A host with several keys shows one at a time, and a fingerprint does not say which kind it is of: where the first
    does not match, the others the host offers are asked for before it is refused.
    """
    transport = _handshake(options, session, _algorithms(believed.types))
    shown = transport.host_key.asbytes()
    kinds = dict.fromkeys(_kind(k) for k in transport.offers["keys"])
    kinds.pop(_kind(transport.host_key_type), None)
    while not believed.accepts(transport.host_key.asbytes()):
        transport.close()
        if not believed.trusted or not kinds:
            raise believed.refusal(shown, options.where)
        wanted = _algorithms((kinds.popitem()[0],))
        if not wanted:
            continue
        try:
            transport = _handshake(options, session, wanted, only=True)
        except SourceError as error:
            if error.transient:
                raise
            raise believed.refusal(shown, options.where) from None
    transport.pinned = transport.host_key.asbytes()
    return transport


def _kind(algorithm: str) -> str:
    """The key type an algorithm signs with: all the RSA ones are ssh-rsa."""
    return "ssh-rsa" if algorithm in _RSA else algorithm


def _algorithms(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """Host key algorithms for key types, those paramiko knows."""
    wanted = [a for kind in kinds for a in (_RSA if kind == "ssh-rsa" else (kind,))]
    return tuple(a for a in wanted if a in paramiko.Transport._preferred_keys)  # noqa: SLF001 - nothing public lists them


def _handshake(options: Options, session: Session, first: tuple[str, ...], *, only: bool = False) -> Transport:
    """A transport that has agreed on keys; host key algorithms in ``first`` are preferred, or the ``only`` ones."""
    session.pace()
    try:
        sock = socket.create_connection((options.host, options.port), timeout=session.timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise unreachable(options, f"{error.strerror or error or type(error).__name__}") from None
    transport = Transport(
        sock,
        default_window_size=_WINDOW,
        disabled_algorithms={} if options.legacy_algorithms else {k: list(v) for k, v in WEAK.items()},
        packetizer_class=_Packets,
    )
    transport.offers = {}
    transport.set_log_channel(_log.name)
    transport.packetizer.banner_deadline = time.monotonic() + session.timeout_s
    transport.banner_timeout = transport.handshake_timeout = session.timeout_s
    transport.auth_timeout = transport.clear_to_send_timeout = session.timeout_s
    if first:
        rest = () if only else tuple(k for k in transport._preferred_keys if k not in first)  # noqa: SLF001
        transport.get_security_options().key_types = (*first, *rest)
    try:
        with deadline(transport, 2 * session.timeout_s):  # one for the banner, one for the keys
            transport.start_client(timeout=2 * session.timeout_s)
    except Exception as error:  # noqa: BLE001 - paramiko raises here whatever broke in its reading thread
        transport.close()
        raise _no_handshake(options, transport, error) from None
    if not transport.initial_kex_done:
        transport.close()
        raise unreachable(options, f"no key exchange within {2 * session.timeout_s:g} s")
    return transport


def _no_handshake(options: Options, transport: Transport, error: Exception) -> SourceError:
    """What a failed handshake means: outdated, foreign, or not there."""
    said = str(error)[:200]
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer) and transport.offers:
        groups = {g: o for g, o in transport.offers.items() if not set(o) & set(getattr(transport, f"preferred_{g}"))}
        listed = "; ".join(f"{g}: {', '.join(o)}" for g, o in groups.items())[:500]
        reachable = all(set(o) & set(getattr(transport, f"_preferred_{g}")) for g, o in groups.items())
        code = "WEAK_SSH" if reachable and not options.legacy_algorithms else "UNSUPPORTED_PROTOCOL"
        return SourceError(code, f"{options.where} offers only {listed}", where=options.where)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer) or "Indecipherable" in said:
        return SourceError("UNSUPPORTED_PROTOCOL", said, where=options.where)
    if "banner" in said:
        said = f"no SSH banner came: {said.partition('banner')[2].strip() or 'silence'}"
    return unreachable(options, said or f"the connection ended ({type(error).__name__})")


def unreachable(options: Options, detail: str) -> SourceError:
    """The error for a host that is not there just now; another try may help."""
    return SourceError("UNREACHABLE", detail, where=options.where, transient=True)


@contextlib.contextmanager
def deadline(transport: Any, seconds: float) -> Iterator[None]:
    """Close the transport when what happens inside takes too long: paramiko waits for some answers without end."""
    timer = threading.Timer(seconds, transport.packetizer.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
