import {
  type ColumnDef,
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_text,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, text: sortFn_text },
});

export type Columns<Row extends object> = readonly ColumnDef<typeof features, Row, any>[];

/** The helper that describes the columns of a table of such rows. */
export function columnsOf<Row extends object>() {
  return createColumnHelper<typeof features, Row>();
}

interface DataTableProps<Row extends object> {
  /** What the table shows; screen readers announce it. */
  readonly label: string;
  readonly columns: Columns<Row>;
  readonly rows: readonly Row[];
  /** Whether readers may sort it; no where the graph decides the order of pages. */
  readonly sortable?: boolean;
}

const DIRECTIONS = { asc: "ascending", desc: "descending" } as const;

/** A table that sorts by its columns. On a narrow screen each row becomes a block with the columns' names. */
export function DataTable<Row extends object>({ label, columns, rows, sortable = true }: DataTableProps<Row>) {
  const table = useTable({
    features,
    columns: columns as ColumnDef<typeof features, Row, any>[],
    data: rows,
    enableSorting: sortable,
    sortDescFirst: false,
  });
  return (
    <div className="table-frame">
      <table className="table" aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const direction = header.column.getIsSorted();
                const content = <table.FlexRender header={header} />;
                return (
                  <th key={header.id} scope="col" aria-sort={direction ? DIRECTIONS[direction] : undefined}>
                    {header.column.getCanSort() ? (
                      <button type="button" className="sort" onClick={() => header.column.toggleSorting()}>
                        {content}
                        <span aria-hidden="true">{direction === "asc" ? "▲" : direction === "desc" ? "▼" : ""}</span>
                      </button>
                    ) : (
                      content
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              {row.getAllCells().map((cell, index) => {
                const Cell = index === 0 ? "th" : "td";
                const { header } = cell.column.columnDef;
                return (
                  <Cell
                    key={cell.id}
                    scope={index === 0 ? "row" : undefined}
                    data-label={typeof header === "string" ? header : ""}
                  >
                    <table.FlexRender cell={cell} />
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
