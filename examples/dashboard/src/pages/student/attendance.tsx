import { useMemo } from "react";

import { counted, date, LOCALE, number, percent, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { AttendanceCategory } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Chart, type ChartOptions } from "../../ui/chart";
import { Figure, Figures } from "../../ui/figures";
import { LevelBadge } from "../../ui/level";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const AttendanceFragment = graphql(`
  fragment Attendance on Student {
    attendance {
      rate {
        value
        numerator
        denominator
        window {
          first
          last
        }
      }
      chronicAbsence {
        level
        reasons
      }
      absentDays {
        value
      }
      tardies {
        value
      }
      affordableDays {
        value
      }
    }
    attendanceEvents(
      scope: SCHOOL
      categories: [UNEXCUSED_ABSENCE, EXCUSED_ABSENCE, TARDY, EARLY_DEPARTURE, PARTIAL]
      first: 100
    ) {
      totalCount
      edges {
        node {
          date
          category
          reason
          provenance {
            ...Origin
          }
        }
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof AttendanceFragment>;
}

interface Entry {
  readonly date: string;
  readonly category: AttendanceCategory;
  readonly reason: string | null;
}

/** Colors of the categories in which a student was not in school for all of the day: those that are asked for. */
const COLORS: Partial<Record<AttendanceCategory, string>> = {
  UNEXCUSED_ABSENCE: "var(--at-risk)",
  EXCUSED_ABSENCE: "var(--watch)",
  TARDY: "var(--accent)",
  EARLY_DEPARTURE: "var(--quiet)",
  PARTIAL: "var(--quiet)",
};

const column = columnsOf<Entry>();
const COLUMNS: Columns<Entry> = [
  column.accessor("date", { header: "Day", cell: (cell) => date(cell.getValue()) }),
  column.accessor("category", { header: "Recorded as", cell: (cell) => words(cell.getValue()) }),
  column.accessor("reason", { header: "Reason", cell: (cell) => cell.getValue() ?? "–" }),
];

/** The share of days in school, days missed, and each absence or tardy. */
export function AttendanceCard({ student, ...part }: Props) {
  const { attendance, attendanceEvents } = readFragment(AttendanceFragment, student);
  const entries = useMemo(
    () => (attendanceEvents?.edges ?? []).map(({ node }) => node),
    [attendanceEvents],
  );
  const options = useMemo((): ChartOptions => {
    const { first, last } = attendance?.rate?.window ?? {
      first: entries[0]?.date ?? "",
      last: entries.at(-1)?.date ?? "",
    };
    const kinds = [...new Set(entries.map(({ category }) => category))];
    return (plot) => ({
      marginLeft: 30,
      x: {
        interval: "month",
        domain: plot.utcInterval("month").range(plot.utcInterval("month").floor(new Date(first)), new Date(Date.parse(last) + 1)),
        label: null,
        type: "band",
        tickFormat: (month: Date) => month.toLocaleDateString(LOCALE, { month: "short", timeZone: "UTC" }),
      },
      y: { label: "Days", tickFormat: "d", interval: 1, grid: true },
      color: { domain: kinds.map(words), range: kinds.map((kind) => COLORS[kind]!), legend: true },
      marks: [
        plot.barY(
          entries.map((entry) => ({ ...entry, day: new Date(entry.date), kind: words(entry.category) })),
          plot.groupX({ y: "count" }, { x: "day", fill: "kind" }),
        ),
        plot.ruleY([0]),
      ],
    });
  }, [entries, attendance]);
  const absences = entries.filter(({ category }) => category.endsWith("ABSENCE")).length;
  const tardies = entries.filter(({ category }) => category === "TARDY").length;
  return (
    <Card
      title="Attendance"
      {...part}
      footer={<Origins of={(attendanceEvents?.edges ?? []).map(({ node }) => node.provenance)} />}
    >
      {attendance && (
        <Figures>
          <Figure label="Days in school" value={percent(attendance.rate?.value)}>
            {attendance.rate && `${number(attendance.rate.numerator)} of ${number(attendance.rate.denominator)}`}
          </Figure>
          <Figure label="Days absent" value={number(attendance.absentDays?.value)} />
          <Figure label="Days late" value={number(attendance.tardies?.value)} />
          <Figure label="Days left to miss" value={number(attendance.affordableDays?.value)} />
        </Figures>
      )}
      {attendance?.chronicAbsence && (
        <p>
          Chronic absence: <LevelBadge level={attendance.chronicAbsence.level} />{" "}
          {attendance.chronicAbsence.reasons.join(" ")}
        </p>
      )}
      {entries.length > 0 && (
        <Chart
          summary={`Entries by month: ${counted(absences, "absence")} and ${counted(tardies, "tardy", "tardies")}, from ${date(entries[0]?.date)} to ${date(entries.at(-1)?.date)}.`}
          height={150}
          hasLegend
          options={options}
        >
          <DataTable label="Attendance entries" columns={COLUMNS} rows={entries} />
        </Chart>
      )}
      {attendanceEvents && attendanceEvents.totalCount > entries.length && (
        <p className="quiet">
          These are the first {number(entries.length)} of {number(attendanceEvents.totalCount)} entries.
        </p>
      )}
      {attendanceEvents && entries.length === 0 && <Empty>No absence or tardy is recorded.</Empty>}
    </Card>
  );
}
