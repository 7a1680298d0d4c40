"""Who asks: sessions, login, OpenID Connect, a trusted proxy, roles, CSRF."""
