"""Real servers on loopback for tests and the demo: each a context manager that leaves nothing behind.

A server that cannot run raises ``ServerUnavailable``, which names what to install.
"""

from scanner.testing.servers.base import HOST, PASSWORD, UNPRIVILEGED, Server, ServerUnavailable, free_port
from scanner.testing.servers.databases import Database, MariaDB, PostgreSQL, mariadb, postgresql
from scanner.testing.servers.fuse import Fuse, fuse
from scanner.testing.servers.proxy import Conditions, Counts, TcpProxy, tcp_proxy
from scanner.testing.servers.s3 import S3Server, s3_server, seaweedfs
from scanner.testing.servers.samba import Samba, samba
from scanner.testing.servers.sshd import Sshd, sshd

__all__ = [
    "HOST",
    "PASSWORD",
    "UNPRIVILEGED",
    "Conditions",
    "Counts",
    "Database",
    "Fuse",
    "MariaDB",
    "PostgreSQL",
    "S3Server",
    "Samba",
    "Server",
    "ServerUnavailable",
    "Sshd",
    "TcpProxy",
    "free_port",
    "fuse",
    "mariadb",
    "postgresql",
    "s3_server",
    "samba",
    "seaweedfs",
    "sshd",
    "tcp_proxy",
]
