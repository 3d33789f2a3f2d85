"""Authentication: finds the viewer of a request by its bearer token."""

from student_graph.gateway.auth.authenticator import Authenticator
from student_graph.gateway.auth.issuers import Issuer, SignIn
from student_graph.gateway.auth.jwt import TokenVerifier
from student_graph.gateway.auth.keys import IssuerKeys
from student_graph.gateway.auth.refused_tokens import InvalidTokenError

__all__ = ["Authenticator", "InvalidTokenError", "Issuer", "IssuerKeys", "SignIn", "TokenVerifier"]
