"""Restricting: from its confirmation on, nothing of an erased subject is opened, recorded or kept in memory."""

from ledger.deciding import Decided
from ledger.domain.privacy.expiry import ClassErased, ClassExpired
from ledger.domain.privacy.records import ErasureConfirmed, SubjectErased
from ledger.domain.privacy.refusals import ErasureUnderWay
from ledger.kernel.event import Entry
from ledger.privacy.data_keys import DataKeys
from ledger.states import StateCache


def refuse_restricted(decided: Decided, keys: DataKeys) -> Decided:
    """Return what was decided. Raises ErasureUnderWay where it holds texts about somebody who is being erased."""
    if (keys.restricted or keys.closed) and any(map(keys.is_shut, decided.texts)):
        raise ErasureUnderWay()
    return decided


def restrict(entry: Entry, keys: DataKeys, cache: StateCache) -> None:
    """Follow an entry: let go of the keys, and of the states, which still hold texts that this process has sealed."""
    match entry.event:
        case ErasureConfirmed(subject=subject):
            keys.restrict([subject.key])
            cache.drop_all()
        case SubjectErased(ids=ids):
            keys.restrict(id.key for id in ids)
            cache.drop_all()
        case ClassExpired(ids=ids, of=of):
            keys.close((id.key, of.value) for id in ids)
            cache.drop_all()
        case ClassErased(ids=ids, of=of):
            keys.reopen((id.key, of.value) for id in ids)
