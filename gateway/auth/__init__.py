"""Authentication: finds the viewer of a request by its bearer token."""

from student_graph.gateway.auth.authenticator import Authenticator
from student_graph.gateway.auth.issuers import Issuer, SignIn
from student_graph.gateway.auth.jwt import InvalidTokenError, TokenVerifier
from student_graph.gateway.auth.keys import IssuerKeys

__all__ = ["Authenticator", "InvalidTokenError", "Issuer", "IssuerKeys", "SignIn", "TokenVerifier"]
