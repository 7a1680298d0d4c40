"""A vendor's API on loopback and the sandbox, as the adapters' tests use them."""

from tests.adapters.conftest import sandbox, vendor

__all__ = ["sandbox", "vendor"]
