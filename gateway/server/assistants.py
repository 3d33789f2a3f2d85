"""The tools of assistants, connected to the service that answers them."""

from __future__ import annotations

from graphql import GraphQLSchema
from starlette.routing import BaseRoute

from student_graph.gateway.auth import Authenticator
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.server.service_settings import ServiceSettings
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.assistants.endpoint import (
    AssistantEndpoint,
    AssistantRoutes,
    issuers_for_assistants,
    load_protocol,
)
from student_graph.gateway.web.assistants.tools import build_tools
from student_graph.gateway.web.graphql import GraphQLView
from student_graph.gateway.web.load_shedding import LoadShedder
from student_graph.resolvers.cohorts.restricted import restricted_inputs


def assistant_authenticator(service: ServiceSettings) -> Authenticator | None:
    """Return the authenticator for tokens of assistants; None if the service offers no tools."""
    settings = service.assistants
    return None if settings is None else Authenticator({}, issuers_for_assistants(service.issuers, settings))


def assistant_routes(
    service: ServiceSettings,
    authenticator: Authenticator | None,
    schema: GraphQLSchema,
    documents: DocumentStore,
    *,
    view: GraphQLView,
    load_shedder: LoadShedder,
) -> list[BaseRoute]:
    """
    The routes of the tools, which ask `view`; none if the service offers no tools.

    Raises:
        SettingsError: a document cannot be a tool, or the package for assistants is not installed.
    """
    settings = service.assistants
    if settings is None or authenticator is None:
        return []
    tools = build_tools(schema, service.trusted_documents, documents, settings, restricted_inputs())
    endpoint = AssistantEndpoint(
        settings,
        tools,
        load_protocol(settings, tools),
        admission=Admission(authenticator, load_shedder=load_shedder),
        answer_admitted=view.answer_admitted,
    )
    return AssistantRoutes(settings, issuers_for_assistants(service.issuers, settings), endpoint).routes()
