"""A vendor's API on loopback, as the adapters' tests use it."""

from tests.adapters.conftest import vendor

__all__ = ["vendor"]
