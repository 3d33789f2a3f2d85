import { useId, useMemo, useState } from "react";

import { listOf } from "./gaps.js";
import { Pane } from "./pane.jsx";
import { useJump, useResponse } from "./response.js";
import { cellOf, columnsOf, listsOf, reasonsOf } from "./tables.js";

/** Rows that are shown at first, and with each click for more. */
const ROWS_SHOWN = 100;

/** The lists of the response as tables. */
function TablePane() {
  const { data, errors } = useResponse();
  const lists = useMemo(() => listsOf(data), [data]);
  const [chosen, setChosen] = useState("");
  const listId = useId();
  const list = lists.find(({ name }) => name === chosen) ?? lists[0];
  return (
    <Pane title="Table">
      {!list && <p>{data ? "This response has no list." : "Run a query first."}</p>}
      {list && (
        <>
          <label htmlFor={listId}>List</label>
          <select id={listId} value={list.name} onChange={(event) => setChosen(event.target.value)}>
            {lists.map(({ name, rows }) => (
              <option key={name} value={name}>
                {name} ({rows.length})
              </option>
            ))}
          </select>
          <ListTable key={list.name} list={list} errors={listOf(errors)} />
        </>
      )}
    </Pane>
  );
}

function ListTable({ list, errors }) {
  const [limit, setLimit] = useState(ROWS_SHOWN);
  const jump = useJump();
  const columns = useMemo(() => columnsOf(list.rows), [list]);
  const reasons = useMemo(() => reasonsOf(errors), [errors]);
  return (
    <>
      <div className="sg-scroll" role="region" aria-label={`Table of ${list.name}`} tabIndex={0}>
        <table data-testid="table">
          <thead>
            <tr>
              <th scope="col">Row</th>
              {columns.map((column) => (
                <th key={column.join(".")} scope="col">
                  {column.join(".")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.rows.slice(0, limit).map((row, index) => (
              <tr key={row.path.join(".")}>
                <th scope="row">
                  <button type="button" className="sg-jump" onClick={() => jump(row.path)} aria-label={`Row ${index + 1}: show in the response`}>
                    {index + 1}
                  </button>
                </th>
                {columns.map((column) => (
                  <Cell key={column.join(".")} {...cellOf(row, column, reasons)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.rows.length > limit && (
        <button type="button" onClick={() => setLimit(limit + ROWS_SHOWN)}>
          Show more of {list.rows.length} rows
        </button>
      )}
    </>
  );
}

function Cell({ text, missing }) {
  return missing ? <td className={missing === "null" ? "sg-muted" : "sg-worrying"}>{missing}</td> : <td title={text}>{text}</td>;
}

function TableIcon(props) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <rect x="1.5" y="2.5" width="13" height="11" rx="1.5" />
      <path d="M1.5 6.2h13M1.5 9.8h13M6 6.200v7.3" />
    </svg>
  );
}

export const TABLE_PANE = { title: "Table", icon: TableIcon, content: TablePane };
