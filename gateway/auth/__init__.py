"""Who asks: a bearer token in, a viewer out."""

from student_graph.gateway.auth.issuers import Issuer, SignIn
from student_graph.gateway.auth.jwt import RefusedTokenError, Verifier
from student_graph.gateway.auth.keys import Keys
from student_graph.gateway.auth.viewers import Viewers

__all__ = ["Issuer", "Keys", "RefusedTokenError", "SignIn", "Verifier", "Viewers"]
