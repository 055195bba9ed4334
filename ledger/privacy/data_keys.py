"""Data keys: one random key per data subject and retention class, wrapped by the key of an epoch, apart from events."""

import secrets as random
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from psycopg import Connection
from psycopg_pool import ConnectionPool

from ledger.kernel.statements import load
from ledger.privacy.secrets import KEY_BYTES, LedgerSecrets, SecretMissing

Owner = tuple[str, str]  # data subject, retention class
CACHED = 20_000


class DataKeys:
    """The data keys of one ledger; recently used ones are kept unwrapped in memory."""

    def __init__(self, pool: ConnectionPool[Connection], keys_schema: str, schema: str, secrets: LedgerSecrets) -> None:
        self._pool, self._secrets = pool, secrets
        self._schema = schema
        self._statements = load("ledger.privacy", "statements.sql").bind(keys=keys_schema, schema=schema)
        self._known: OrderedDict[Owner, AESGCMSIV] = OrderedDict()
        self._lock = Lock()
        self.restricted: frozenset[str] = frozenset()  # whose texts are opened and sealed no more
        self.closed: frozenset[Owner] = frozenset()  # the same of one class, until its keys are gone

    def known(self, owner: Owner) -> AESGCMSIV | None:
        """Return the key of an owner if it is in memory."""
        if self.is_shut(owner):
            return None
        with self._lock:
            key = self._known.get(owner)
            if key is not None:
                self._known.move_to_end(owner)
            return key

    def is_shut(self, owner: Owner) -> bool:
        """Tell whether nothing of the owner is opened or sealed."""
        return owner[0] in self.restricted or owner in self.closed

    def ensure(self, owners: Iterable[Owner]) -> None:
        """Have a key in memory for each of `owners`; who has none gets a random one, durable before it is used."""
        wanted = list(dict.fromkeys(owner for owner in owners if self.known(owner) is None))
        found = self.read(wanted)
        missing = [owner for owner in wanted if owner not in found]
        if missing:
            self._insert(missing)
            self.read(missing)

    def read(self, owners: Iterable[Owner]) -> dict[Owner, AESGCMSIV]:
        """Return the keys there are; those of destroyed epochs and of erased subjects are absent."""
        found: dict[Owner, AESGCMSIV] = {}
        asked = [owner for owner in owners if not self.is_shut(owner)]
        if not asked:
            return found
        with self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            columns = [list(column) for column in zip(*asked, strict=True)]
            rows = cursor.execute(self._statements["read_data_keys"].encode(), columns).fetchall()
        for subject, retention, epoch, wrapped in rows:
            key = self._unwrapped(epoch, wrapped)
            if key is not None:
                found[subject, retention] = key
        self._remember(found)
        return found

    def restrict(self, subjects: Iterable[str]) -> None:
        """Open and seal nothing of these subjects any more, and drop their keys from memory."""
        self.restricted |= frozenset(subjects)
        with self._lock:
            for owner in [owner for owner in self._known if owner[0] in self.restricted]:
                del self._known[owner]

    def close(self, owners: Iterable[Owner]) -> None:
        """Open and seal nothing of these owners, and drop their keys from memory, until they are opened again."""
        self.closed |= frozenset(owners)
        with self._lock:
            for owner in self.closed & self._known.keys():
                del self._known[owner]

    def reopen(self, owners: Iterable[Owner]) -> None:
        """Let fresh keys be made for these owners: those they had are gone."""
        self.closed -= frozenset(owners)

    def restrict_erased(self) -> None:
        """Restrict everybody whose tombstone stands in the database, and close each class that is being erased."""
        with self._pool.connection() as connection:
            rows = connection.execute(self._statements["read_tombstones"].encode()).fetchall()
            closed = connection.execute(self._statements["read_closed"].encode()).fetchall()
        self.restrict(subject for (subject,) in rows)
        self.close(closed)

    def destroy(self, owner: Owner) -> None:
        """Destroy the key of one owner: what is encrypted under it is unreadable from now on, in every copy."""
        with self._pool.connection() as connection:
            connection.execute(self._statements["delete_data_key"].encode(), owner)
        with self._lock:
            self._known.pop(owner, None)

    def _insert(self, owners: list[Owner]) -> None:
        subjects, retentions = ([owner[i] for owner in owners] for i in (0, 1))
        with self._pool.connection() as connection, connection.transaction():
            connection.execute(self._statements["share_subjects"].encode(), (self._schema,))
            epoch = self._secrets.epochs()[-1]  # another process may have begun one, and destroys none meanwhile
            wrapping = self._secrets.epoch_key(epoch)
            wrapped = [aes_key_wrap(wrapping, random.token_bytes(KEY_BYTES)) for _ in owners]
            statement = self._statements["insert_data_keys"].encode()
            connection.execute(statement, (subjects, retentions, [epoch] * len(owners), wrapped))

    def _unwrapped(self, epoch: int, wrapped: bytes) -> AESGCMSIV | None:
        try:
            return AESGCMSIV(aes_key_unwrap(self._secrets.epoch_key(epoch), bytes(wrapped)))
        except SecretMissing:
            return None

    def _remember(self, found: dict[Owner, AESGCMSIV]) -> None:
        with self._lock:
            self._known.update({owner: key for owner, key in found.items() if not self.is_shut(owner)})
            while len(self._known) > CACHED:
                self._known.popitem(last=False)
