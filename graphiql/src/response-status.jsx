import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

import { countGaps, gapsOf } from "./gaps.js";
import { usePage } from "./page-context.js";
import { PLAN_PANE } from "./pane-plan.jsx";
import { SOURCES_PANE } from "./pane-sources.jsx";
import { useResponse } from "./response.js";
import { useValue } from "./store.js";

/** The line below the response: what happens to the request, what it cost, and what is missing. */
export function ResponseStatus() {
  const { setVisiblePlugin } = useGraphiQLActions();
  const request = useValue(usePage().progress);
  const response = useResponse();
  useSystemTheme();
  const gaps = countGaps(gapsOf(response));
  const sources = Object.values(response.extensions?.sources ?? {});
  return (
    <div className="sg-status">
      <span role="status" data-phase={request.phase} data-request={request.number} data-testid="status">
        {progressText(request)}
        {request.phase !== "sent" && sources.length > 0 && ` ${trafficText(sources)}`}
      </span>
      {sources.length > 0 && (
        <button type="button" onClick={() => setVisiblePlugin(SOURCES_PANE)}>
          Sources{gaps > 0 && `, ${gaps} ${gaps === 1 ? "gap" : "gaps"}`}
        </button>
      )}
      {response.extensions?.explain && (
        <button type="button" onClick={() => setVisiblePlugin(PLAN_PANE)}>
          Plan
        </button>
      )}
    </div>
  );
}

function progressText({ phase, milliseconds, parts, waitingFor }) {
  const time = `${Math.round(milliseconds)} ms`;
  switch (phase) {
    case "sent":
      return "Waiting for the response.";
    case "parts":
      return waitingFor.length ? `${partsText(parts)} after ${time}, waiting for ${waitingFor.join(", ")}.` : `${partsText(parts)} after ${time}.`;
    case "done":
      return parts > 1 ? `${partsText(parts)} after ${time}.` : `Response after ${time}.`;
    case "failed":
      return `No complete response after ${time}.`;
    default:
      return "";
  }
}

function partsText(parts) {
  return parts === 1 ? "1 part" : `${parts} parts`;
}

function trafficText(sources) {
  const sum = (member) => sources.reduce((total, source) => total + source[member], 0);
  const oldest = Math.max(...sources.map(({ age }) => age));
  const stale = sum("stale") ? ` Stale: ${sum("stale")}.` : "";
  return `Vendor calls: ${sum("calls")}. From the cache: ${sum("hits")}.${stale} Oldest answer: ${oldest} s.`;
}

/** Gives the editors the colors of the system when these change; the style sheets follow by themselves. */
function useSystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => theme === null && setTheme(null);
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [theme, setTheme]);
}
