"""From a host name to an open SFTP channel: the verified host, one login, and what was agreed on.

Imports paramiko, so it is itself imported at connect time only.
"""

from __future__ import annotations

import contextlib
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paramiko
from paramiko.auth_handler import AuthHandler

from connectors.sftp.handshake import WEAK, Transport, deadline, unreachable, verified
from connectors.sftp.options import Options
from connectors.sftp.trust import fingerprint, known
from scanner.connector import Session
from scanner.model import SourceError
from scanner.paths import canonical, printable
from scanner.secrets import scrub

_SAID = 500
_STATUS_S = 1.0


class _Login(AuthHandler):  # type: ignore[misc]
    """paramiko's login, where an old server that names no signature algorithms gets the one it knows."""

    def _choose_fallback_pubkey_algorithm(self, key_type: str, my_algos: list[str]) -> str:
        # Only ssh-rsa was there before servers could name them (RFC 8308); it is in the list on opt-in alone.
        if "ssh-rsa" in my_algos:
            return "ssh-rsa"
        chosen: str = super()._choose_fallback_pubkey_algorithm(key_type, my_algos)
        return chosen


@dataclass(frozen=True, slots=True)
class Link:
    """A logged-in connection with its SFTP channel, and what the two sides agreed on."""

    transport: Any
    channel: Any
    agreed: dict[str, str | None]
    weak: tuple[str, ...]
    offered_weak: tuple[str, ...]

    def complaint(self, written: bytes) -> str:
        """What was ``written`` in the place of SFTP, and beside it, where shells and login scripts put their words."""
        beside = b""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self.channel.settimeout(0.0)  # what came before the end of the channel is here already
            beside = self.channel.recv_stderr(_SAID)
        return _said(canonical(written[:_SAID].replace(b"\0", b"") + beside))

    def ended_with(self) -> int | None:
        """The status that a program in the place of SFTP ended with; None where the host does not tell it soon."""
        self.channel.status_event.wait(_STATUS_S)  # it may come after the end of what the program wrote
        status: int = self.channel.exit_status
        return None if status < 0 else status

    def close(self) -> None:
        """End the connection and the thread that reads it."""
        self.transport.close()


def connect(options: Options, session: Session) -> Link:
    """Connect, verify the host key, log in once, open SFTP.

    Raises:
        SourceError: UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, WEAK_SSH, UNSUPPORTED_PROTOCOL, AUTH_REFUSED,
            AUTH_INTERACTIVE, NOT_FOUND and the codes of secrets.
    """
    key, password = _credential(options)  # first, so that a flaw of ours is told before a host is troubled
    given = (*((options.host_key,) if options.host_key else ()), *session.trusted(options.host, options.port))
    file = options.known_hosts or Path("~/.ssh/known_hosts")
    believed = known(options.host, options.port, given, file, required=options.known_hosts is not None)
    transport = verified(options, session, believed)
    try:
        _log_in(transport, options, session, key, password)
        channel = _open_sftp(transport, options, session)
    except BaseException:  # whatever it was, no connection is left behind
        transport.close()
        raise
    return _link(transport, channel, "publickey" if key is not None else "password")


def _credential(options: Options) -> tuple[Any, str]:
    """The key, or None, and the password, or nothing. Raises SourceError as ``_private_key`` and ``reveal`` do."""
    key = _private_key(options) if options.key_file else None
    return key, options.password.reveal() if options.password else ""


def _private_key(options: Options) -> Any:
    """The key file, loaded. Raises SourceError: NOT_FOUND, SECRET_EXPOSED, SECRET_MISSING, CONFIG_INVALID."""
    assert options.key_file is not None
    path = options.key_file.expanduser()
    phrase = options.key_passphrase.reveal().encode() if options.key_passphrase else None
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            detail = f"others on this machine may read it (mode {stat.S_IMODE(mode):04o}); chmod 600 it"
            raise SourceError("SECRET_EXPOSED", detail, where=str(path))
        return paramiko.PKey.from_path(path, phrase)
    except OSError as error:
        raise SourceError("NOT_FOUND", f"key_file: {error.strerror}", where=str(path)) from None
    except TypeError:  # what cryptography raises for an encrypted key without a passphrase, or the reverse
        raise SourceError("SECRET_MISSING", "key_passphrase is missing, or not needed", where=str(path)) from None
    except (ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as error:
        # The driver's words may quote the key; its kind of error says enough.
        raise SourceError(
            "CONFIG_INVALID", f"no usable private key, or not its passphrase ({type(error).__name__})", where=str(path)
        ) from None


def _log_in(transport: Transport, options: Options, session: Session, key: Any, password: str) -> None:
    """Make the one attempt, with the one method configured; no question of the server is answered."""
    who = f"{options.user}@{options.where}"
    session.pace()
    handler, done = _Login(transport), threading.Event()
    transport.auth_handler = handler
    try:
        with deadline(transport, 2 * session.timeout_s):
            if key is not None:
                handler.auth_publickey(options.user, key, done)
            else:
                handler.auth_password(options.user, password, done)
            further = handler.wait_for_response(done)
    except Exception as error:  # noqa: BLE001 - paramiko raises here whatever broke in its reading thread
        raise _refused(error, who, options) from None
    if not transport.is_authenticated():
        raise SourceError("AUTH_INTERACTIVE", f"the server wants {', '.join(further)} as well", where=who)


def _refused(error: Exception, who: str, options: Options) -> SourceError:
    """What a failed login means. Never transient: a second attempt could lock the account."""
    said = str(error)[:200]
    if isinstance(error, paramiko.BadAuthenticationType):
        allowed = ", ".join(error.allowed_types)[:200]
        code = "AUTH_INTERACTIVE" if "keyboard-interactive" in error.allowed_types else "AUTH_REFUSED"
        if options.key_file and set(error.allowed_types) - {"keyboard-interactive"}:
            code = "AUTH_REFUSED"
        return SourceError(code, f"the server takes only: {allowed}", where=who)
    if "info request" in said:  # a prompt, or the demand for a new password
        return SourceError("AUTH_INTERACTIVE", "the server asked a question", where=who)
    if "agree on a pubkey algorithm" in said:
        return SourceError("WEAK_SSH", f"the server takes RSA keys with SHA-1 only ({said})", where=who)
    if "timeout" in said.lower():
        return SourceError("TIMEOUT", "no answer to the login", where=who)
    return SourceError("AUTH_REFUSED", said or type(error).__name__, where=who)


def _open_sftp(transport: Transport, options: Options, session: Session) -> Any:
    """A channel that speaks SFTP."""
    session.pace()
    try:
        with deadline(transport, 2 * session.timeout_s):
            channel = transport.open_session(timeout=session.timeout_s)
            channel.settimeout(session.timeout_s)
            if not _request_sftp(channel):
                raise SourceError("UNSUPPORTED_PROTOCOL", "the host offers no SFTP", where=options.where)
    except paramiko.ChannelException as error:  # MaxSessions, most often
        raise unreachable(options, f"no session: {error}") from None
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise unreachable(options, f"the session did not open: {error or type(error).__name__}") from None
    return channel


def _request_sftp(channel: Any) -> bool:
    """Whether the host starts SFTP on the channel; refused, the connection itself lives on."""
    try:
        channel.invoke_subsystem("sftp")
    except paramiko.SSHException:
        if channel.get_transport().is_active():
            return False
        raise
    return True


def _link(transport: Transport, channel: Any, method: str) -> Link:
    greeting = transport.get_banner()
    agreed = {
        "ssh_banner": _said(transport.remote_version),
        "ssh_login_banner": _said(canonical(greeting)) if greeting else None,
        "ssh_kex": transport.kex,
        "ssh_host_key_algorithm": transport.host_key_type,
        "ssh_host_key": fingerprint(transport.host_key.asbytes()),
        "ssh_cipher": transport.remote_cipher,
        "ssh_mac": transport.remote_mac,
        "ssh_compression": transport.remote_compression,
        "auth_method": method,
    }
    used = {
        "kex": (transport.kex,),
        "keys": (transport.host_key_type,),
        "ciphers": (transport.remote_cipher, transport.local_cipher),
        "macs": (transport.remote_mac, transport.local_mac),
    }
    weak = [a for group, names in used.items() for a in names if a in WEAK[group]]
    signed_with = getattr(transport, "_agreed_pubkey_algorithm", "")
    if signed_with in WEAK["pubkeys"]:
        weak.append(signed_with)
    offered = [a for group, names in transport.offers.items() for a in names if a in WEAK[group]]
    return Link(transport, channel, agreed, tuple(dict.fromkeys(weak)), tuple(dict.fromkeys(offered)))


def _said(text: str) -> str:
    """What a host says in its own words: no secret that they quote, nothing that could steer a terminal, not all."""
    return printable(scrub(text.strip()))[:_SAID]
