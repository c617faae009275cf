"""What a server's status (NTSTATUS, [MS-ERREF] 2.3.1) means for a scan."""

from __future__ import annotations

PENDING = 0x00000103
"""Not an answer yet."""
BUFFER_OVERFLOW = 0x80000005
"""The answer goes on."""
NOTHING_MORE = frozenset({0x80000006, 0xC0000011, 0xC000000F})
"""NO_MORE_FILES, END_OF_FILE, and NO_SUCH_FILE, which Windows gives for a volume without any file."""

_STATUS: dict[int, tuple[str, str, bool]] = {
    # status: name, code, whether trying again may help
    0x8000002D: ("STOPPED_ON_SYMLINK", "LINK_NOT_FOLLOWED", False),
    0xC0000003: ("INVALID_INFO_CLASS", "QUERY_FAILED", False),
    0xC000000D: ("INVALID_PARAMETER", "OTHER", False),
    0xC000000F: ("NO_SUCH_FILE", "NOT_FOUND", False),
    0xC0000010: ("INVALID_DEVICE_REQUEST", "QUERY_FAILED", False),
    0xC0000022: ("ACCESS_DENIED", "DENIED", False),
    0xC0000032: ("DISK_CORRUPT_ERROR", "IO_ERROR", False),
    0xC0000033: ("OBJECT_NAME_INVALID", "NAME_NOT_OPENED", False),
    0xC0000034: ("OBJECT_NAME_NOT_FOUND", "NOT_FOUND", False),
    0xC0000039: ("OBJECT_PATH_INVALID", "OTHER", False),
    0xC000003A: ("OBJECT_PATH_NOT_FOUND", "NOT_FOUND", False),
    0xC000003B: ("OBJECT_PATH_SYNTAX_BAD", "OTHER", False),
    0xC000003E: ("DATA_ERROR", "IO_ERROR", False),
    0xC0000043: ("SHARING_VIOLATION", "CONTENT_LOCKED", False),
    0xC0000054: ("FILE_LOCK_CONFLICT", "CONTENT_LOCKED", False),
    0xC0000056: ("DELETE_PENDING", "NOT_FOUND", False),
    0xC0000061: ("PRIVILEGE_NOT_HELD", "DENIED", False),
    0xC000006A: ("WRONG_PASSWORD", "AUTH_REFUSED", False),
    0xC000006D: ("LOGON_FAILURE", "AUTH_REFUSED", False),
    0xC000006E: ("ACCOUNT_RESTRICTION", "AUTH_REFUSED", False),
    0xC000006F: ("INVALID_LOGON_HOURS", "AUTH_REFUSED", False),
    0xC0000070: ("INVALID_WORKSTATION", "AUTH_REFUSED", False),
    0xC0000071: ("PASSWORD_EXPIRED", "AUTH_REFUSED", False),
    0xC0000072: ("ACCOUNT_DISABLED", "AUTH_REFUSED", False),
    0xC000009A: ("INSUFFICIENT_RESOURCES", "THROTTLED", True),
    0xC000009C: ("DEVICE_DATA_ERROR", "IO_ERROR", False),
    0xC00000AC: ("PIPE_NOT_AVAILABLE", "THROTTLED", True),
    0xC00000AE: ("PIPE_BUSY", "THROTTLED", True),
    0xC00000B5: ("IO_TIMEOUT", "TIMEOUT", True),
    0xC00000BB: ("NOT_SUPPORTED", "QUERY_FAILED", False),
    0xC00000C9: ("NETWORK_NAME_DELETED", "UNREACHABLE", True),
    0xC00000CA: ("NETWORK_ACCESS_DENIED", "DENIED", False),
    0xC00000CC: ("BAD_NETWORK_NAME", "NOT_FOUND", False),
    0xC00000D0: ("REQUEST_NOT_ACCEPTED", "THROTTLED", True),
    0xC00000E9: ("UNEXPECTED_IO_ERROR", "IO_ERROR", False),
    0xC0000103: ("NOT_A_DIRECTORY", "NOT_FOUND", False),
    0xC000011F: ("TOO_MANY_OPENED_FILES", "THROTTLED", True),
    0xC000015B: ("LOGON_TYPE_NOT_GRANTED", "AUTH_REFUSED", False),
    0xC0000185: ("IO_DEVICE_ERROR", "IO_ERROR", False),
    0xC0000193: ("ACCOUNT_EXPIRED", "AUTH_REFUSED", False),
    0xC0000203: ("USER_SESSION_DELETED", "UNREACHABLE", True),
    0xC0000205: ("INSUFF_SERVER_RESOURCES", "THROTTLED", True),
    0xC0000224: ("PASSWORD_MUST_CHANGE", "AUTH_REFUSED", False),
    0xC0000234: ("ACCOUNT_LOCKED_OUT", "AUTH_REFUSED", False),
    0xC0000257: ("PATH_NOT_COVERED", "DFS_NOT_FOLLOWED", False),
    0xC0000267: ("FILE_IS_OFFLINE", "OFFLINE", False),
    0xC0000279: ("IO_REPARSE_TAG_NOT_HANDLED", "LINK_NOT_FOLLOWED", False),
    0xC000035C: ("NETWORK_SESSION_EXPIRED", "UNREACHABLE", True),
    0xC000CF00: ("CLOUD_FILE_PROVIDER_NOT_RUNNING", "OFFLINE", False),
}

BROKEN = frozenset(status for status, (_, code, _) in _STATUS.items() if code == "UNREACHABLE")
"""The session is gone, so the server has no key left to sign this with."""


OF_A_FOLDER = frozenset(
    {
        "DENIED",
        "NOT_FOUND",
        "NAME_NOT_OPENED",
        "DFS_NOT_FOLLOWED",
        "LINK_NOT_FOLLOWED",
        "OFFLINE",
        "CONTENT_LOCKED",
        "QUERY_FAILED",
        "IO_ERROR",
        "PARTIAL",
        "PAGING_STUCK",
        "OTHER",
    }
)
"""Codes that concern one folder; with any other, nothing more is to be had through this connection."""


def code_of(status: int) -> tuple[str, bool]:
    """Code of the registry, and whether trying again may help."""
    _, code, transient = _STATUS.get(status, ("", "OTHER", False))
    return code, transient


def said(status: int) -> str:
    """The status in the server's words."""
    name = _STATUS.get(status, ("status", "", False))[0]
    return f"{name} ({status:#010x})"
