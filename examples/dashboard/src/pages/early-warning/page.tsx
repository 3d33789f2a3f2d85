import { useMemo, useState } from "react";
import { useQuery } from "urql";

import { counted } from "../../format";
import { graphql } from "../../gql";
import type { GradeLevel, StudentCondition } from "../../gql/graphql";
import { problemsOf } from "../../graph/problems";
import { Card, Empty, Waiting } from "../../ui/card";
import { ChoiceField } from "../../ui/fields/choice";
import { Tick } from "../../ui/fields/tick";
import { GRADE_LEVELS } from "../../ui/grade-levels";
import { Notices } from "../../ui/notice";
import { Pages, useCursor } from "../../ui/pages";
import { ScopeFields, useScope } from "../../ui/scope";
import { useTitle } from "../../ui/title";
import { AbsenceChart } from "./absence-chart";
import { StudentsAtRisk } from "./students";

const EarlyWarningDocument = graphql(`
  query EarlyWarningPage(
    $district: ID
    $school: ID
    $gradeLevels: [GradeLevel!]
    $signals: [StudentCondition!]!
    $after: String
  ) {
    viewer {
      students(
        filter: { district: $district, school: $school, gradeLevels: $gradeLevels, where: { any: $signals } }
        orderBy: { metric: CHRONIC_ABSENCE }
        first: 25
        after: $after
      ) {
        totalCount
        undecided
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            ...StudentAtRisk
            ...DaysMissed
          }
        }
      }
    }
  }
`);

/** Signals that put a student on the list, by name. */
const SIGNALS = {
  "Chronically absent": { metric: { metric: "CHRONIC_ABSENCE", level: ["AT_RISK"] } },
  "Failing a course": { metric: { metric: "FAILING_COURSES", atLeast: 1 } },
  "Three or more missing works": { metric: { metric: "MISSING_WORK", atLeast: 3 } },
  "Suspended this year": { metric: { metric: "SUSPENSIONS", atLeast: 1 } },
} as const satisfies Record<string, StudentCondition>;
type Signal = keyof typeof SIGNALS;

const NAMES = Object.keys(SIGNALS) as Signal[];
const AT_FIRST: readonly Signal[] = ["Chronically absent", "Failing a course"];

/** Who is at risk, the most absent first, with the reasons. */
export default function EarlyWarningPage() {
  useTitle("Early warning");
  const [scope, setScope] = useScope();
  const [level, setLevel] = useState<GradeLevel | "">("");
  const [signals, setSignals] = useState(AT_FIRST);
  const { after, pages, restart } = useCursor();
  const variables = useMemo(
    () => ({
      ...scope,
      gradeLevels: level ? [level] : null,
      signals: signals.map((name) => SIGNALS[name] as StudentCondition),
      after,
    }),
    [scope, level, signals, after],
  );
  const [result, execute] = useQuery({ query: EarlyWarningDocument, variables, pause: signals.length === 0 });
  const students = signals.length > 0 ? result.data?.viewer?.students : undefined;
  const rows = useMemo(() => (students?.edges ?? []).flatMap(({ node }) => node ?? []), [students]);
  const change =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      set(value);
      restart();
    };
  const toggle = (name: Signal) => (chosen: boolean) => {
    setSignals(NAMES.filter((other) => (other === name ? chosen : signals.includes(other))));
    restart();
  };
  return (
    <>
      <h1>Early warning</h1>
      <div className="filters">
        <ScopeFields scope={scope} onChange={change(setScope)} />
        <ChoiceField
          label="Grade"
          choices={[{ id: "", name: "All grades" }, ...GRADE_LEVELS]}
          value={level}
          onChange={change(setLevel)}
        />
        <fieldset className="ticks">
          <legend>On the list if</legend>
          {NAMES.map((name) => (
            <Tick key={name} label={name} isSelected={signals.includes(name)} onChange={toggle(name)} />
          ))}
        </fieldset>
      </div>
      <Notices
        problems={signals.length > 0 ? problemsOf(result) : []}
        onRetry={() => execute({ requestPolicy: "network-only" })}
      />
      {signals.length === 0 && <Empty>Choose at least one signal.</Empty>}
      {result.fetching && <Waiting />}
      {students && (
        <div aria-busy={result.fetching}>
          <p className="quiet" role="status">
            {students.totalCount === null ? "Students" : counted(students.totalCount, "student")} on the list
            {!!students.undecided &&
              `; for ${counted(students.undecided, "more student")} a system did not say enough to decide`}
            .
          </p>
          {rows.length > 0 ? (
            <>
              <Card title="Days missed">
                <AbsenceChart students={rows} />
              </Card>
              <Card title="Students and reasons">
                <StudentsAtRisk students={rows} />
                <Pages pages={pages} pageInfo={students.pageInfo} />
              </Card>
            </>
          ) : (
            <Empty>{students.undecided ? "Nobody is known to meet" : "Nobody meets"} these signals.</Empty>
          )}
        </div>
      )}
    </>
  );
}
