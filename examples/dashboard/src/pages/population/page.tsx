import { useMemo, useState } from "react";
import { useQuery } from "urql";

import { counted } from "../../format";
import { graphql } from "../../gql";
import type { StudentCondition } from "../../gql/graphql";
import { problemsOf } from "../../graph/problems";
import { Card, Empty, Waiting } from "../../ui/card";
import { ChoiceField } from "../../ui/fields/choice";
import { Notices } from "../../ui/notice";
import { Pages, useCursor } from "../../ui/pages";
import { type Scope, ScopeFields, useScope } from "../../ui/scope";
import { useTitle } from "../../ui/title";
import { type Chosen, conditionOf, firstAmount } from "./conditions";
import { ConditionRow } from "./condition-row";
import { Members } from "./members";

const PopulationDocument = graphql(`
  query PopulationPage($district: ID, $school: ID, $where: StudentCondition!, $after: String) {
    viewer {
      students(filter: { district: $district, school: $school, where: $where }, first: 25, after: $after) {
        totalCount
        undecided
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...Member
          }
        }
      }
    }
  }
`);

const AT_FIRST: readonly Chosen[] = [
  { key: 1, kind: "share", amount: firstAmount("share"), not: false },
  { key: 2, kind: "missing", amount: firstAmount("missing"), not: false },
];

const NOTHING: StudentCondition = { all: [] };

/** A group of students by conditions over several systems: built, asked for, and listed. */
export default function PopulationPage() {
  useTitle("Find a group");
  const [scope, setScope] = useScope();
  const [join, setJoin] = useState<"all" | "any">("all");
  const [conditions, setConditions] = useState(AT_FIRST);
  /** What was asked for; null before the first time. */
  const [asked, setAsked] = useState<(Scope & { where: StudentCondition }) | null>(null);
  const { after, pages, restart } = useCursor();
  const variables = useMemo(() => ({ ...(asked ?? { ...scope, where: NOTHING }), after }), [asked, scope, after]);
  const [result, execute] = useQuery({ query: PopulationDocument, variables, pause: !asked });
  const students = asked ? result.data?.viewer?.students : undefined;
  const rows = useMemo(() => (students?.edges ?? []).flatMap(({ node }) => node ?? []), [students]);

  const find = () => {
    restart();
    const parts = conditions.map(conditionOf);
    setAsked({ ...scope, where: join === "all" ? { all: parts } : { any: parts } });
  };
  const add = () => {
    const key = Math.max(0, ...conditions.map((condition) => condition.key)) + 1;
    setConditions([...conditions, { key, kind: "failing", amount: firstAmount("failing"), not: false }]);
  };
  return (
    <>
      <h1>Find a group</h1>
      <Card title="Conditions">
        <div className="filters">
          <ScopeFields scope={scope} onChange={setScope} />
          <ChoiceField
            label="A student meets"
            choices={[
              { id: "all", name: "all of these" },
              { id: "any", name: "any of these" },
            ]}
            value={join}
            onChange={setJoin}
          />
        </div>
        <ol className="conditions">
          {conditions.map((condition) => (
            <ConditionRow
              key={condition.key}
              condition={condition}
              onChange={(changed) =>
                setConditions(conditions.map((other) => (other.key === changed.key ? changed : other)))
              }
              onRemove={() => setConditions(conditions.filter(({ key }) => key !== condition.key))}
            />
          ))}
        </ol>
        <div className="filters">
          <button type="button" className="button" onClick={add}>
            Add a condition
          </button>
          <button
            type="button"
            className="button"
            data-kind="main"
            disabled={conditions.length === 0}
            onClick={find}
          >
            Find students
          </button>
        </div>
      </Card>
      {asked && (
        <Card title="Students">
          <Notices problems={problemsOf(result)} onRetry={() => execute({ requestPolicy: "network-only" })} />
          {result.fetching && <Waiting />}
          {students && (
            <div aria-busy={result.fetching}>
              <p role="status">
                {students.totalCount === null ? "Students" : counted(students.totalCount, "student")} found
                {!!students.undecided &&
                  `; ${counted(students.undecided, "more student")} could not be decided, because a system did not answer or does not know them`}
                .
              </p>
              {rows.length > 0 ? (
                <Members students={rows} />
              ) : (
                <Empty>{students.undecided ? "Nobody is known to meet" : "Nobody meets"} these conditions.</Empty>
              )}
              <Pages pages={pages} pageInfo={students.pageInfo} />
            </div>
          )}
          <details>
            <summary>For developers: the filter of this list</summary>
            <pre>{JSON.stringify(asked.where, null, 2)}</pre>
          </details>
        </Card>
      )}
    </>
  );
}
