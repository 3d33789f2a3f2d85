"""Parts of a service that need nothing but their arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.auth import Authenticator
from student_graph.gateway.documents.store import DocumentStore
from student_graph.gateway.execution import BreadthExecutor, executor_class
from student_graph.gateway.fetch.pipeline import FetchPipeline
from student_graph.gateway.server.workers.reports import Workers
from student_graph.gateway.web.admission import Admission
from student_graph.gateway.web.live.answers import LiveAnswers
from student_graph.gateway.web.live.documents import LiveDocuments
from student_graph.gateway.web.live.limits import LiveLimits
from student_graph.gateway.web.live.timer import Timer
from student_graph.gateway.web.routes.health import Readiness
from student_graph.gateway.web.routes.memory import BoundedCache, MemoryAccount, MemoryRoute, Report
from student_graph.gateway.web.routes.operators import Operators
from student_graph.gateway.web.routes.purge import PurgeRoutes
from student_graph.gateway.web.routes.settings_status import SettingsRoute
from student_graph.gateway.web.routes.workers import WorkersRoute
from student_graph.gateway.web.runner import OperationRunner

MEMORY = "memory"
"""Name under which workers report their memory to each other."""


def memory_account(
    pipeline: FetchPipeline,
    documents: DocumentStore,
    authenticator: Authenticator,
    for_assistants: Authenticator | None,
    *,
    executor: str,
) -> MemoryAccount:
    """
    The caches of a process, by name.

    `for_assistants` knows the tokens of assistants, if there are tools. `executor` is the name of what executes
    operations.
    """
    cache = pipeline.cache
    caches: dict[str, BoundedCache] = {
        "answers": cache.store,
        "responses": cache.responses,
        "reaches": pipeline.reach_cache,
        "tables": cache.tables,
        "tokens": authenticator.verifier,
        "documents": documents,
        "estimates": documents.costs,
    }
    if for_assistants is not None:
        caches["assistantTokens"] = for_assistants.verifier
    executes = executor_class(executor)
    if issubclass(executes, BreadthExecutor):
        caches["plans"] = executes.plans
        if executes.row_cache is not None:
            caches["rows"] = executes.row_cache
    return MemoryAccount(caches)


def operator_routes(
    operators: Operators,
    pipeline: FetchPipeline,
    readiness: Readiness,
    workers: Workers,
) -> list[BaseRoute]:
    """The routes for people who operate the gateway."""

    async def memory_of_workers() -> Iterable[Report]:
        return (await workers.collect(MEMORY)).values()

    return [
        *MemoryRoute(memory_of_workers, operators).routes(),
        *WorkersRoute(workers.overview, operators).routes(),
        *SettingsRoute(readiness.settings, operators).routes(),
        *PurgeRoutes(pipeline.districts, operators.authenticator, pipeline.cache.purge).routes(),
    ]


def live_documents(
    limits: LiveLimits,
    admission: Admission,
    runner: OperationRunner,
    pipeline: FetchPipeline,
    is_stopping: Callable[[], bool],
    *,
    timer: Timer | None = None,
) -> LiveDocuments:
    """
    The live documents of an application, which end when `is_stopping` is true; `timer` counts as the cache does.

    Raises:
        SettingsError: nothing is cached, so nobody would know what an answer rests on.
    """
    if not pipeline.cache.limits.memory:
        raise SettingsError("live.enabled: live documents need the cache, and cache.memory is 0")
    answers = LiveAnswers(runner, pipeline.start_operation, pipeline.cache, limits.answer_mib)
    timer = timer or Timer(pipeline.cache.clock)
    return LiveDocuments(admission, answers, limits, is_stopping, timer)


def with_cors(app: ASGIApp, origins: Collection[str]) -> ASGIApp:
    """Allow browsers to send requests from pages of these origins; unchanged if there are none."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=sorted(origins),
        allow_methods=["POST"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Cache-Control",
            "Student-Graph-Purpose",
            "Student-Graph-Break-Glass",
        ],
        expose_headers=["Retry-After"],
    )
