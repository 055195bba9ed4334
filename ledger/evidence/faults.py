"""Faults that checking evidence can meet, each with a stable code and a sentence in Chinese and in English."""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a verifier's process ends with."""

    OK = 0
    FOUND_FALSE = 1
    UNUSABLE = 2
    NOT_YET_PROVABLE = 3
    POLICY_NOT_MET = 4


class EvidenceError(Exception):
    """A check that did not pass. Verifiers raise; they never return false."""

    code: ClassVar[str] = "evidence"
    exit_code: ClassVar[ExitCode] = ExitCode.FOUND_FALSE

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en

    def text(self, language: str) -> str:
        """The sentence in `language`: anything that begins with "zh" is Chinese, all else English."""
        return self.zh if language.lower().startswith("zh") else self.en


class ProofFalse(EvidenceError):
    """An inclusion or consistency proof does not lead to the root it was given for."""

    code = "proof_false"


class SignatureFalse(EvidenceError):
    """A known key's signature is wrong, or no known key signed."""

    code = "signature_false"


class CommitmentFalse(EvidenceError):
    """Disclosed content is not what the event committed to."""

    code = "commitment_false"


class AttestationFalse(EvidenceError):
    """The root was not attested by the writer."""

    code = "attestation_false"


class RootFalse(EvidenceError):
    """Stored bytes do not give the root that was claimed for them."""

    code = "root_false"


class Inconsistent(EvidenceError):
    """A tree head contradicts one that was signed before."""

    code = "inconsistent"


class StampFalse(EvidenceError):
    """A time stamp is of something else, or was not granted."""

    code = "stamp_false"


class SuccessionFalse(EvidenceError):
    """The hand-over from one signing key to the next contradicts itself or what was signed."""

    code = "succession_false"


class LogFalse(EvidenceError):
    """Something in a log is false: the first position that fails, and the kind of harm.

    Kinds: changed, dropped, added, swapped; column_changed, tile_changed; version_gap, time_backwards; rewritten and
    forked, where only a root differs and `position` begins the range that the harm lies in; sealed_changed,
    sealed_missing, sealed_added, key_missing and key_changed of sealed parts; answer_changed of what is repeated.
    """

    def __init__(self, kind: str, position: int | None, *, zh: str, en: str) -> None:
        super().__init__(zh=zh, en=en)
        self.kind, self.position = kind, position


class Unusable(EvidenceError):
    """The input cannot be read as what it should be, so nothing could be checked."""

    code = "unusable"
    exit_code = ExitCode.UNUSABLE


class Malformed(Unusable):
    """Bytes or text that break their format."""

    code = "malformed"


class SignerStateLost(Unusable):
    """The signer's own state is missing or damaged; signing on would risk two truths."""

    code = "signer_state_lost"


class NotYetProvable(EvidenceError):
    """True as far as can be seen, but what was asked for cannot be decided with what is there: more is needed."""

    code = "not_yet_provable"
    exit_code = ExitCode.NOT_YET_PROVABLE


class OtherRendering(NotYetProvable):
    """The pages for people were made by another version of the program, and could not be made again to compare."""

    code = "other_rendering"


class NotComplete(NotYetProvable):
    """All that is there is true; that nothing is missing was asked for and is not shown."""

    code = "not_complete"


class PolicyNotMet(EvidenceError):
    """Too few of the parties that the policy names have signed."""

    code = "policy_not_met"
    exit_code = ExitCode.POLICY_NOT_MET
