"""Programs that copy, mount and fetch: what they read from where, and what they write to where."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from scanner.extractor import Mention
from scanner.extractors.commands.command import Command, options
from scanner.extractors.commands.saying import host, place, remote_path, script, share
from scanner.extractors.finding import found
from scanner.extractors.quoting import quoted

_CLOUD = {f"--{o}": "" for o in (
    "profile", "region", "endpoint-url", "exclude", "include", "acl", "sse", "storage-class", "output", "query",
    "config",
    "transfers", "checkers", "bwlimit", "log-file", "filter", "filter-from", "exclude-from", "include-from", "max-age",
    "min-age", "sas-token", "source", "rsh", "password-file", "log-level", "content-type", "metadata", "sse-kms-key-id",
    "backup-dir", "files-from", "temp-dir", "partial-dir", "timeout", "port", "chmod", "chown", "project",
    "cache-control",
)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Copying:
    """A program that copies its first words to its last: the options with a value, and how it writes places.

    ``skip`` words come before them (``s3 cp``); ``looks`` are first words after which nothing is written.
    """

    options: Mapping[str, str]
    skip: int = 0
    copies: frozenset[str] = frozenset()
    looks: frozenset[str] = frozenset()
    remote: bool = False
    aliased: bool = False


_COPIES = frozenset(
    ("cp", "mv", "sync", "rsync", "copy", "move", "copyto", "moveto", "mirror", "put", "get", "bisync", "c", "m", "s")
)
_LOOKS = frozenset(
    (
        "ls",
        "lsd",
        "lsf",
        "lsl",
        "du",
        "cat",
        "rm",
        "size",
        "check",
        "mb",
        "rb",
        "list",
        "remove",
        "presign",
        "mount",
        "stat",
        "info",
        "la",
        "del",
    )
)
_SSH = {
    "-e": "",
    "--rsh": "",
    "-i": "",
    "-P": "",
    "-p": "",
    "-o": "",
    "-l": "",
    "-c": "",
    "-F": "",
    "-S": "",
    "-J": "",
    "-pw": "",
    "--password-file": "",
    "--exclude": "",
    "--include": "",
    "--exclude-from": "",
    "--log-file": "",
    "--bwlimit": "",
    "--files-from": "",
    "--backup-dir": "",
    "--link-dest": "",
    "-f": "",
    "--port": "",
    "--timeout": "",
    "--rsync-path": "",
    "--chmod": "",
    "-T": "",
}
COPYING: dict[str, Copying] = {
    "aws": Copying(_CLOUD, 2, _COPIES, _LOOKS),
    "s3cmd": Copying({**_CLOUD, "-c": ""}, 1, _COPIES, _LOOKS),
    "s4cmd": Copying(_CLOUD, 1, _COPIES, _LOOKS),
    "s5cmd": Copying(_CLOUD, 1, _COPIES, _LOOKS),
    "gsutil": Copying({"-h": "", "-o": "", "-x": ""}, 1, _COPIES, _LOOKS),
    "azcopy": Copying(_CLOUD, 1, _COPIES, _LOOKS),
    "rclone": Copying({**_CLOUD, "-f": ""}, 1, _COPIES, _LOOKS, aliased=True),
    "rsync": Copying(
        {k: v for k, v in _SSH.items() if k not in ("-i", "-P", "-p", "-o", "-l", "-c", "-F", "-S", "-J")}, remote=True
    ),
    "scp": Copying(_SSH, remote=True),
    "pscp": Copying(_SSH, remote=True),
    "cp": Copying({"-t": "", "-S": ""}),
    "mv": Copying({"-t": "", "-S": ""}),
    "copy": Copying({}),
    "xcopy": Copying({}),
    "move": Copying({}),
    "robocopy": Copying({}),
    "install": Copying({"-m": "", "-o": "", "-g": ""}),
    "distcp": Copying({"-m": ""}),
}


def copying(command: Command, origin: str) -> Iterator[Mention]:
    """Sources are read, the last word is written to; what only looks reads."""
    known = COPYING[command.program]
    _, words = options(command.words[1:], known.options)
    verbs, words = words[: known.skip], words[known.skip :]
    if command.program == "aws" and verbs[:1] != ["s3"]:
        yield from _of_api(command, origin)
        return
    verb = verbs[-1].lower() if verbs else ""
    if known.skip and verb not in known.copies | known.looks:
        return
    if command.program == "robocopy":
        words = words[:2]
    for number, word in enumerate(words):
        last = number == len(words) - 1 and number > 0 and (not known.skip or verb in known.copies)
        action = "writes" if last or verb in ("rm", "remove", "del", "mb") else "reads"
        yield from _place(word, known, command, origin, action)


_ALIASED = re.compile(r"([\w.${}%-]{2,60}):(.{0,900})\Z")


def _place(word: str, known: Copying, command: Command, origin: str, action: str) -> Iterator[Mention]:
    if (
        known.aliased
        and "://" not in word
        and not word.startswith((":", "/", "\\"))
        and (match := _ALIASED.match(word))
    ):
        made = quoted(
            word,
            origin=origin,
            line=command.line,
            kind="path" if match[2] else "reference",
            status=command.status,
            via=match[1],
            action=action,
        )
        if made is not None:
            yield made if match[2] else replace(made, locator=match[1], via=None)
        return
    made = place(word, command, origin, action=action, remote=known.remote)
    if made is not None:
        yield made


def _of_api(command: Command, origin: str) -> Iterator[Mention]:
    """``aws s3api … --bucket b --key k``."""
    said, _ = options(command.words[1:], {"--bucket": "bucket", "--key": "key", "--prefix": "key", "--copy-source": ""})
    told = {m: v for m, _, v in said}
    if "s3api" in command.words and told.get("bucket"):
        writes = any(w.startswith(("put-", "delete-", "create-", "copy-")) for w in command.words)
        text = f"s3://{told['bucket']}/{told.get('key', '')}"
        made = place(text, command, origin, action="writes" if writes else "reads")
        if made is not None:
            yield made


def hadoop(command: Command, origin: str) -> Iterator[Mention]:
    """``hdfs dfs -put a b``, ``hadoop fs -get``, ``hadoop distcp a b``."""
    words = list(command.words[1:])
    verb = next(
        (
            w.lstrip("-")
            for w in words
            if w.lstrip("-")
            in (
                "put",
                "get",
                "cp",
                "mv",
                "ls",
                "distcp",
                "copyFromLocal",
                "copyToLocal",
                "cat",
                "rm",
                "moveFromLocal",
                "getmerge",
            )
        ),
        "",
    )
    after = (
        [
            w
            for w in words[words.index(verb) + 1 if verb in words else words.index(f"-{verb}") + 1 :]
            if not w.startswith("-")
        ]
        if verb
        else []
    )
    for number, word in enumerate(after):
        last = number == len(after) - 1 and number > 0
        made = place(word, command, origin, action="writes" if last else "reads")
        if made is not None:
            yield made


def fetching(command: Command, origin: str) -> Iterator[Mention]:
    """Curl and wget: URLs of stores; web pages are none."""
    words = command.words[1:]
    writes = any(w in ("-T", "--upload-file") or w.startswith("--upload-file=") or w in ("PUT", "-XPUT") for w in words)
    for word in words:
        if "://" in word and not word.startswith("-") and found(word):
            made = place(word, command, origin, action="writes" if writes else "reads")
            if made is not None:
                yield made


def mounting(command: Command, origin: str) -> Iterator[Mention]:
    """``mount -t cifs //server/share /mnt -o …``, ``mount server:/export /mnt``, ``sshfs``, ``s3fs``."""
    said, words = options(command.words[1:], {"-t": "type", "-o": "", "-O": "", "-p": "", "--types": "type"})
    if len(words) < 2:
        return
    yield from mounted(words[0], words[1], next((v for m, _, v in said if m == "type"), ""), command, origin)


def mounted(device: str, at: str, kind: str, command: Command, origin: str) -> Iterator[Mention]:
    """What a device that lies on another machine is: a share, an export, a bucket; nothing for a disk."""
    made: Mention | None = None
    if device.startswith(("//", "\\\\")):
        made = share(device, command, origin, action="mounts", alias=at)
    elif "://" in device or kind in ("davfs", "davfs2", "dav"):
        made = quoted(
            device, origin=origin, line=command.line, kind="url", status=command.status, alias=at, action="mounts"
        )
    elif command.program == "s3fs" or kind in ("fuse.s3fs", "s3fs") or (kind == "fuse" and device.startswith("s3fs#")):
        bucket, _, path = device.removeprefix("s3fs#").partition(":")
        locator = f"s3://{bucket}/{path.strip('/')}".rstrip("/")
        made = quoted(
            locator, origin=origin, line=command.line, kind="url", status=command.status, alias=at, action="mounts"
        )
    else:
        device = device.removeprefix("sshfs#").removeprefix("curlftpfs#").removeprefix(":sshfs#")
        match = re.match(
            r"(?:([\w.-]{1,60})@)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9$%{][\w.${}%-]{0,252}):(/\S*|~\S*)?\Z", device
        )
        if match is not None:
            ssh = command.program == "sshfs" or "ssh" in kind
            made = remote_path(
                match[2],
                match[3] or "",
                match[1],
                command,
                origin,
                action="mounts",
                alias=at,
                driver="sftp" if ssh else "nfs",
            )
    if made is not None:
        yield made


def samba(command: Command, origin: str) -> Iterator[Mention]:
    """``smbclient //server/share -U user%password -c "get x"``."""
    asked = " ".join(command.words)
    action = (
        "writes"
        if re.search(r"\bm?put\b", asked)
        else "reads"
        if re.search(r"\b(?:m?get|ls|tar)\b", asked)
        else "connects"
    )
    for word in command.words[1:]:
        if word.startswith(("//", "\\\\")) and (made := share(word, command, origin, action=action)) is not None:
            yield made
            return
    for flag, word in zip(command.words[1:], command.words[2:], strict=False):
        if flag == "-L" and (made := host(word.strip("/\\"), command, origin, action=action, driver="smb")) is not None:
            yield made


_SFTP = {
    "-b": "script",
    "-i": "",
    "-o": "",
    "-P": "port",
    "-p": "port",
    "-l": "user",
    "-F": "",
    "-pw": "",
    "-S": "",
    "-J": "",
    "-u": "user",
    "-e": "commands",
    "-c": "commands",
    "-f": "script",
    "-L": "",
    "-R": "",
    "-D": "",
    "-m": "script",
}


def remote_login(command: Command, origin: str) -> Iterator[Mention]:
    """sftp, ftp, lftp, ssh and their kin: the host they log in at, and the place there."""
    name = command.program
    driver = (
        "ftp"
        if name in ("ftp", "ncftp", "ncftpget", "ncftpput", "tftp")
        else "ssh"
        if name in ("ssh", "plink", "autossh")
        else "sftp"
    )
    if name == "ftp" and (file := next((w for w in command.words if w.lower().startswith("-s:")), "")):
        yield from script(file[3:].strip('"'), command, origin)
    said, words = options(
        tuple(w for w in command.words[1:] if not w.lower().startswith("-s:")),
        _SFTP if name != "ssh" else {**_SFTP, "-p": "port", "-e": ""},
    )
    told = {m: v for m, _, v in said}
    orders = "\n".join([*(v.replace(";", "\n") for m, _, v in said if m == "commands"), command.body])
    action = "calls" if driver == "ssh" else _direction(orders)
    if name == "lftp":
        driver = "ftp"
    if words and (made := _login(words[0], command, origin, action, driver, told)) is not None:
        yield made
    yield from orders_of(orders if driver != "ssh" else "", command, origin, driver)
    if told.get("script") and driver != "ssh":
        yield from script(told["script"], command, origin)


def _login(
    word: str, command: Command, origin: str, action: str, driver: str, told: Mapping[str, str]
) -> Mention | None:
    if "://" in word:
        return place(word, command, origin, action=action)
    match = re.match(r"(?:([\w.${}%-]{1,80})@)?([\w${%][\w.${}%-]{0,252}):([~/\w$].*)\Z", word)
    if match is not None and driver == "sftp":
        return remote_path(match[2], match[3], match[1], command, origin, action=action)
    return host(
        word,
        command,
        origin,
        action=action,
        driver="ftp" if driver == "ftp" else driver,
        user=told.get("user", "").partition(",")[0] or None,
        port=told.get("port", ""),
    )


def _direction(orders: str) -> str:
    puts = re.search(r"(?im)^\s*(?:m?put|mirror\s+(?:-\w+\s+)*-R|append)\b", orders)
    gets = re.search(r"(?im)^\s*(?:m?get|mirror)\b", orders)
    return "writes" if puts else "reads" if gets else "connects"


_OPEN = re.compile(r"(?i)\s*open\s+(?:(?:-[a-z]\w*|-\w+=\S+)\s+)*[\"']?([^\s\"';]{2,600})[\"']?(?:\s+(\d{1,5}))?")


def orders_of(orders: str, command: Command, origin: str, driver: str) -> Iterator[Mention]:
    """``open host`` among what an FTP or WinSCP client is told line by line."""
    for number, line in enumerate(orders.split("\n")):
        match = _OPEN.match(line[:2000])
        if match is None:
            continue
        inner = replace(command, line=command.body_line + number) if command.body else command
        if "://" in match[1]:
            made = place(match[1], inner, origin, action=_direction(orders))
        else:
            made = host(match[1], inner, origin, action=_direction(orders), driver=driver, port=match[2] or "")
        if made is not None:
            yield made


def winscp(command: Command, origin: str) -> Iterator[Mention]:
    """``winscp.com /script=file`` and ``/command "open sftp://…" "get …"``."""
    orders = "\n".join(w.replace('""', '"').replace('"', "") for w in command.words[1:])
    for word in command.words[1:]:
        name, mark, value = word.partition("=")
        if mark and name.lower() == "/script":
            yield from script(value.strip('"'), command, origin)
        elif "://" in word and not word.lower().startswith("open"):
            made = place(word, command, origin, action="connects")
            if made is not None:
                yield made
    yield from orders_of(orders, replace(command, body=""), origin, "sftp")


def net(command: Command, origin: str) -> Iterator[Mention]:
    r"""``net use Z: \\server\share``: a drive letter for a share; ``net view`` and the rest name no store."""
    words = [w for w in command.words[1:] if not w.startswith("/")]
    if not words or words[0].lower() != "use":
        return
    drive = next((w.upper() for w in words[1:3] if re.fullmatch(r"[A-Za-z*]:?|%\w+%:?|[A-Za-z]:", w)), None)
    at = next((w for w in words[1:4] if w.startswith("\\\\")), None)
    if at is not None and not any(w.lower() in ("/delete", "/d", "/del") for w in command.words):
        alias = None if drive in (None, "*") else drive if drive.endswith(":") else f"{drive}:"
        made = share(at, command, origin, action="mounts", alias=alias)
        if made is not None:
            yield made


def substituting(command: Command, origin: str) -> Iterator[Mention]:
    r"""``subst X: path``, ``pushd \\server\share``, ``mklink /D link target``: another name for a place."""
    words = [w for w in command.words[1:] if not w.startswith("/") or w.startswith("//")]
    alias = words[0] if len(words) > 1 and command.program in ("subst", "mklink") else None
    target = words[1] if alias is not None else words[0] if words else ""
    if command.program == "subst" and alias is not None:
        alias = alias.upper()
    made = share(target, command, origin, action="mounts", alias=alias) if target.startswith("\\\\") else None
    if made is None and alias is not None and re.match(r"[A-Za-z]:[\\/]", target):
        made = quoted(
            target, origin=origin, line=command.line, kind="path", status=command.status, alias=alias, action="defines"
        )
    if made is not None:
        yield made


def running(command: Command, origin: str) -> Iterator[Mention]:
    r"""``call \\server\share\x.bat``, ``start``, ``type``, ``del``, ``dir``: places elsewhere among the words."""
    action = (
        "calls"
        if command.program
        in ("call", "start", "psexec", "cscript", "wscript", "powershell", "msiexec", "regsvr32", "regedit")
        else "writes"
        if command.program in ("del", "erase", "mkdir", "md", "rmdir", "rd", "touch")
        else "reads"
    )
    for word in command.words[1:]:
        if word.startswith("\\\\") or "://" in word:
            made = place(word, command, origin, action=action)
            if made is not None and (command.program != "psexec" or word.count("\\") > 2):
                yield made
            elif (
                command.program == "psexec"
                and (one := host(word.strip("\\"), command, origin, action="calls", driver="smb")) is not None
            ):
                yield one


def searching(command: Command, origin: str) -> Iterator[Mention]:
    """``ldapsearch -H ldap://host`` and ``-h host``."""
    said, _ = options(
        command.words[1:], {"-H": "url", "-h": "host", "-p": "port", "-b": "", "-D": "", "-w": "", "-y": "", "-s": ""}
    )
    told = {m: v for m, _, v in said}
    made = None
    if told.get("url"):
        made = place(told["url"], command, origin, action="reads")
    elif told.get("host"):
        made = host(told["host"], command, origin, action="reads", driver="ldap", port=told.get("port", ""))
    if made is not None:
        yield made


TRANSFERS: dict[str, Callable[[Command, str], Iterator[Mention]]] = {
    **dict.fromkeys(COPYING, copying),
    **dict.fromkeys(("hdfs", "hadoop"), hadoop),
    **dict.fromkeys(("curl", "wget", "aria2c", "axel"), fetching),
    **dict.fromkeys(
        (
            "mount",
            "mount.cifs",
            "mount.nfs",
            "mount.nfs4",
            "mount.smbfs",
            "mount_smbfs",
            "sshfs",
            "s3fs",
            "mount_nfs",
            "goofys",
        ),
        mounting,
    ),
    **dict.fromkeys(("smbclient", "smbget", "smbspool"), samba),
    **dict.fromkeys(
        ("sftp", "psftp", "ftp", "lftp", "ncftp", "ncftpget", "ncftpput", "ssh", "plink", "autossh"), remote_login
    ),
    **dict.fromkeys(("winscp", "winscp.com", "winscp.exe"), winscp),
    "net": net,
    **dict.fromkeys(("subst", "mklink", "pushd"), substituting),
    **dict.fromkeys(
        (
            "call",
            "start",
            "type",
            "del",
            "erase",
            "dir",
            "mkdir",
            "md",
            "psexec",
            "cscript",
            "wscript",
            "regedit",
            "msiexec",
            "ren",
        ),
        running,
    ),
    "ldapsearch": searching,
}
