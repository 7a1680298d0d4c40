"""Random numbers by key: every decider meets the same world, however often and in whatever order it probes.

A sequential generator would give a different world to a decider that probes more often. Here a number depends on the
seed and the key (mostly a moment) alone. Method: SplitMix64 (Steele, Lea, Flood 2014) as a hash of the key.
"""

from hashlib import blake2b
from random import Random

_MASK = (1 << 64) - 1


class KeyedRandom:
    """A stream of uniform numbers by key. `names`, a seed among them, identify the stream."""

    __slots__ = ("_start", "names")

    def __init__(self, *names: object) -> None:
        self.names = names
        self._start = _hash(names)

    def uniform(self, key: int) -> float:
        """Return the number in [0, 1) that belongs to this key."""
        # SplitMix64: the golden-ratio increment, two xor-multiply rounds, then the upper 53 bits as a float's mantissa.
        mixed = (self._start + key * 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53

    def apart(self, *names: object) -> "KeyedRandom":
        """Return an independent stream for further names."""
        return KeyedRandom(*self.names, *names)

    def generator(self, *names: object) -> Random:
        """Return a sequential generator, for draws that are made once and in a fixed order."""
        return Random(_hash((*self.names, *names)))


def _hash(names: tuple[object, ...]) -> int:
    text = "/".join(str(name) for name in names)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
