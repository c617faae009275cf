"""The S3 connector: buckets and keys in, entries, settings, grants and faults out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from connectors.s3.answer import microseconds
from connectors.s3.listing import BYTES, FOLDERS, TIERS, Checked, Page, check_page, owner_name
from connectors.s3.options import BUCKET_NAME, S3Options, bucket_locator
from connectors.s3.ranges import cuts
from connectors.s3.records import ended, listing, place_of, recorded
from connectors.s3.refusal import UnreadableError
from connectors.s3.run import DIRECTORY_BUCKET, EMPTY_PAGES, Run
from scanner import paths, schema
from scanner.connector import Session, missing_driver
from scanner.model import Batch, Columns, Event, Fault, SourceError, Unit

if TYPE_CHECKING:
    from connectors.s3.account import AccountBlock
    from connectors.s3.client import Client

BUCKETS = 100_000
"""Buckets after which a list that still goes on is not believed; an account holds 10,000 unless Amazon raises it."""

VERSIONS = "\\versions"
"""Mark of the unit that counts versions. A lone backslash is in no canonical key, so it is no key to start after."""
SETTINGS = "\\settings"
"""Mark of the unit that asks a bucket about itself: some twenty requests, for which its keys need not wait."""

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
        self._block: AccountBlock | None = None
        self._names: frozenset[str] | None = None

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
        if unit.after == SETTINGS:
            yield from self._facts(bucket, bucket_text)
            return
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
        size = head.get("ContentLength")  # None where the server does not tell
        end = start + length if size is None else min(start + length, size)
        if start < 0 or end <= start:
            return b""
        return self._client().content(path, bucket, key, start, end)

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

    def _renewed(self) -> bool:
        """Whether logging in anew brought other credentials than those that have run out: a role's, or a file's."""
        from connectors.s3.login import forget_login  # noqa: PLC0415 - loads the driver

        before = self._client().identity
        self.close()
        forget_login(self._options)
        try:
            return self._client().identity != before
        except SourceError:
            return False

    def _account_block(self) -> AccountBlock:
        if self._block is None:
            from connectors.s3.account import account_block  # noqa: PLC0415 - loads the driver

            self._block = account_block(self._client(), self._options)
        return self._block

    def _head_of(self, path: str, bucket: str, key: str) -> Any:
        if self._head is None or self._head[0] != path:
            self._head = (path, self._client().get_objects("head_object", path, Bucket=bucket, Key=key))
        return self._head[1]

    # Buckets

    def _crawl_buckets(self) -> Iterator[Event]:
        names = ("parent", "name", "kind", "created", "owner")
        entries = Columns(schema.ENTRY, names)
        found = _Buckets({self._options.bucket: {}})
        if self._options.bucket:
            self._look_up(self._options.bucket)
            others = self._other_buckets()
        else:
            found = others = self._found_buckets()
        faults, units = list(found.faults), list[Unit]()
        for bucket, told in found.told.items():
            name = paths.segment(bucket)
            entries.add("", name, "bucket", microseconds(told.get("CreationDate")), told.get("Owner"))
            if BUCKET_NAME.match(bucket):
                units += self._units_of(name)
            else:  # an ARN, say, would lead the client to another host
                faults.append(Fault(f"{name}/", "list", "OTHER", "this is no name of a bucket, so it is not asked for"))
        if len(entries):
            yield entries.take()
        listed = len(found.told) + sum(f.op == "skip" for f in faults)
        yield Batch(schema.LISTING, {"path": [""], "listed": [listed], "complete": [found.complete]})
        yield from self._about_source(others)
        yield from faults
        yield from units

    def _units_of(self, name: str) -> Iterator[Unit]:
        """A bucket's keys, and what it says of itself: two connections may ask at once."""
        key = f"{name}/{paths.canonical_text(self._options.prefix)}"
        yield Unit(key)
        if self._options.settings:
            yield Unit(key, SETTINGS)

    def _about_source(self, others: _Buckets | None) -> Iterator[Event]:
        """Settings of the source, and the account's buckets that are not looked into; None where it would not say."""
        from connectors.s3.account import UNASKED, seen_bucket, source_settings  # noqa: PLC0415 - loads the driver

        block = self._account_block() if self._options.settings else UNASKED
        told = dict(source_settings(self._client(), self._options, block))
        told["buckets"] = None if others is None or not others.complete else str(len(others.told))
        values = list(told.values())
        yield Batch(schema.SETTING, {"path": [""] * len(told), "name": list(told), "value": values})
        if block.refused:
            yield Fault("", "note", "QUERY_FAILED", f"public access block of the account: {block.refused}")
        seen = Columns(schema.SEEN, ("name", "kind", "locator", "reason", "detail"))
        for bucket, facts in (others.told if others is not None and self._options.bucket else {}).items():
            if bucket != self._options.bucket:
                locator = bucket_locator(bucket, self._options)
                seen.add(paths.segment(bucket), "bucket", locator, "not_configured", seen_bucket(facts))
        if len(seen):
            yield seen.take()

    def _other_buckets(self) -> _Buckets | None:
        """All buckets of the account; None where it would not list them, which takes nothing from this one."""
        if self._options.anonymous:
            return None
        try:
            return self._found_buckets()
        except SourceError:
            return None

    def _other(self, bucket: str) -> str | None:
        """Locator of a bucket that some setting names; None of one that this scan looks into, or has told as seen."""
        if bucket == self._options.bucket:
            return None
        if self._names is None:
            others = self._other_buckets()
            self._names = frozenset(others.told) if others is not None else frozenset()
        return None if bucket in self._names else bucket_locator(bucket, self._options)

    def _look_up(self, bucket: str) -> None:
        """Find out that the one bucket is there, and its region; an account may be allowed its keys but not this."""
        try:
            self._client().get("head_bucket", bucket, Bucket=bucket)
        except SourceError as error:
            if error.code not in ("DENIED", "OTHER"):
                raise

    def _found_buckets(self) -> _Buckets:
        found = _Buckets({})
        for answer in self._bucket_pages():
            owner = owner_name(answer.get("Owner"))
            fresh = False
            for bucket in answer.get("Buckets") or ():
                name = str(bucket.get("Name") or "")
                if not name:
                    raise SourceError("IO_ERROR", "the server lists a bucket without a name", transient=True)
                if name in found.told:
                    found.faults.append(Fault(paths.segment(name), "skip", "DUPLICATE_ENTRY"))
                    continue
                found.told[name] = {**bucket, "Owner": owner}
                fresh = True
            if answer.get("ContinuationToken") and (not fresh or len(found.told) >= BUCKETS):
                found.faults.append(Fault("", "list", "PAGING_STUCK", "the list of buckets does not move on"))
                found.complete = False
                break
        self._names = frozenset(found.told)
        return found

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
        """What a bucket says of itself; a fault where it says nothing at all, raised where that may pass."""
        client = self._client()
        from connectors.s3.facts import ask_bucket  # noqa: PLC0415 - loads the driver

        try:
            yield from list(ask_bucket(client, bucket, path, self._account_block().flags, self._other))
        except SourceError as error:
            if error.transient or error.code in _UNIT_LEVEL:
                raise
            code = "VANISHED" if error.code == "NOT_FOUND" else error.code
            yield Fault(path, "query", code, error.detail)

    def _list_objects(self, bucket: str, **parameters: object) -> Page:
        """One page. The encoding is always asked for, so that no key can break the answer's XML."""
        if self._options.owners:
            parameters["FetchOwner"] = True
        return self._client().page(bucket, **parameters)

    def _crawl_keys(self, unit: Unit, bucket: str, prefix: str) -> Iterator[Event]:
        run = Run(unit.after, self._options.page_size)
        renewed = False
        while True:
            try:
                page = self._list_objects(bucket, Prefix=prefix, MaxKeys=run.size, **run.place)
                checked = self._checked(run, page, bucket)
            except SourceError as error:
                if isinstance(error, UnreadableError) and run.size > 1 and run.resumable:
                    # One key can spoil an answer for the parser: take fewer at a time up to the one that does.
                    run.fewer()
                    continue
                if error.code == "AUTH_EXPIRED" and not renewed and run.resumable and self._renewed():
                    renewed, run.token = True, None  # a token may be bound to who was given it
                    continue
                if run.moved and run.resumable and (error.transient or error.code == "AUTH_EXPIRED"):
                    yield listing(unit, run.listed, complete=True)
                    yield Unit(unit.key, run.rest)
                    return
                yield from self._not_listed(unit, error, run.listed)
                return
            if prefix and not all(key.startswith(prefix.encode()) for key in page.keys):
                strange = SourceError("OTHER", "the server lists keys outside of the prefix that was asked for")
                yield from self._not_listed(unit, strange, run.listed)
                return
            yield from recorded(unit, page, checked.keep, checked.repeated)
            run.advance(page, checked)
            stop = checked.stop or ("PAGING_STUCK" if run.empty > EMPTY_PAGES else "")
            last = checked.last or page.token is None
            pieces = self._pieces(run, page, bucket, prefix) if run.long and not stop and not last else []
            if pieces:
                yield listing(unit, run.listed, complete=True)
                yield from (Unit(unit.key, after) for after in pieces)
                return
            if stop or last or run.full:
                yield from ended(unit, run, stop, last=last)
                return

    def _checked(self, run: Run, page: Page, bucket: str) -> Checked:
        """What of a page is in order, and before the end of a piece."""
        checked = check_page(page, run.last, run.token, run.first, run.order)
        inside, unsure = run.inside(page.keys, checked)
        if unsure is not None:
            order = self._order_at(unsure, run, bucket)
            inside, _ = run.inside(page.keys, replace(checked, order=order))
        return inside

    def _order_at(self, key: bytes, run: Run, bucket: str) -> str:
        """The order that a server lists in, of whom a key after the end of a piece in one order only shows nothing."""
        try:
            text, until = key.decode(), (run.until or b"").decode()
        except UnicodeDecodeError:
            return BYTES
        after = self._list_objects(bucket, Prefix=text, StartAfter=until, MaxKeys=1)
        if bool(after.keys) == (key > until.encode()):
            return BYTES
        gone = not after.keys and not self._list_objects(bucket, Prefix=text, MaxKeys=1).keys
        return BYTES if gone else FOLDERS

    def _pieces(self, run: Run, page: Page, bucket: str, prefix: str) -> list[str]:
        """The units that what is left of a run is cut into; none where it is to go on as it is.

        Directory buckets have no order, so they cannot be cut.
        """
        if bucket.endswith(DIRECTORY_BUCKET):
            return []
        until = run.until.decode() if run.until is not None else None
        try:
            found = cuts(partial(self._list_objects, bucket), prefix, run.last.decode(), until, page.keys)
        except SourceError as error:
            return [run.rest] if error.transient else []
        return run.pieces(found) if found else []

    def _not_listed(self, unit: Unit, error: SourceError, listed: int) -> Iterator[Event]:
        """A bucket that will not be listed is a fault; what concerns the whole source or may pass is raised."""
        if error.transient or error.code in _UNIT_LEVEL:
            raise error
        code = "VANISHED" if error.code == "NOT_FOUND" else error.code
        yield listing(unit, listed, complete=False)
        yield Fault(place_of(unit), "list", code, error.detail)


@dataclass(slots=True)
class _Buckets:
    """The buckets of an account by name, with what the list says of each."""

    told: dict[str, dict[str, Any]]
    complete: bool = True
    faults: list[Fault] = field(default_factory=list)


def _bucket_and_key(path: str) -> tuple[str, str]:
    bucket, _, key = path.partition("/")
    try:
        return paths.restore(bucket).decode(), paths.restore(key).decode()
    except UnicodeDecodeError:
        raise SourceError("NAME_UNDECODABLE", "S3 keys are asked for as text", where=path) from None
