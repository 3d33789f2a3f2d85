import { useState } from "react";

import { listOf } from "./gaps.js";
import { usePage } from "./page-context.js";
import { Pane } from "./pane.jsx";
import { useResponse } from "./response.js";
import { useValue } from "./store.js";

/** What `how` says about fields that cost nothing. */
const FREE = "read from its parent";

/** How the operation was executed: its fields, how each gets its values, and what its lookups cost. */
function PlanPane() {
  const { viewer, options, progress } = usePage();
  const { explain } = useValue(options);
  const { milliseconds, phase } = useValue(progress);
  const { extensions } = useResponse();
  const [showsAll, setShowsAll] = useState(false);
  const lines = listOf(extensions?.explain);
  const shown = showsAll ? lines : lines.filter(({ how }) => how !== FREE);
  return (
    <Pane title="Plan">
      {lines.length === 0 && <p>{hint(viewer, explain, extensions)}</p>}
      {lines.length > 0 && (
        <>
          <Times milliseconds={phase === "done" ? milliseconds : undefined} sources={extensions.sources} />
          <label className="sg-choice">
            <input type="checkbox" checked={showsAll} onChange={(event) => setShowsAll(event.target.checked)} />
            Show fields that are read from their parent
          </label>
          <ul className="sg-plan" data-testid="plan">
            {shown.map((line) => (
              <PlanLine key={lines.indexOf(line)} {...line} />
            ))}
          </ul>
          <Counters title="Executor since the start" counts={extensions.executor} />
          <Counters title="Cache now" counts={extensions.cache} />
        </>
      )}
    </Pane>
  );
}

function hint(viewer, explain, extensions) {
  if (!viewer.operator) {
    return "Only operators may see how an operation is executed. In the demo the superintendent is one.";
  }
  if (explain && extensions) {
    return "This response has no plan: it was asked for without Explain, or came in several parts.";
  }
  return explain ? "Run a query to see its plan." : "Switch on Explain above and run a query.";
}

/** A field, indented by its level, with its lookups and their prices. */
function PlanLine({ depth, field, how, asks, records, population }) {
  return (
    <li style={{ marginInlineStart: `${depth * 0.9}em` }}>
      {depth > 0 && <span className="sg-hidden">level {depth + 1}: </span>}
      <strong>{field}</strong>{" "}
      <small>
        {how}
        {records > 0 && `, about ${records.toLocaleString("en")} ${records === 1 ? "record" : "records"}`}
      </small>
      {[...listOf(asks), ...listOf(population)].map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </li>
  );
}

/** Milliseconds of the request and of the calls to each source. */
function Times({ milliseconds, sources }) {
  const times = Object.entries(sources ?? {}).map(
    ([name, { calls, ms }]) => `${name.split("/").at(-1)} ${Math.round(ms)} ms in ${calls} calls`,
  );
  return (
    <p>
      {milliseconds !== undefined && `The last request took ${Math.round(milliseconds)} ms. `}
      {times.length > 0 && `Vendors: ${times.join(", ")}.`}
    </p>
  );
}

function Counters({ title, counts }) {
  if (!counts) {
    return null;
  }
  return (
    <details>
      <summary>{title}</summary>
      <dl>
        {Object.entries(counts).map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof count === "object" ? JSON.stringify(count) : String(count)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function PlanIcon(props) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M3.5 5v6.5a1 1 0 0 0 1 1H9M3.5 8H9" />
      <rect x="1.5" y="1.5" width="4" height="3.5" rx="0.8" />
      <rect x="9.5" y="6.2" width="5" height="3.5" rx="0.8" />
      <rect x="9.5" y="10.8" width="5" height="3.5" rx="0.8" />
    </svg>
  );
}

export const PLAN_PANE = { title: "Plan", icon: PlanIcon, content: PlanPane };
