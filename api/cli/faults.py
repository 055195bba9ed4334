"""What can be expected to fail when files and database are opened directly, as one sentence to act on."""


def sentence_of(error: Exception) -> str | None:
    """Return the sentence for an error that a user can do something about, None for one that is a fault of ours."""
    import psycopg

    from api.settings import WeakConfiguration
    from ledger.evidence.faults import EvidenceError
    from ledger.privacy.secrets import SecretMissing
    from ledger.store.embedded import EmbeddedUnavailable
    from ledger.store.ledgers import LedgerExists, RoleMissing, UnknownLedger

    match error:
        case WeakConfiguration() | EmbeddedUnavailable() | RoleMissing():
            return str(error)
        case EvidenceError():
            return error.text("en")
        case SecretMissing():
            return f"A key that belongs to this ledger is missing: {error}. Put it back from a backup of the keys."
        case UnknownLedger():
            return f"There is no ledger {error} here; `pledger ledgers list` names those there are."
        case LedgerExists():
            return f"There is a ledger {error} already."
        case psycopg.OperationalError():
            return f"The database does not answer: {str(error).strip().splitlines()[0]}"
    return None
