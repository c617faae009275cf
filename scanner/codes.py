"""The registry of codes: one row feeds the CLI, the result, the report, the docs and ``stocktake explain``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; they are API. A caller must treat an unknown code as failure."""

    COMPLETE = 0
    INTERNAL = 1
    CONFIGURATION = 2
    GAPS = 3
    POLICY = 4
    NO_CATALOG = 10
    LOCKED = 11
    AUTH = 12
    UNREACHABLE = 13
    DAMAGED = 14
    DISK_FULL = 15
    BUDGET = 16
    SIGINT = 130
    SIGTERM = 143


EXIT_MEANING: dict[Exit, str] = {
    Exit.COMPLETE: "complete",
    Exit.INTERNAL: "internal error: our own fault",
    Exit.CONFIGURATION: "configuration error: nothing ran",
    Exit.GAPS: "complete with gaps: something would not be shown",
    Exit.POLICY: "a threshold of the policy was exceeded",
    Exit.NO_CATALOG: "there is no catalog there",
    Exit.LOCKED: "another scan holds the catalog",
    Exit.AUTH: "a source refused the login",
    Exit.UNREACHABLE: "a source could not be reached",
    Exit.DAMAGED: "the catalog is damaged",
    Exit.DISK_FULL: "no space left to write",
    Exit.BUDGET: "a budget was used up",
    Exit.SIGINT: "stopped by Ctrl-C; resume goes on",
    Exit.SIGTERM: "stopped by SIGTERM; resume goes on",
}

_PRECEDENCE = (
    Exit.SIGINT, Exit.SIGTERM, Exit.INTERNAL, Exit.DAMAGED, Exit.DISK_FULL, Exit.LOCKED, Exit.CONFIGURATION,
    Exit.NO_CATALOG, Exit.AUTH, Exit.UNREACHABLE, Exit.BUDGET, Exit.GAPS, Exit.POLICY,
)  # fmt: skip


def worst(exits: set[Exit]) -> Exit:
    """The one exit code where several apply: signal > 1 > 14 > 15 > 11 > 2 > 10 > 12 > 13 > 16 > 3 > 4 > 0."""
    return next((e for e in _PRECEDENCE if e in exits), Exit.COMPLETE)


@dataclass(frozen=True, slots=True)
class Code:
    """One thing that can go wrong: what happened, where, the effect on the result, what to do, and its exit code.

    ``do`` may hold ``{source}``, ``{run}`` and ``{where}``, filled in where the error is shown.
    """

    code: str
    what: str
    where: str
    effect: str
    do: str
    exit: Exit = Exit.GAPS


def _c(code: str, what: str, where: str, effect: str, do: str, exit_: Exit = Exit.GAPS) -> Code:
    return Code(code, what, where, effect, do, exit_)


_RESUME = "stocktake resume {run}"
_ROWS = (
    # what a source would not show
    _c("DENIED", "the source refused access", "path, account", "sizes above it are lower bounds; readiness unknown", "grant List and Read, then: stocktake resume {run} --only DENIED"),
    _c("VANISHED", "it was gone between listing and reading", "path", "not counted, and not reported as removed", "nothing; it was changed during the scan", Exit.COMPLETE),
    _c("PARTIAL", "a listing broke off before its end", "path", "counts beneath it are lower bounds", "stocktake resume {run} --only PARTIAL"),
    _c("IO_ERROR", "the source failed while being read", "path", "counts beneath it are lower bounds", "check the disk or server, then: stocktake resume {run} --only IO_ERROR"),
    _c("TIMEOUT", "the source did not answer within the deadline", "path or host", "counts beneath it are lower bounds", "check the server, or raise timeout_s, then: stocktake resume {run} --only TIMEOUT"),
    _c("LOOP", "a directory leads back to itself", "path", "listed once; its second way in is left out", "nothing", Exit.COMPLETE),
    _c("TOO_DEEP", "it lies deeper than the server opens, or a scan of it goes", "path", "counts beneath it are lower bounds", "add the folder as a source of its own, or scan it on the server itself"),
    _c("OVERLAP", "another source of this scan covers it", "path, source", "what lies there is counted once, with that source", "remove one of the two sources from the estate file", Exit.COMPLETE),
    _c("MOUNT", "another file system is mounted here", "path", "what lies beneath it was left out", "set cross_mounts = true for this source, or add the mount as a source", Exit.COMPLETE),
    _c("PSEUDO_FS", "this is a pseudo file system (proc, sys, …)", "path", "what lies beneath it was left out", "nothing", Exit.COMPLETE),
    _c("SNAPSHOT", "this is a snapshot folder", "path", "what lies beneath it was left out, so nothing counts twice", "set snapshots = true for this source to include it", Exit.COMPLETE),
    _c("EXCLUDED", "the estate file excludes it", "path", "left out", "remove the pattern from exclude to include it", Exit.COMPLETE),
    _c("LINK_NOT_FOLLOWED", "a link leads outside of what is scanned", "path", "recorded as a link; what it leads to was left out", "add its target as a source", Exit.COMPLETE),
    _c("DFS_NOT_FOLLOWED", "a DFS link leads to a host that is not allowed", "path, host", "recorded as a link; what it leads to was left out", "add the host to allow_hosts of {source}", Exit.COMPLETE),
    _c("OFFLINE", "the content is not online; reading would recall it", "path", "recorded; content never read", "nothing", Exit.COMPLETE),
    _c("CONTENT_LOCKED", "another program holds the file locked", "path", "recorded; what it holds is unknown", "scan when nobody works with it, then: stocktake resume {run} --only CONTENT_LOCKED"),
    _c("CONTENT_LIMIT", "more would have to be read of it than is allowed", "path", "recorded; what it holds is unknown, or known in part", "a database: add it as an odbc source of its own to see all of it; else open it by hand", Exit.COMPLETE),
    _c("CONTENT_DAMAGED", "its content is damaged or cut short", "path", "recorded; what it holds is unknown, or known in part", "ask its owner whether it still opens", Exit.COMPLETE),
    _c("CONTENT_ENCRYPTED", "its content is encrypted", "path", "recorded; what it holds is unknown", "ask its owner for a copy without a password, or what it holds", Exit.COMPLETE),
    _c("CONTENT_MISNAMED", "its content is not what its name says", "path", "recorded as what it is; unknown where that cannot be told", "nothing", Exit.COMPLETE),
    _c("CONTENT_REFUSED", "its content asks for more than reading it: entities, or unpacking without end", "path", "recorded; what it quotes is unknown, or known in part", "have its owner look at it; nothing of it was carried out", Exit.COMPLETE),
    _c("EXTRACTOR_MISSING", "what reads references out of some kinds of files could not be loaded", "source, modules", "files of these kinds were read as plain text, or not at all", "install Stocktake anew, then scan again"),
    _c("EXTRACTOR_FAILED", "what reads references out of a file failed on its content", "path, extractor", "recorded; what it refers to is unknown, or known in part", "report it with the detail; every other file was read", Exit.COMPLETE),
    _c("NAME_UNDECODABLE", "a name is not valid in the source's encoding", "path", "recorded with escapes; its exact bytes are kept", "nothing", Exit.COMPLETE),
    _c("NAME_NOT_OPENED", "the server lists this name and opens none like it", "path", "recorded; what it holds is unknown", "rename it on its own server, or scan it there"),
    _c("NAME_MANGLED", "the server gave an 8.3 alias instead of the name", "path", "the true name is unknown", "rename it, or scan the folder on its own server as well"),
    _c("DUPLICATE_ENTRY", "the source returned the same name twice", "path", "recorded once", "report it to the vendor", Exit.COMPLETE),
    _c("PAGING_STUCK", "the server repeated its continuation token", "bucket, last key", "what comes after it is missing", "report to the vendor; stocktake resume {run} --only PAGING_STUCK"),
    _c("LISTING_UNORDERED", "the server's keys did not increase from page to page", "bucket, last key", "what comes after it is missing", "report to the vendor; stocktake resume {run} --only LISTING_UNORDERED"),
    _c("THROTTLED", "the source asked for fewer requests until the retries were used up", "source", "counts beneath it are lower bounds", "lower requests_per_s for {source}, then: stocktake resume {run} --only THROTTLED"),
    _c("SLOWED", "the source asked for fewer requests, and was asked more slowly", "source", "nothing is missing; the scan took longer", "lower requests_per_s or connections for {source}, so that it need not ask", Exit.COMPLETE),
    _c("FEWER_CONNECTIONS", "the server would not take as many connections as asked for", "source, count", "nothing is missing; the scan went on with those it took", "lower connections for {source}", Exit.COMPLETE),
    _c("TRUNCATED", "the server cut its answer at a limit", "path", "counts beneath it are lower bounds", "raise the server's limit, or scan with a smaller unit"),
    _c("UNKNOWN_TYPE", "the source did not say what kind of entry this is", "path", "recorded as unknown; not descended into", "nothing", Exit.COMPLETE),
    _c("QUERY_FAILED", "a catalog query was refused or failed", "query, database", "what it would have told is unknown", "grant the scan account the right named in the detail, then: stocktake resume {run} --only QUERY_FAILED"),
    _c("NOT_FOUND", "it is not there", "path or name", "not scanned", "correct the path or name of {source} in the estate file", Exit.CONFIGURATION),
    _c("ROOT_MISSING", "the folder to be scanned is not there, or not a folder", "path", "the source is not scanned; nothing is reported as removed", "correct the path, or mount it", Exit.CONFIGURATION),
    _c("OTHER", "the source failed in a way of its own", "path", "counts beneath it are lower bounds", "read the detail: stocktake errors --code OTHER"),
    # connecting
    _c("AUTH_REFUSED", "the login was refused once; no second attempt is made", "account, host", "sources of this account on this host are not scanned", "correct it, then: stocktake test {source} --credential-changed", Exit.AUTH),
    _c("AUTH_INTERACTIVE", "the server wants an answer from a person", "account, host", "the source is not scanned", "use an account with a key, or without a second factor", Exit.AUTH),
    _c("AUTH_EXPIRED", "the credentials ran out during the scan", "account", "what comes after is missing", "renew them, then: " + _RESUME, Exit.AUTH),
    _c("AUTH_GUEST", "the server took the login as guest or anonymous", "account, host", "the source is not scanned", "correct the user name; a guest sees less than the account would", Exit.AUTH),
    _c("AUTH_BLOCKED", "an earlier attempt with this credential was refused", "account, host", "the source is not scanned; no attempt was made", "correct it, then: stocktake test {source} --credential-changed", Exit.AUTH),
    _c("HOST_KEY_UNKNOWN", "the host's key is not known yet", "host, fingerprint", "the source is not scanned", "compare the fingerprint with the host's owner, then: stocktake trust add {source} --fingerprint {where}", Exit.AUTH),
    _c("HOST_KEY_CHANGED", "the host's key differs from the trusted one", "host, fingerprints", "the source is not scanned", "confirm by phone, then: stocktake trust add {source} --fingerprint {where}", Exit.AUTH),
    _c("UNREACHABLE", "the host could not be reached", "host, port", "the source is not scanned", "check name, port and firewall, then: " + _RESUME, Exit.UNREACHABLE),
    _c("TLS_REFUSED", "the certificate could not be verified", "host, reason", "the source is not scanned", "set ca_bundle for {source} to the authority's certificate", Exit.UNREACHABLE),
    _c("UNSUPPORTED_PROTOCOL", "the server speaks only a protocol that is not safe", "host, protocol", "the source is not scanned", "scan through a read-only mount, or upgrade the server", Exit.UNREACHABLE),
    _c("WEAK_SSH", "the host offers only outdated SSH algorithms", "host, algorithms", "the source is not scanned", "set legacy_algorithms = true for {source}", Exit.UNREACHABLE),
    _c("SIGNING_REFUSED", "the server would not sign or encrypt", "host", "the source is not scanned", "enable signing on the server", Exit.UNREACHABLE),
    _c("CLOCK_SKEW", "the clocks of this machine and the server differ too much for a login", "host, seconds, whose clock", "the source is not scanned", "set the clock that is wrong, then: " + _RESUME, Exit.UNREACHABLE),
    _c("REDIRECT_REFUSED", "the server sent us to another host", "hosts", "the source is not scanned", "name that endpoint in the estate file if it is yours", Exit.UNREACHABLE),
    _c("DRIVER_MISSING", "the driver is not installed", "driver", "the source is not scanned", "install the driver named in the detail; stocktake doctor lists what is there", Exit.CONFIGURATION),
    _c("DRIVER_CRASH", "the driver died", "driver, version", "what it had not yet told is missing", "update the driver, then: " + _RESUME),
    _c("FAILED_HUNG", "no sign of life for too long", "source, last unit", "what it had not yet told is missing", "check the server, then: " + _RESUME, Exit.UNREACHABLE),
    _c("CONNECTOR_BUG", "the connector broke its contract", "connector, unit", "the unit is not recorded", "report it to the connector's author: stocktake errors --code CONNECTOR_BUG", Exit.INTERNAL),
    _c("LEDGER_IMBALANCE", "listed does not equal recorded + skipped + failed", "source, container", "the counts of this source cannot be trusted", "report it to the connector's author: stocktake errors --code LEDGER_IMBALANCE", Exit.INTERNAL),
    # configuration
    _c("CONFIG_SYNTAX", "the estate file is not valid TOML", "line, column", "nothing ran", "correct the line; UNC paths need single quotes", Exit.CONFIGURATION),
    _c("CONFIG_UNKNOWN_KEY", "the estate file has a key nobody reads", "line, key", "nothing ran", "rename it, then: stocktake config validate", Exit.CONFIGURATION),
    _c("CONFIG_INVALID", "the estate file has a value that does not fit", "line, key", "nothing ran", "correct it, then: stocktake config validate", Exit.CONFIGURATION),
    _c("CONFIG_MISSING", "there is no estate file there", "path", "nothing ran", "stocktake init, or name what to scan: stocktake scan PATH", Exit.CONFIGURATION),
    _c("SECRET_LITERAL", "a secret stands in the estate file itself", "line, key", "nothing ran", "move it out and refer to it: env:NAME, file:PATH or keyring:SERVICE/USER", Exit.CONFIGURATION),
    _c("SECRET_MISSING", "a secret's reference leads nowhere", "reference", "the source is not scanned", "set it where the reference says, then: " + _RESUME, Exit.CONFIGURATION),
    _c("SECRET_EXPOSED", "others can read the file a secret stands in", "file, mode", "the source is not scanned", "chmod 600 the file", Exit.CONFIGURATION),
    _c("SOURCE_UNKNOWN", "no source has that name, and it is no locator", "name", "nothing ran", "stocktake config show lists the sources; a path needs a '/'", Exit.CONFIGURATION),
    _c("CONNECTOR_UNKNOWN", "no installed connector has that type", "type", "nothing ran", "stocktake connectors list", Exit.CONFIGURATION),
    _c("TARGET_UNKNOWN", "no target has that name", "name", "nothing ran", "stocktake explain targets", Exit.CONFIGURATION),
    _c("ASSET_UNKNOWN", "no asset of the graph has that name, or several have", "name", "nothing ran", "give its id: stocktake query --graph 'SELECT id, title FROM asset'", Exit.CONFIGURATION),
    _c("RULE_INVALID", "a rule or target file is not valid", "file, key", "nothing ran", "correct the file", Exit.CONFIGURATION),
    _c("QUERY_INVALID", "the query is not one that can be answered", "position", "nothing ran", "correct it; stocktake query --tables lists what can be asked", Exit.CONFIGURATION),
    _c("USAGE", "the command line is not complete or contradicts itself", "option", "nothing ran", "see --help of the command", Exit.CONFIGURATION),
    # catalog
    _c("NO_CATALOG", "there is no catalog there", "path", "nothing ran", "scan first, or name it with --catalog", Exit.NO_CATALOG),
    _c("CATALOG_UNWRITABLE", "the catalog cannot be written", "path", "nothing ran", "choose a folder of yours with --catalog", Exit.CONFIGURATION),
    _c("CATALOG_LOCKED", "another scan holds the catalog", "pid, host, since", "nothing ran", "wait for it, or stop it", Exit.LOCKED),
    _c("CATALOG_DAMAGED", "the catalog is damaged", "file", "nothing ran; nothing was overwritten", "restore a backup, or start a new catalog", Exit.DAMAGED),
    _c("CATALOG_NEWER", "a newer Stocktake wrote this catalog", "version", "nothing ran", "upgrade Stocktake", Exit.DAMAGED),
    _c("DISK_FULL", "no space is left to write", "volume", "the last commit is kept", "free space, then: " + _RESUME, Exit.DISK_FULL),
    _c("TOO_MANY_FILES", "this process may not open as many files as it needs", "file", "the catalog is whole; the last commit is kept", "raise the limit, as with: ulimit -n 4096; then the same command, or: stocktake resume", Exit.CONFIGURATION),
    _c("OUT_OF_MEMORY", "this process may not have as much memory as it needs", "what needed it", "the last commit is kept", "raise the limit (ulimit -v, or the container's); then the same command, or: stocktake resume", Exit.CONFIGURATION),
    _c("OUTPUT_UNWRITABLE", "the output cannot be written", "path", "an older file there is kept", "choose another place with -o", Exit.CONFIGURATION),
    _c("RUN_UNKNOWN", "there is no such run", "run", "nothing ran", "stocktake runs", Exit.CONFIGURATION),
    _c("NOTHING_SCANNED", "the catalog holds no finished source", "catalog", "there is nothing to report", "stocktake scan", Exit.NO_CATALOG),
    _c("SHRUNK", "a source shrank by more than half since its last complete run", "source", "shown beside the old figures; nothing is reported as removed", "check the source; confirm with --accept-shrink"),
    _c("WORKER_UNFIT", "a worker of the cluster could not open the source", "worker, reason", "nothing is missing; other workers did its share", "install what it lacks there, or give the source a site", Exit.COMPLETE),
    _c("NO_WORKER", "the cluster has no worker for the source", "site", "the source is not scanned, or what is left waits", "start one there: dask worker SCHEDULER --resources site-NAME=1; then: " + _RESUME, Exit.UNREACHABLE),
    _c("EXECUTOR_UNREACHABLE", "the scheduler of the cluster could not be reached, or was lost", "address", "the last commit is kept", "check address, certificates and firewall, then: " + _RESUME, Exit.UNREACHABLE),
    _c("EXECUTOR_PLAIN", "the scheduler is on another machine, and would be spoken to without TLS", "address", "nothing ran: whoever can write to it runs programs on every worker", "use tls://; or set allow_plain = true under [executor] in a network that is closed to others", Exit.CONFIGURATION),
    _c("EXECUTOR_VERSION", "a worker of the cluster runs another version of Stocktake", "worker, versions", "nothing was committed of it", "install the same version everywhere, then: " + _RESUME, Exit.CONFIGURATION),
    _c("LOCATION_NOT_SHARED", "a worker of the cluster does not see the catalog's facts", "worker, path", "nothing was committed of it", "mount the folder at the same path everywhere, or keep the facts on S3", Exit.CONFIGURATION),
    _c("PARSE_FAILED", "a definition could not be parsed", "routine", "its dependencies are unknown", "nothing; the text is kept", Exit.COMPLETE),
    _c("HOURS", "the allowed hours are over", "source, hours", "what is left waits", _RESUME + " within the hours", Exit.BUDGET),
    _c("BUDGET", "the budget of requests is used up", "source, requests", "what is left waits", "raise max_requests for {source} where that is too few; " + _RESUME + " goes on with a budget of the same size", Exit.BUDGET),
    _c("STOPPED", "the scan was asked to stop", "signal", "what is left waits; nothing found is lost", _RESUME),
    _c("INTERNAL", "Stocktake itself failed", "place in the code", "the last commit is kept", "run again with --debug and report it", Exit.INTERNAL),
)  # fmt: skip

CODES: dict[str, Code] = {c.code: c for c in _ROWS}
"""Every code by name."""

GAP_CODES: tuple[str, ...] = tuple(sorted(c.code for c in _ROWS if c.exit is not Exit.COMPLETE))
"""Codes after which counts are lower bounds."""


class StocktakeError(Exception):
    """An error for a person: a code of the registry, where it happened, and its detail; only ``cli`` prints it."""

    def __init__(self, code: str, where: str = "", detail: str = "") -> None:
        super().__init__(f"{code} {where}: {detail}")
        self.code = CODES[code]
        self.where = where
        self.detail = detail
