"""What a host answers over its named pipes: its shares, their access lists, its version, names of SIDs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from connectors.smb import lsarpc, rpc, sids, srvsvc, wire
from scanner.model import SourceError

if TYPE_CHECKING:
    from connectors.smb.handle import Handle
    from connectors.smb.link import Link

_PIPES = "IPC$"
_MOST_NAMES = 50_000
"""SIDs looked up through one connection: more are no principals of an organisation."""
_REFUSALS = frozenset({"QUERY_FAILED", "DENIED"})
_PATIENCE_S = 300.0
"""Seconds spent on names through one connection: a host that asks a far domain for each may take seconds for one."""


class Services:
    """The services of one host, through one connection.

    Every method raises SourceError: QUERY_FAILED or DENIED where the service will not answer.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._names: dict[str, sids.Principal] = {}
        self._authority: tuple[Handle, bytes] | None = None
        self._spent_s = 0.0

    # ── shares ──

    def shares(self) -> list[srvsvc.Share]:
        """Every share the host lists."""
        with self._asking(), self._open(srvsvc.SERVICE) as pipe:
            return srvsvc.shares(_call(pipe, srvsvc.SHARE_ENUM, srvsvc.all_shares(self._link.host)))

    def server(self) -> srvsvc.Server:
        """What the host says of itself."""
        with self._asking(), self._open(srvsvc.SERVICE) as pipe:
            return srvsvc.server(_call(pipe, srvsvc.SERVER_GET_INFO, srvsvc.server_info(self._link.host)))

    def guarded(self, share: str) -> srvsvc.Guarded:
        """A share's place on the host and its access list; often for administrators only."""
        with self._asking(), self._open(srvsvc.SERVICE) as pipe:
            return srvsvc.guarded(_call(pipe, srvsvc.SHARE_GET_INFO, srvsvc.share_acl(self._link.host, share)))

    # ── names ──

    def principals(self, asked: Iterable[str]) -> dict[str, sids.Principal]:
        """Who the SIDs are: from the table of those every host knows, from this host, or the SID itself."""
        wanted = sorted(set(asked) - set(self._names))
        unknown = []
        for sid in wanted:
            fixed = sids.well_known(sid)
            if fixed is None:
                unknown.append(sid)
            else:
                self._names[sid] = fixed
        for portion in lsarpc.portions(unknown):
            found = self._looked_up(portion)
            self._names.update({sid: found.get(sid) or sids.nobody(sid) for sid in portion})
        return self._names

    def known(self, sid: str) -> sids.Principal:
        """Who a SID is, as far as that is known without asking."""
        return self._names.get(sid) or sids.well_known(sid) or sids.untold(sid)

    def _looked_up(self, portion: list[str]) -> dict[str, sids.Principal]:
        """The names in a portion; where the server refuses it, of its halves: one SID it takes for none spoils all."""
        if self._spent_s > _PATIENCE_S or len(self._names) > _MOST_NAMES:
            raise SourceError("QUERY_FAILED", f"no more are asked for after {self._spent_s:.0f} s")
        begun = time.monotonic()
        try:
            with self._asking():
                pipe, policy = self._authority or self._authorised()
                return lsarpc.names(_call(pipe, lsarpc.LOOKUP_SIDS, lsarpc.lookup(policy, portion)), portion)
        except SourceError as error:
            if not self.is_authorised or error.code not in _REFUSALS:
                raise
        finally:
            self._spent_s += time.monotonic() - begun
        if len(portion) == 1:
            return {portion[0]: sids.untold(portion[0])}
        half = len(portion) // 2
        return self._looked_up(portion[:half]) | self._looked_up(portion[half:])

    @property
    def is_authorised(self) -> bool:
        """Whether the host has agreed to name SIDs at all."""
        return self._authority is not None

    def authorise(self) -> None:
        """Make sure that names can be asked for."""
        with self._asking():
            if self._authority is None:
                self._authorised()

    def _authorised(self) -> tuple[Handle, bytes]:
        """A conversation with the security authority, kept for as long as the connection; logging off ends it."""
        pipe = self._begin(lsarpc.SERVICE)
        self._authority = pipe, lsarpc.policy(_call(pipe, lsarpc.OPEN_POLICY, lsarpc.open_policy()))
        return self._authority

    # ── pipes ──

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (rpc.RpcError, ValueError) as error:
            code = error.code if isinstance(error, srvsvc.Refused) else "QUERY_FAILED"
            raise SourceError(code, str(error), where=f"\\\\{self._link.host}") from None

    def _begin(self, service: rpc.Service) -> Handle:
        pipe = self._link.open(_PIPES, service.pipe, wire.PIPE, wire.NOT_DIRECTORY)
        rpc.bound(service, pipe.call(rpc.bind(service)))
        return pipe

    @contextlib.contextmanager
    def _open(self, service: rpc.Service) -> Iterator[Handle]:
        with self._begin(service) as pipe:
            yield pipe


def _call(pipe: Handle, number: int, stub: bytes) -> bytes:
    return rpc.answered(pipe.call(rpc.request(number, stub)))
