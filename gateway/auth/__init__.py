"""Who asks: a bearer token in, a viewer out."""

from student_graph.gateway.auth.issuers import Issuer, SignIn
from student_graph.gateway.auth.jwt import InvalidTokenError, TokenVerifier
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.auth.authenticator import Authenticator

__all__ = ["Issuer", "Keys", "InvalidTokenError", "SignIn", "Verifier", "Viewers"]
