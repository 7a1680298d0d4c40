"""Authentication: sessions, login, OpenID Connect, a trusted proxy, roles, CSRF."""
