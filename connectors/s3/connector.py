"""The S3 connector: buckets and keys in, entries, settings, grants and faults out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from connectors.s3.listing import BYTES, TIERS, Checked, Page, check_page, microseconds, owner_name
from connectors.s3.options import S3Options
from scanner import paths, schema
from scanner.connector import Session, missing_driver
from scanner.model import Batch, Columns, Event, Fault, SourceError, Unit

if TYPE_CHECKING:
    from connectors.s3.client import Client

PAGES_PER_UNIT = 20
"""Pages of one unit; then the remainder is handed back, so that a crash repeats 20,000 keys at most."""

EMPTY_PAGES = 1000
"""Pages in a row that may hold no key while the server says there are more (it walks over deleted ones)."""

_UNFIT_FOR_XML = re.compile(rb"[\x00-\x1f\x7f]")
"""A token that is the last key, written without regard to what XML can hold, comes back as another key (SeaweedFS 4
then silently ends the listing); after such a key the next page is asked for by the key itself."""

VERSIONS = "\\versions"
"""Mark of the unit that counts versions. A lone backslash is in no canonical key, so it is no key to start after."""

_ARCHIVED = ("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS")
_UNIT_LEVEL = frozenset({"AUTH_REFUSED", "AUTH_EXPIRED", "SECRET_MISSING", "TLS_REFUSED"})
"""Failures that are not this bucket's own: they would meet every other request as well."""


class S3Connector:
    """One open S3 source. Keys are opaque bytes: never normalised, never a path of this machine."""

    def __init__(self, options: S3Options, session: Session) -> None:
        self._options = options
        self._session = session
        self._opened: Client | None = None
        self._head: tuple[str, Any] | None = None

    def roots(self) -> Iterable[Unit]:
        """Log in with one request that the crawl needs as well; raises SourceError."""
        if self._options.bucket:
            bucket = self._options.bucket
            self._list_objects(bucket, Prefix=self._options.prefix, MaxKeys=1)
        else:
            next(self._bucket_pages())
        return [Unit("")]

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """List the buckets, or one run of pages of a bucket."""
        if not unit.key:
            yield from self._crawl_buckets()
            return
        bucket_text, _, prefix_text = unit.key.partition("/")
        bucket = paths.restore_text(bucket_text)
        if unit.after == VERSIONS:
            from connectors.s3.versions import count_versions  # noqa: PLC0415 - loads the driver

            yield from count_versions(self._client(), bucket, bucket_text, paths.restore_text(prefix_text))
            return
        try:
            facts = [] if unit.after else list(self._facts(bucket, bucket_text))
        except SourceError as error:
            yield from self._not_listed(unit, error, 0)
            return
        yield from facts
        yield from self._crawl_keys(unit, bucket, paths.restore_text(prefix_text))
        if self._options.versions and not unit.after:
            yield Unit(unit.key, VERSIONS)

    def read(self, path: str, start: int, length: int) -> bytes:
        """Bytes of an object by a ranged GET; never of an archived one. Raises SourceError."""
        bucket, key = _bucket_and_key(path)
        head = self._head_of(path, bucket, key)
        tier = TIERS.get(head.get("StorageClass") or "STANDARD")
        if tier == "offline" or head.get("ArchiveStatus") in _ARCHIVED:
            raise SourceError("OFFLINE", f"storage class {head.get('StorageClass')}", where=path)
        end = min(start + length, head.get("ContentLength") or 0)
        if start < 0 or end <= start:
            return b""
        client = self._client()
        before, client.transport.answer_limit = client.transport.answer_limit, max(end - start, 65536)
        try:
            answer = client.get_objects("get_object", path, Bucket=bucket, Key=key, Range=f"bytes={start}-{end - 1}")
        finally:
            client.transport.answer_limit = before
        content: bytes = answer["Body"].read()
        if answer["ResponseMetadata"]["HTTPStatusCode"] != 206:
            content = content[start:end]  # the server took no notice of the range
        return content[: end - start]

    def close(self) -> None:
        """Let go of the connections."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _client(self) -> Client:
        if self._opened is None:
            try:
                from connectors.s3.client import Client  # noqa: PLC0415 - the driver takes half a second to load
            except ImportError as error:
                raise missing_driver("s3", "s3", error) from error
            self._opened = Client(self._options, self._session)
        return self._opened

    def _head_of(self, path: str, bucket: str, key: str) -> Any:
        if self._head is None or self._head[0] != path:
            self._head = (path, self._client().get_objects("head_object", path, Bucket=bucket, Key=key))
        return self._head[1]

    # Buckets

    def _crawl_buckets(self) -> Iterator[Event]:
        names = ("parent", "name", "kind", "created", "owner")
        entries = Columns(schema.ENTRY, names)
        found: list[tuple[str, int | None, str | None]] = [(self._options.bucket, None, None)]
        complete, faults = True, list[Fault]()
        if self._options.bucket:
            self._look_up(self._options.bucket)
        else:
            found, complete, faults = self._found_buckets()
        units = []
        for bucket, created, owner in found:
            name = paths.segment(bucket)
            entries.add("", name, "bucket", created, owner)
            units.append(Unit(f"{name}/{paths.canonical_text(self._options.prefix)}"))
        listed = len(found) + sum(f.op == "skip" for f in faults)
        if len(entries):
            yield entries.take()
        yield Batch(schema.LISTING, {"path": [""], "listed": [listed], "complete": [complete]})
        yield from faults
        yield from units

    def _look_up(self, bucket: str) -> None:
        """Find out that the one bucket is there, and its region; an account may be allowed its keys but not this."""
        try:
            self._client().get("head_bucket", bucket, Bucket=bucket)
        except SourceError as error:
            if error.code not in ("DENIED", "OTHER"):
                raise

    def _found_buckets(self) -> tuple[list[tuple[str, int | None, str | None]], bool, list[Fault]]:
        found: dict[str, tuple[str, int | None, str | None]] = {}
        faults: list[Fault] = []
        for answer in self._bucket_pages():
            owner = owner_name(answer.get("Owner"))
            fresh = False
            for bucket in answer.get("Buckets") or ():
                name = str(bucket.get("Name", ""))
                if name in found:
                    faults.append(Fault(paths.segment(name), "skip", "DUPLICATE_ENTRY"))
                    continue
                found[name] = (name, microseconds(bucket.get("CreationDate")), owner)
                fresh = True
            if answer.get("ContinuationToken") and not fresh:
                faults.append(Fault("", "list", "PAGING_STUCK", "the list of buckets does not move on"))
                return list(found.values()), False, faults
        return list(found.values()), True, faults

    def _bucket_pages(self) -> Iterator[Any]:
        where = self._options.endpoint or "Amazon S3"
        token: dict[str, object] = {}
        while True:
            try:
                answer = self._client().get("list_buckets", where, **token)
            except SourceError as error:
                if error.code != "DENIED":
                    raise
                detail = f"{error.detail}; the account may not list its buckets, so name one: root = 's3://bucket'"
                raise SourceError("DENIED", detail, where=where) from None
            if "Buckets" not in answer:
                raise SourceError("IO_ERROR", "the answer is no list of buckets", where=where, transient=True)
            yield answer
            if not answer.get("ContinuationToken"):
                return
            token = {"ContinuationToken": answer["ContinuationToken"]}

    # Keys

    def _facts(self, bucket: str, path: str) -> Iterator[Event]:
        client = self._client()
        from connectors.s3.facts import ask_bucket  # noqa: PLC0415 - loads the driver

        return ask_bucket(client, bucket, path)

    def _list_objects(self, bucket: str, **parameters: object) -> Page:
        """One page. The encoding is always asked for, so that no key can break the answer's XML."""
        if self._options.owners:
            parameters["FetchOwner"] = True
        return self._client().page(bucket, **parameters)

    def _crawl_keys(self, unit: Unit, bucket: str, prefix: str) -> Iterator[Event]:
        run = _Run(last=paths.restore(unit.after), size=self._options.page_size)
        while True:
            try:
                page = self._list_objects(bucket, Prefix=prefix, MaxKeys=run.size, **run.place)
            except SourceError as error:
                if error.code == "IO_ERROR" and run.size > 1 and run.resumable:
                    # One key can spoil an answer for the parser: take fewer at a time up to the one that does.
                    run.size, run.token = run.size // 2, None
                    continue
                if run.moved and run.resumable and (error.transient or error.code == "AUTH_EXPIRED"):
                    yield _listing(unit, run.listed, complete=True)
                    yield Unit(unit.key, paths.canonical(run.last))
                    return
                yield from self._not_listed(unit, error, run.listed)
                return
            checked = check_page(page, run.last, run.token, run.first, run.order)
            yield from _recorded(unit, page, checked.keep, checked.repeated)
            run.advance(page, checked)
            if checked.stop or run.empty > EMPTY_PAGES:
                yield _listing(unit, run.listed, complete=False)
                last = paths.printable(paths.canonical(run.last))
                yield Fault(_place(unit), "list", checked.stop or "PAGING_STUCK", f"after the key {last!r}")
                return
            if page.token is None:
                yield _listing(unit, run.listed, complete=True)
                return
            if run.pages >= PAGES_PER_UNIT and run.moved and run.resumable:
                yield _listing(unit, run.listed, complete=True)
                yield Unit(unit.key, paths.canonical(run.last))
                return

    def _not_listed(self, unit: Unit, error: SourceError, listed: int) -> Iterator[Event]:
        """A bucket that will not be listed is a fault; what concerns the whole source or may pass is raised."""
        if error.transient or error.code in _UNIT_LEVEL:
            raise error
        code = "VANISHED" if error.code == "NOT_FOUND" else error.code
        yield _listing(unit, listed, complete=False)
        yield Fault(_place(unit), "list", code, error.detail)


class _Run:
    """How far a unit's run of pages has come."""

    def __init__(self, last: bytes, size: int) -> None:
        self.last = last
        self.size = size
        self.token: str | None = None
        self.first: bytes | None = None
        self.order = BYTES
        self.pages = 0
        self.listed = 0
        self.empty = 0
        self.moved = False

    @property
    def resumable(self) -> bool:
        """Whether a request can start after the last key; the client sends text only."""
        try:
            self.last.decode()
        except UnicodeDecodeError:
            return False
        return True

    @property
    def place(self) -> dict[str, object]:
        """Where the next page begins, as a request says it."""
        if self.token and not (self.moved and self.resumable and _UNFIT_FOR_XML.search(self.last)):
            return {"ContinuationToken": self.token}
        return {"StartAfter": self.last.decode()} if self.last else {}

    def advance(self, page: Page, checked: Checked) -> None:
        self.pages += 1
        self.listed += len(checked.keep) + len(checked.repeated)
        self.empty = 0 if checked.keep else self.empty + 1
        self.token = page.token
        self.first = page.keys[0] if page.keys else self.first
        self.order = checked.order
        if checked.keep:
            self.last, self.moved = page.keys[checked.keep[-1]], True


def _listing(unit: Unit, listed: int, *, complete: bool) -> Batch:
    """The ledger's row of one run of pages; a run that hands back its remainder has reached its own end."""
    return Batch(schema.LISTING, {"path": [_place(unit)], "listed": [listed], "complete": [complete]})


def _place(unit: Unit) -> str:
    """The folder that a unit's prefix lies in: what it lists."""
    return paths.split(unit.key)[0]


def _recorded(unit: Unit, page: Page, keep: Iterable[int], repeated: Iterable[int]) -> Iterator[Event]:
    """The entries of a page, and a fault for each key that came twice."""
    bucket = unit.key.partition("/")[0]
    rows = list(keep)
    parents, names = [], []
    for row in rows:
        parent, name = paths.split(f"{bucket}/{paths.canonical(page.keys[row])}")
        parents.append(parent)
        names.append(name)
    if rows:
        classes = [page.classes[r] for r in rows]
        yield Batch(
            schema.ENTRY,
            {
                "parent": parents,
                "name": names,
                "kind": ["object"] * len(rows),
                "size": [page.sizes[r] for r in rows],
                "modified": [page.modified[r] for r in rows],
                "owner": [page.owners[r] for r in rows],
                "tier": [TIERS.get(c) if c else None for c in classes],
                "storage_class": classes,
                "etag": [page.etags[r] for r in rows],
            },
        )
    for row in repeated:
        yield Fault(f"{bucket}/{paths.canonical(page.keys[row])}", "skip", "DUPLICATE_ENTRY")


def _bucket_and_key(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    try:
        return paths.restore_text(bucket), paths.restore_text(key)
    except UnicodeDecodeError:
        raise SourceError("NAME_UNDECODABLE", "S3 keys are asked for as text", where=path) from None
