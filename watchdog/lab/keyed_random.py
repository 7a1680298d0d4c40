"""Chance by number: the same world for everybody who looks at it, whenever and however often they look.

A generator that is asked in turn would give another world to whoever probes more often; here a number depends on the
seed and on the moment alone. Method: SplitMix64 (Steele, Lea, Flood 2014) as a hash of the moment.
"""

from hashlib import blake2b
from random import Random

_MASK = (1 << 64) - 1


class KeyedRandom:
    """Uniform numbers by key. `names` (a seed among them) tell one stream from another."""

    __slots__ = ("_start", "names")

    def __init__(self, *names: object) -> None:
        self.names = names
        self._start = _hash(names)

    def uniform(self, key: int) -> float:
        """Return a number in [0, 1) that belongs to this key."""
        mixed = (self._start + key * 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 31)) >> 11) * 2.0**-53

    def apart(self, *names: object) -> "KeyedRandom":
        """Return a stream of its own."""
        return KeyedRandom(*self.names, *names)

    def generator(self, *names: object) -> Random:
        """Return a generator for draws that are made once, in a fixed order."""
        return Random(_hash((*self.names, *names)))


def _hash(names: tuple[object, ...]) -> int:
    text = "/".join(str(name) for name in names)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
