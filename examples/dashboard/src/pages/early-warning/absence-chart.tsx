import { useMemo } from "react";

import { counted, number, percent, personName } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import { Empty } from "../../ui/card";
import { Chart, type ChartOptions } from "../../ui/chart";
import { type Columns, columnsOf, DataTable } from "../../ui/table";

export const DaysMissedFragment = graphql(`
  fragment DaysMissed on Student {
    id
    name {
      firstName
      lastName
    }
    attendance {
      chronicAbsence {
        value
        numerator
        denominator
        level
      }
    }
  }
`);

interface Row {
  readonly id: string;
  readonly name: string;
  readonly share: number;
  readonly days: string;
  readonly atRisk: boolean;
}

const column = columnsOf<Row>();
const COLUMNS: Columns<Row> = [
  column.accessor("name", { header: "Student" }),
  column.accessor("share", { header: "Share of days missed", cell: (cell) => percent(cell.getValue()) }),
  column.accessor("days", { header: "Days", enableSorting: false }),
];

interface Props {
  readonly students: readonly FragmentType<typeof DaysMissedFragment>[];
}

/** The share of days that each student on the page missed. */
export function AbsenceChart({ students }: Props) {
  const rows = useMemo(
    () =>
      readFragment(DaysMissedFragment, students).flatMap(({ id, name, attendance }): Row[] => {
        const absence = attendance?.chronicAbsence;
        if (typeof absence?.value !== "number") return [];
        const days = `${number(absence.numerator)} of ${number(absence.denominator)}`;
        return [{ id, name: personName(name), share: absence.value, days, atRisk: absence.level === "AT_RISK" }];
      }),
    [students],
  );
  const options = useMemo((): ChartOptions => {
    const names = new Map(rows.map(({ id, name }) => [id, name]));
    return (plot) => ({
      marginLeft: 140,
      x: { percent: true, label: "Share of days missed (%)", grid: true },
      y: { domain: rows.map(({ id }) => id), label: null, tickFormat: (id: string) => names.get(id) ?? "" },
      color: {
        domain: ["Chronically absent", "Not chronically absent"],
        range: ["var(--at-risk)", "var(--quiet)"],
        legend: true,
      },
      marks: [
        plot.barX(rows, {
          x: "share",
          y: "id",
          fill: (row: Row) => (row.atRisk ? "Chronically absent" : "Not chronically absent"),
        }),
        plot.ruleX([0]),
      ],
    });
  }, [rows]);
  if (rows.length === 0) return <Empty>The days missed of these students are not known.</Empty>;
  const chronic = rows.filter(({ atRisk }) => atRisk).length;
  return (
    <Chart
      summary={`Share of school days missed by ${counted(rows.length, "student")} of this page; ${chronic} of them ${chronic === 1 ? "is" : "are"} chronically absent. The highest share is ${percent(Math.max(...rows.map(({ share }) => share)))}.`}
      height={50 + rows.length * 22}
      hasLegend
      options={options}
    >
      <DataTable label="Share of days missed" columns={COLUMNS} rows={rows} />
    </Chart>
  );
}
