"""Who asks: a bearer token in, a viewer out."""

from gateway.auth.issuers import Issuer, SignIn
from gateway.auth.jwt import RefusedTokenError, Verifier
from gateway.auth.keys import Keys
from gateway.auth.viewers import Viewers

__all__ = ["Issuer", "Keys", "RefusedTokenError", "SignIn", "Verifier", "Viewers"]
