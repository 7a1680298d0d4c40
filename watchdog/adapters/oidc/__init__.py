"""OpenID Connect: somebody else proves who people are. Its library is that of the extra console.

discovery.py  where the provider says its doors are
tokens.py     what an ID token proves
provider.py   the two questions that are asked of it
"""
