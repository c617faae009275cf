"""A real SSH server for SFTP: key login, password accounts that the machine does not know, an outdated variant."""

from __future__ import annotations

import base64 as b64
import contextlib
import hashlib
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scanner.testing.servers import base

_CONFIG = """\
ListenAddress 127.0.0.1
HostKey {d}/host_key
PidFile {d}/pid
AuthorizedKeysFile {d}/authorized_keys
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
LogLevel VERBOSE
MaxSessions 64
MaxStartups 100:30:200
"""
# Several settings count where they stand first, so that `options` comes before the text above.
_LEGACY = """\
HostKeyAlgorithms ssh-rsa
KexAlgorithms diffie-hellman-group14-sha1
PubkeyAcceptedAlgorithms +ssh-rsa
Ciphers aes128-cbc,3des-cbc
MACs hmac-sha1
"""
_FIRST_UID = 61001


@dataclass(frozen=True, slots=True)
class Sshd(base.Server):
    """A running SSH server. ``user`` logs in with ``key``; each of ``accounts`` with its password.

    ``fingerprint`` is the host key's, as ``ssh-keygen -l`` writes it (``SHA256:…``); ``data`` is the folder that
    sessions start in, owned by ``user``.
    """

    key: Path
    host_key: Path
    fingerprint: str
    accounts: Mapping[str, str]
    data: Path


@contextlib.contextmanager
def sshd(  # noqa: PLR0913 - each is a kind of host of its own
    accounts: Mapping[str, str] | None = None,
    *,
    user: str = base.UNPRIVILEGED,
    options: str = "",
    legacy: bool = False,
    expired: Collection[str] = (),
    pam: str = "",
    host_key: Path | None = None,
    port: int | None = None,
) -> Iterator[Sshd]:
    """Start sshd; ``accounts`` maps names to passwords, ``options`` is text for sshd_config that wins over ours.

    ``host_key`` and ``port`` let a second server stand where a first one stood. ``legacy`` offers only what servers of
    2010 did; accounts named in ``expired`` have to choose a new password. ``pam`` is the text of sshd's PAM service and
    turns PAM on. ``{d}`` in ``options`` stands for the server's directory.
    """
    base.need_root("sshd")
    daemon = base.program("sshd", "openssh-server")
    accounts = dict(accounts or {})
    with base.home("sshd") as directory:
        log, data, host, key = (directory / n for n in ("log", "data", "host_key", "id_ed25519"))
        data.mkdir()
        base.give(data, user)
        if host_key is None:
            _new_key(host, "rsa" if legacy else "ed25519")
        else:
            _copied_key(host_key, host)
        _new_key(key, "ed25519")
        (directory / "authorized_keys").write_text(Path(f"{key}.pub").read_text())
        text = ("UsePAM yes\n" if pam else "") + options + "\n" + (_LEGACY if legacy else "") + _CONFIG
        text += f"PasswordAuthentication {'yes' if accounts else 'no'}\n"
        text += f"Subsystem sftp internal-sftp -d {data}\n"
        config = directory / "sshd_config"
        config.write_text(text.replace("{d}", str(directory)))
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd insists on this one place
        overlaid = _with_accounts(accounts, expired, directory) if accounts else {}
        if pam:
            overlaid["pam.d/sshd"] = pam
        prefix = _overlaying(directory, overlaid)

        def command(at: int) -> Sequence[str]:
            start = shlex.join([daemon, "-D", "-e", "-f", str(config), "-p", str(at)])
            shell = " ".join([*prefix, start])
            return [base.program("unshare", "util-linux"), "-m", "sh", "-c", shell] if overlaid else shlex.split(start)

        with base.serving(command, log, port=port) as at:
            yield Sshd(
                base.HOST, at, user, "", directory, log, key, host, _fingerprint(Path(f"{host}.pub")), accounts, data
            )


def _new_key(place: Path, kind: str) -> None:
    keygen = base.program("ssh-keygen", "openssh-client")
    base.run([keygen, "-q", "-t", kind, "-N", "", "-f", str(place)])


def _copied_key(key: Path, place: Path) -> None:
    for suffix in ("", ".pub"):
        copy = Path(f"{place}{suffix}")
        copy.write_bytes(Path(f"{key}{suffix}").read_bytes())
        copy.chmod(0o600)


def _with_accounts(accounts: Mapping[str, str], expired: Collection[str], directory: Path) -> dict[str, str]:
    """The account files of the machine with these accounts added, by their name in /etc."""
    texts = {name: Path(f"/etc/{name}").read_text().rstrip("\n") + "\n" for name in ("passwd", "shadow", "group")}
    openssl = base.program("openssl", "openssl")
    for uid, (name, password) in enumerate(accounts.items(), _FIRST_UID):
        hashed = base.run([openssl, "passwd", "-6", "-stdin"], text=password + "\n").strip()
        texts["passwd"] += f"{name}:x:{uid}:{uid}::{directory}/data:/bin/sh\n"
        texts["shadow"] += f"{name}:{hashed}:{0 if name in expired else 20000}:0:99999:7:::\n"
        texts["group"] += f"{name}:x:{uid}:\n"
    return texts


def _overlaying(directory: Path, texts: Mapping[str, str]) -> list[str]:
    """Shell words that show files of /etc to this server alone: copies laid over them in its own mounts."""
    words = []
    for name, text in texts.items():
        copy = directory / name.replace("/", "-")
        copy.write_text(text)
        copy.chmod(0o600 if name == "shadow" else 0o644)
        words.append(f"mount --bind {shlex.quote(str(copy))} /etc/{name} &&")
    return [*words, "exec"]


def _fingerprint(public: Path) -> str:
    blob = b64.b64decode(public.read_text().split()[1])
    return "SHA256:" + b64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
