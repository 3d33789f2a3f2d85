import { useMemo } from "react";

import { date, moment, number, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { WorkFragment as Work } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Figure, Figures } from "../../ui/figures";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const WorkFragment = graphql(`
  fragment Work on Student {
    assignments {
      assignmentId
      title
      dueAt
      status
      score
      pointsPossible
      late
      provenance {
        source
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof WorkFragment>;
}

type Assignment = NonNullable<Work["assignments"]>[number];

interface Row extends Assignment {
  /** When the work is due, for readers. */
  readonly due: string;
}

const column = columnsOf<Row>();
const COLUMNS: Columns<Row> = [
  column.accessor("title", { header: "Assignment" }),
  column.accessor((work) => work.dueAt ?? undefined, {
    id: "due",
    header: "Due",
    cell: ({ row }) => row.original.due,
    sortUndefined: "last",
  }),
  column.accessor("status", {
    header: "State",
    cell: ({ row }) => words(row.original.status) + (row.original.late ? ", late" : ""),
  }),
  column.accessor((work) => work.score ?? undefined, {
    id: "score",
    header: "Points",
    cell: ({ row }) => points(row.original),
    sortUndefined: "last",
  }),
];

/** Points out of what is possible; a dash if neither is known. */
function points({ score, pointsPossible }: Assignment): string {
  if (pointsPossible === null) return number(score);
  if (score === null) return `out of ${number(pointsPossible)}`;
  return `${number(score)} of ${number(pointsPossible)}`;
}

const MIDNIGHT = /T00:00:00/;

/** The work with its due times. A system whose work is always due at midnight (UTC) knows days and no times. */
function rowsOf(assignments: readonly Assignment[]): Row[] {
  const timed = new Set(
    assignments.filter(({ dueAt }) => dueAt && !MIDNIGHT.test(dueAt)).map(({ provenance }) => provenance.source),
  );
  return assignments.map((work) => ({
    ...work,
    due: work.dueAt && timed.has(work.provenance.source) ? moment(work.dueAt) : date(work.dueAt),
  }));
}

/** Work that is missing comes first, then the latest. */
function byUrgency(one: Assignment, other: Assignment): number {
  const missing = Number(other.status === "MISSING") - Number(one.status === "MISSING");
  return missing || (other.dueAt ?? "").localeCompare(one.dueAt ?? "");
}

/** What was assigned, what is missing, and what was scored. */
export function WorkCard({ student, ...part }: Props) {
  const { assignments } = readFragment(WorkFragment, student);
  const rows = useMemo(() => rowsOf(assignments ?? []).sort(byUrgency), [assignments]);
  const count = (status: Assignment["status"]) => number(rows.filter((work) => work.status === status).length);
  return (
    <Card title="Work in class" {...part} footer={<Origins of={rows.map(({ provenance }) => provenance)} />}>
      {rows.length > 0 ? (
        <>
          <Figures>
            <Figure label="Missing" value={count("MISSING")} />
            <Figure label="Graded" value={count("GRADED")} />
            <Figure label="Late" value={number(rows.filter(({ late }) => late).length)} />
          </Figures>
          <div className="scroll" role="region" aria-label="Assignments" tabIndex={0}>
            <DataTable label="Assignments" columns={COLUMNS} rows={rows} />
          </div>
        </>
      ) : (
        assignments && <Empty>Nothing is assigned.</Empty>
      )}
    </Card>
  );
}
