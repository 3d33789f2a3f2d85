"""A small schema, and the answer of an executor to a document of it."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from graphql import GraphQLError, build_schema, execute, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from tests.gateway.execution.differential import Fast, Slow

EXECUTORS = {"fast": Fast, "slow": Slow, "stock": StrawberryGraphQLCoreExecutionContext}
SCHEMA = build_schema(
    """
    interface Named { name: String! }
    type Pupil implements Named {
      name: String!  age: Int  friends: [Pupil!]  tutor: Tutor!  maybe: Tutor  nick: String
    }
    type Tutor implements Named { name: String!  subject: Subject }
    union Person = Pupil | Tutor
    enum Subject { MATH ART }
    input Range { low: Int = 1  high: Int! }
    type Query {
      pupil: Pupil  strict: Pupil!  pupils: [Pupil]  strictPupils: [Pupil!]!  listOfLists: [[Int!]]
      person: Person  named: Named  people: [Person]
      echo(text: String = "none", number: Int, ids: [ID!], range: Range, subject: Subject): String
      number: Int  ratio: Float  flag: Boolean  id: ID  subject: Subject
      text: String  strictText: String!  late: String
    }
    type Mutation { add(by: Int!): Total  fail: Total  strictFail: Total! }
    type Total { sum: Int  later: Int }
    """
)


async def run(way: str, text: str, root: Any = None, **options: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """Data, and each error's message and path."""
    told: Any = execute(SCHEMA, parse(text), root, executor_class=EXECUTORS[way], **options)
    told = await told if isawaitable(told) else told
    return told.data, [(error.message, error.path) for error in told.errors or ()]


def pupil(name: Any = "Ada", **more: Any) -> dict[str, Any]:
    """A fictional pupil."""
    return {"__typename": "Pupil", "name": name, **more}


def fails(message: str) -> Any:
    """A resolver that raises."""

    def resolve(*_: Any, **__: Any) -> Any:
        raise GraphQLError(message)

    return resolve
