"""OpenID Connect: a provider proves a user's identity. Its library is that of the extra console.

discovery.py  the provider's endpoints
tokens.py     the checks of an ID token
provider.py   the two requests: where to sign in, and who signed in
"""
