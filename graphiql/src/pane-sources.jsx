import { useEffect, useState } from "react";

import { requestHeaders } from "./fetcher.js";
import { countGaps, gapsOf } from "./gaps.js";
import { usePage } from "./page-context.js";
import { Pane } from "./pane.jsx";
import { pathText, useJump, useJumpToQuery, useResponse } from "./response.js";
import { useValue } from "./store.js";

/** Names of the kinds of adapters; another kind is shown as it is. */
const VENDORS = {
  aeries: "Aeries",
  canvas: "Canvas",
  clever: "Clever",
  edfi: "Ed-Fi ODS/API",
  files: "Files",
  google_classroom: "Google Classroom",
  moodle: "Moodle",
  oneroster: "OneRoster",
  oneroster_files: "OneRoster CSV",
  powerschool: "PowerSchool SIS",
  schoology: "Schoology",
};

const STATUS_QUERY =
  "{ sources { name kind district { shortName name } reachable lastErrorCode failures } }";
/** Places of a gap that are listed. */
const MAX_PLACES = 100;

/** What each source did for the response, and what is missing in it. */
function SourcesPane() {
  const response = useResponse();
  const gaps = gapsOf(response);
  return (
    <Pane title="Sources and gaps">
      <SourceTable sources={response.extensions?.sources} />
      <h3>{gaps.length ? `Gaps: ${countGaps(gaps)}` : "Gaps"}</h3>
      {gaps.length === 0 && <p>{response.data ? "Nothing is missing. A null without an error is not recorded." : "Run a query first."}</p>}
      <ul className="sg-gaps">
        {gaps.map((gap) => (
          <Gap key={`${gap.kind} ${gap.code} ${gap.source} ${gap.message}`} gap={gap} />
        ))}
      </ul>
    </Pane>
  );
}

const ROWS = [
  ["Calls", ({ calls }) => calls, "Requests to the vendor"],
  ["Lookups", ({ asks }) => asks, "What the query asked the source for"],
  ["Cache hits", ({ hits }) => hits, "Answers that came from the cache"],
  ["Stale", ({ stale }) => stale, "Answers that are older than they should be, and marked"],
  ["Failures", ({ failures }) => failures, "Lookups that failed"],
  ["Oldest answer", ({ age }) => `${age} s`, "Age in seconds"],
  ["Vendor time", ({ ms }) => `${Math.round(ms)} ms`, "Time of all calls together"],
];

function SourceTable({ sources }) {
  const statuses = useStatuses();
  const names = Object.keys(sources ?? {});
  if (!names.length) {
    return <p>No source was asked.</p>;
  }
  const statusOf = (name) => statuses.find((status) => `${status.district?.shortName}/${status.name}` === name);
  return (
    <div className="sg-scroll" role="region" aria-label="Sources of the response" tabIndex={0}>
      <table data-testid="sources">
        <thead>
          <tr>
            <th scope="col">Source</th>
            {names.map((name) => (
              <th key={name} scope="col" title={name}>
                {name.split("/").at(-1)}
                {statusOf(name) && <small>{VENDORS[statusOf(name).kind] ?? statusOf(name).kind}</small>}
                {statusOf(name)?.district && <small>{statusOf(name).district.name}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row" title="The last call to the source, of this response or before">
              Health
            </th>
            {names.map((name) => (
              <td key={name}>
                <Health status={statusOf(name)} />
              </td>
            ))}
          </tr>
          {ROWS.map(([label, value, meaning]) => (
            <tr key={label}>
              <th scope="row" title={meaning}>
                {label}
              </th>
              {names.map((name) => (
                <td key={name} className={isWorrying(label, sources[name]) ? "sg-worrying" : undefined}>
                  {value(sources[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function isWorrying(label, { stale, failures }) {
  return (label === "Stale" && stale > 0) || (label === "Failures" && failures > 0);
}

/** Whether a source answered its last call; operators may know. */
function Health({ status }) {
  const { viewer } = usePage();
  if (!viewer.operator) {
    return <span className="sg-muted">for operators</span>;
  }
  if (!status || status.reachable === null) {
    return <span className="sg-muted">not called yet</span>;
  }
  const failures = status.failures ? `, failed lookups since the start: ${status.failures}` : "";
  return (
    <span className={status.reachable ? "sg-good" : "sg-worrying"}>
      {status.reachable ? "answered last" : `failed last (${status.lastErrorCode})`}
      {failures}
    </span>
  );
}

/** The gateway's sources, asked again after each response; empty until they are known. */
function useStatuses() {
  const { token, options, progress } = usePage();
  const { purpose } = useValue(options);
  const isDone = useValue(progress).phase !== "sent";
  const [statuses, setStatuses] = useState([]);
  useEffect(() => {
    const controller = new AbortController();
    if (token && isDone) {
      fetch("/graphql", {
        method: "POST",
        headers: requestHeaders(token, { purpose }),
        body: JSON.stringify({ query: STATUS_QUERY }),
        signal: controller.signal,
      })
        .then((response) => response.json())
        .then(({ data }) => setStatuses(data?.sources ?? []))
        .catch(() => {}); // the pane then shows the sources by their configured names
    }
    return () => controller.abort();
  }, [token, purpose, isDone]);
  return statuses;
}

function Gap({ gap }) {
  const { kind, code, source, retryable, message, places } = gap;
  const shown = places.slice(0, MAX_PLACES);
  return (
    <li>
      <p>
        <strong>{code ?? "ERROR"}</strong>
        {source && ` from ${source}`} <span className="sg-badge">{kind === "degraded" ? "a part is missing" : "no value"}</span>
        {retryable && <span className="sg-badge">worth another try</span>}
      </p>
      <p>{message}</p>
      {places.length <= 3 ? (
        <Places places={shown} />
      ) : (
        <details>
          <summary>{places.length} places</summary>
          <Places places={shown} />
          {places.length > shown.length && <p>The first {shown.length} are listed.</p>}
        </details>
      )}
    </li>
  );
}

function Places({ places }) {
  const jump = useJump();
  const jumpToQuery = useJumpToQuery();
  return (
    <ul className="sg-places">
      {places.map(({ path, location }) => (
        <li key={path ? pathText(path) : `${location.line}:${location.column}`}>
          <button type="button" className="sg-jump" onClick={() => (path ? jump(path) : jumpToQuery(location))}>
            {path ? pathText(path) : `line ${location.line}, column ${location.column} of the query`}
          </button>
        </li>
      ))}
    </ul>
  );
}

function SourcesIcon(props) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <ellipse cx="8" cy="3.5" rx="6" ry="2.2" />
      <path d="M2 3.5v9c0 1.2 2.7 2.2 6 2.2s6-1 6-2.2v-9M2 8c0 1.2 2.7 2.2 6 2.2S14 9.2 14 8" />
    </svg>
  );
}

export const SOURCES_PANE = { title: "Sources and gaps", icon: SourcesIcon, content: SourcesPane };
