import { useMemo } from "react";

import { counted, date, gradeLevelName, number, words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { ComparedGroupsFragment as Table } from "../../gql/graphql";
import { Chart, type ChartOptions } from "../../ui/chart";
import { Notices } from "../../ui/notice";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import { type ComparedDimension, type ComparedMetric, METRICS } from "./metrics";

export const ComparedGroupsFragment = graphql(`
  fragment ComparedGroups on MetricTable {
    asOf
    complete
    definition {
      preset
      description
      source
    }
    total {
      ...Group
    }
    groups {
      ...Group
    }
    missingSources {
      source
      code
      students
    }
  }
`);

const GroupFragment = graphql(`
  fragment Group on GroupMetrics {
    keys {
      group
    }
    population
    atRiskShare
    rate
    mean
    missing
    suppressed
  }
`);

interface Props {
  readonly table: FragmentType<typeof ComparedGroupsFragment>;
  readonly metric: ComparedMetric;
  readonly dimension: ComparedDimension;
  /** Names of schools, by number. */
  readonly schoolNames: ReadonlyMap<string, string>;
}

interface Row {
  readonly name: string;
  readonly population: number | undefined;
  readonly value: number | undefined;
  readonly missing: number | undefined;
  readonly suppressed: boolean;
}

const HIDDEN = "hidden";

const column = columnsOf<Row>();

function columns({ says, format }: (typeof METRICS)[ComparedMetric]): Columns<Row> {
  const shown = (row: Row, text: string) =>
    text === "–" && row.suppressed ? (
      <span className="hidden-cell" title="Hidden on purpose: few students are behind this number">
        {HIDDEN}
      </span>
    ) : (
      text
    );
  return [
    column.accessor("name", { header: "Group" }),
    column.accessor("population", {
      header: "Students",
      cell: ({ row }) => shown(row.original, number(row.original.population)),
      sortUndefined: "last",
    }),
    column.accessor("value", {
      header: says,
      cell: ({ row }) => shown(row.original, format(row.original.value)),
      sortUndefined: "last",
    }),
    column.accessor("missing", {
      header: "Without a value",
      cell: ({ row }) => shown(row.original, number(row.original.missing)),
      sortUndefined: "last",
    }),
  ];
}

function groupName(
  group: string | null | undefined,
  dimension: ComparedDimension,
  schools: Props["schoolNames"],
): string {
  if (group === undefined) return "All students";
  if (group === null) return "None of these";
  if (dimension === "SCHOOL") return schools.get(group) ?? group;
  if (dimension === "GRADE_LEVEL") return gradeLevelName(group);
  return group === group.toUpperCase() ? words(group) : group;
}

function rowsOf(table: Table, { metric, dimension, schoolNames }: Omit<Props, "table">): Row[] {
  const { field } = METRICS[metric];
  return [table.total, ...table.groups].map((masked) => {
    const group = readFragment(GroupFragment, masked);
    return {
      name: groupName(group.keys[0]?.group, dimension, schoolNames),
      population: group.population ?? undefined,
      value: group[field] ?? undefined,
      missing: group.missing ?? undefined,
      suppressed: group.suppressed,
    };
  });
}

/** The groups of a school or district as a chart and a table, with the definition of the number. */
export function ComparedGroups({ table: masked, metric, dimension, schoolNames }: Props) {
  const table = readFragment(ComparedGroupsFragment, masked);
  const comparison = METRICS[metric];
  const rows = useMemo(
    () => rowsOf(table, { metric, dimension, schoolNames }),
    [table, metric, dimension, schoolNames],
  );
  const options = useMemo((): ChartOptions => {
    const max = Math.max(...rows.map(({ value }) => value ?? 0)) || 1;
    const isShare = comparison.format(1).endsWith("%");
    const label = (row: Row) =>
      row.value === undefined ? (row.suppressed ? ` ${HIDDEN}` : " no value") : ` ${comparison.format(row.value)}`;
    return (plot) => ({
      marginLeft: 175,
      marginRight: 60,
      x: {
        label: comparison.says + (isShare ? " (%)" : ""),
        percent: isShare,
        grid: true,
        domain: [0, isShare ? 100 * max : max],
        nice: true,
      },
      y: {
        domain: rows.map(({ name }) => name),
        label: null,
        tickFormat: (name: string) => (name.length > 22 ? `${name.slice(0, 21)}…` : name),
      },
      marks: [
        plot.barX(
          rows.filter(({ value }) => value !== undefined),
          {
            x: "value",
            y: "name",
            fill: (row: Row) => (row.name === "All students" ? "var(--quiet)" : "var(--accent)"),
          },
        ),
        plot.text(rows, {
          x: (row: Row) => row.value ?? 0,
          y: "name",
          text: label,
          textAnchor: "start",
          fill: "currentColor",
        }),
        plot.ruleX([0]),
      ],
    });
  }, [rows, comparison]);
  const shownColumns = useMemo(() => columns(comparison), [comparison]);
  const known = rows.slice(1).filter(({ value }) => value !== undefined);
  const highest = known.reduce<Row | undefined>(
    (best, row) => ((best?.value ?? -1) >= row.value! ? best : row),
    undefined,
  );
  const hidden = rows.filter(({ suppressed, value }) => suppressed && value === undefined).length;
  const summary =
    `${comparison.says}, by group.` +
    (highest ? ` Highest: ${highest.name} with ${comparison.format(highest.value)}.` : "") +
    (hidden > 0
      ? ` ${counted(hidden, "number is", "numbers are")} hidden, because few students are behind ${hidden === 1 ? "it" : "them"}.`
      : "");
  return (
    <>
      <Notices problems={table.missingSources.map((missing) => ({ ...missing, path: [], retryable: true }))} />
      <div className="chart-and-table">
        {rows.some(({ value }) => value !== undefined) ? (
          <Chart summary={summary} height={50 + rows.length * 34} options={options} />
        ) : (
          <p>{summary}</p>
        )}
        <DataTable label={`${comparison.name} by group`} columns={shownColumns} rows={rows} />
      </div>
      {!table.complete && (
        <p className="quiet">
          You do not see every student of these groups. So numbers about few students are hidden, and those that would
          reveal them.
        </p>
      )}
      <p className="quiet">
        As of {date(table.asOf)}. {table.definition.description} ({table.definition.source})
      </p>
    </>
  );
}
