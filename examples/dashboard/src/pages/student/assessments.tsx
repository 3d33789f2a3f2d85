import { useMemo } from "react";

import { date, number, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { AssessmentsFragment as Assessments } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Chart, type ChartOptions } from "../../ui/chart";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const AssessmentsFragment = graphql(`
  fragment Assessments on Student {
    assessments {
      administrationDate
      assessment {
        title
        family
        subjects
      }
      scores {
        reportingMethod {
          codeValue
        }
        result
        numeric
      }
      performanceLevels {
        level {
          codeValue
        }
        proficient
      }
      provenance {
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof AssessmentsFragment>;
}

type Result = NonNullable<Assessments["assessments"]>[number];

function percentile({ scores }: Result): number | undefined {
  return scores.find(({ reportingMethod }) => /percentile/i.test(reportingMethod.codeValue))?.numeric ?? undefined;
}

function scoreText({ scores }: Result): string {
  const score = scores.find(({ reportingMethod }) => !/percentile/i.test(reportingMethod.codeValue));
  return score ? `${score.result} (${score.reportingMethod.codeValue})` : "–";
}

const column = columnsOf<Result>();
const COLUMNS: Columns<Result> = [
  column.accessor((result) => result.assessment?.title ?? "–", { id: "title", header: "Test" }),
  column.accessor((result) => result.administrationDate ?? undefined, {
    id: "date",
    header: "Taken",
    cell: (cell) => date(cell.getValue()),
    sortUndefined: "last",
  }),
  column.accessor(scoreText, { id: "score", header: "Score", enableSorting: false }),
  column.accessor(percentile, {
    id: "percentile",
    header: "Percentile",
    cell: (cell) => number(cell.getValue(), 0),
    sortUndefined: "last",
  }),
  column.accessor((result) => result.performanceLevels[0]?.level.codeValue ?? "–", { id: "level", header: "Level" }),
];

/** Tests, their levels as the source states them, and percentiles over time. */
export function AssessmentsCard({ student, ...part }: Props) {
  const { assessments } = readFragment(AssessmentsFragment, student);
  const rows = assessments ?? [];
  const points = useMemo(
    () =>
      (assessments ?? [])
        .map((result) => ({
          day: new Date(result.administrationDate ?? ""),
          percentile: percentile(result),
          subject: words(result.assessment?.subjects[0] ?? "OTHER"),
        }))
        .filter((point) => point.percentile !== undefined && !Number.isNaN(point.day.valueOf())),
    [assessments],
  );
  const subjects = useMemo(() => [...new Set(points.map(({ subject }) => subject))], [points]);
  const options = useMemo(
    (): ChartOptions => (plot) => ({
      marginLeft: 90,
      x: { domain: [0, 100], label: "Percentile", grid: true },
      y: { domain: subjects, label: null },
      marks: [
        plot.ruleX([50], { stroke: "var(--quiet)", strokeDasharray: "4 3" }),
        plot.dot(points, { x: "percentile", y: "subject", fill: "var(--accent)", r: 6 }),
        plot.text(points, {
          x: "percentile",
          y: "subject",
          text: (point) => number(point.percentile, 0),
          dy: -13,
          fill: "currentColor",
        }),
      ],
    }),
    [points, subjects],
  );
  return (
    <Card title="Assessments" wide {...part} footer={<Origins of={rows.map(({ provenance }) => provenance)} />}>
      {rows.length > 0 ? (
        <div className="chart-and-table">
          {points.length > 0 && (
            <Chart
              summary={`Percentiles by subject: ${points.map(({ subject, percentile: value }) => `${subject} ${number(value, 0)}`).join(", ")}. The dashed line is the median of the norm group.`}
              height={60 + subjects.length * 34}
              options={options}
            />
          )}
          <DataTable label="Test results" columns={COLUMNS} rows={rows} />
        </div>
      ) : (
        assessments && <Empty>No test is recorded.</Empty>
      )}
    </Card>
  );
}
