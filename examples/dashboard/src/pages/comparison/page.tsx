import { useMemo, useState } from "react";
import { useQuery } from "urql";

import { graphql } from "../../gql";
import { type Problem, problemsOf } from "../../graph/problems";
import { useViewer } from "../../session/viewer";
import { Card, Waiting } from "../../ui/card";
import { ChoiceField } from "../../ui/fields/choice";
import { Notices } from "../../ui/notice";
import { useTitle } from "../../ui/title";
import { type ComparedDimension, type ComparedMetric, DIMENSIONS, METRICS } from "./metrics";
import { ComparedGroups } from "./groups";

const ComparisonDocument = graphql(`
  query ComparisonPage($metric: Metric!, $by: [Dimension!], $wholeDistrict: Boolean!) {
    districts @include(if: $wholeDistrict) {
      id
      name
      metrics(metric: $metric, by: $by) {
        ...ComparedGroups
      }
    }
    viewer @skip(if: $wholeDistrict) {
      schools {
        id
        name
        metrics(metric: $metric, by: $by) {
          ...ComparedGroups
        }
      }
    }
  }
`);

function choicesOf<Key extends string>(names: Readonly<Record<Key, string>>) {
  return (Object.entries(names) as [Key, string][]).map(([id, name]) => ({ id, name }));
}

const METRIC_CHOICES = (Object.entries(METRICS) as [ComparedMetric, { name: string }][]).map(([id, { name }]) => ({
  id,
  name,
}));

/** Which district or school a problem is about, by its place in the list; undefined if it is about all. */
function placeOf({ path }: Problem): number | undefined {
  return path.find((step) => typeof step === "number");
}

/** A metric by school or another grouping. Cells about few students are hidden, and say so. */
export default function ComparisonPage() {
  useTitle("Comparison");
  const { role, schools } = useViewer();
  const wholeDistrict = role === "SUPERINTENDENT" || role === "SERVICE";
  const dimensions = choicesOf(DIMENSIONS).filter(({ id }) => wholeDistrict || id !== "SCHOOL");
  const [metric, setMetric] = useState<ComparedMetric>("CHRONIC_ABSENCE");
  const [dimension, setDimension] = useState<ComparedDimension>(wholeDistrict ? "SCHOOL" : "GRADE_LEVEL");
  const variables = useMemo(() => ({ metric, by: [dimension], wholeDistrict }), [metric, dimension, wholeDistrict]);
  const [result, execute] = useQuery({ query: ComparisonDocument, variables });
  const retry = () => execute({ requestPolicy: "network-only" });
  const schoolNames = useMemo(() => new Map((schools ?? []).map(({ schoolId, name }) => [schoolId, name])), [schools]);
  const problems = problemsOf({ error: result.error });
  const tables = result.data?.districts ?? result.data?.viewer?.schools ?? [];
  return (
    <>
      <h1>Comparison</h1>
      <div className="filters">
        <ChoiceField label="Compare" choices={METRIC_CHOICES} value={metric} onChange={setMetric} />
        <ChoiceField label="By" choices={dimensions} value={dimension} onChange={setDimension} />
      </div>
      <Notices problems={problems.filter((problem) => placeOf(problem) === undefined)} onRetry={retry} />
      {result.fetching && <Waiting />}
      <div aria-busy={result.fetching}>
        {/* Beside each table is why it is missing, or what it lacks with the number of students. */}
        {tables.map(({ id, name, metrics }, index) => (
          <Card
            key={id}
            title={name}
            problems={problems.filter((problem) => placeOf(problem) === index)}
            onRetry={retry}
          >
            {metrics && (
              <ComparedGroups table={metrics} metric={metric} dimension={dimension} schoolNames={schoolNames} />
            )}
          </Card>
        ))}
      </div>
    </>
  );
}
