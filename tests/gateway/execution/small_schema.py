"""A small schema, and the responses of executors to documents of it."""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from graphql import GraphQLError, build_schema, execute, parse

from student_graph.gateway.execution import StockExecutor
from tests.gateway.execution.differential import Fast, Slow

EXECUTORS = {"fast": Fast, "slow": Slow, "stock": StockExecutor}
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


async def run(executor: str, text: str, root: Any = None, **options: Any) -> tuple[Any, list[tuple[str, Any]]]:
    """Execute a document; return the data, and message and path of each error."""
    result: Any = execute(SCHEMA, parse(text), root, executor_class=EXECUTORS[executor], **options)
    result = await result if isawaitable(result) else result
    return result.data, [(error.message, error.path) for error in result.errors or ()]


def pupil(name: Any = "Ada", **attributes: Any) -> dict[str, Any]:
    """Return a fictional pupil."""
    return {"__typename": "Pupil", "name": name, **attributes}


def fails(message: str) -> Any:
    """Return a resolver that raises an error."""

    def resolve(*_: Any, **__: Any) -> Any:
        raise GraphQLError(message)

    return resolve
