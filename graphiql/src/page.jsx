import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useState } from "react";

import { Bar } from "./bar.jsx";
import { createFetcher, NO_REQUEST, requestHeaders } from "./fetcher.js";
import { PageContext } from "./page-context.js";
import { EXAMPLES_PANE, WELCOME } from "./pane-examples.jsx";
import { PLAN_PANE } from "./pane-plan.jsx";
import { SOURCES_PANE } from "./pane-sources.jsx";
import { TABLE_PANE } from "./pane-table.jsx";
import { ResponseStatus } from "./response-status.jsx";
import { createStore, useValue } from "./store.js";

const PANES = [EXAMPLES_PANE, SOURCES_PANE, PLAN_PANE, TABLE_PANE, HISTORY_PLUGIN];
/** Width in pixels from which a pane fits beside the editors; on narrower screens none is open at first. */
const WIDE = 700;
const FIRST_PANE = innerWidth >= WIDE ? EXAMPLES_PANE : undefined;
/** Where GraphiQL keeps the width of the pane over that of the editors, and the one that it begins with here. */
const [PANE_WIDTH, FIRST_PANE_WIDTH] = ["graphiql:docExplorerFlex", "0.5"];
/** Where the chosen purpose is kept until this browser tab is closed. */
const PURPOSE = "student-graph.purpose";

if (sessionStorage.getItem(PANE_WIDTH) === null) {
  sessionStorage.setItem(PANE_WIDTH, FIRST_PANE_WIDTH);
}

/** The purpose that was chosen before the page was loaded again; empty if the settings do not know it. */
function storedPurpose({ known }) {
  const purpose = sessionStorage.getItem(PURPOSE) ?? "";
  return known.length === 0 || known.includes(purpose) ? purpose : "";
}

/** What the page knows about the viewer of a token: whether they are an operator. Empty until it is known. */
function useViewer(token, purpose) {
  const [viewer, setViewer] = useState({});
  useEffect(() => {
    const controller = new AbortController();
    setViewer({});
    if (token) {
      fetch("/graphql", {
        method: "POST",
        headers: requestHeaders(token, { purpose }),
        body: JSON.stringify({ query: "{ viewer { operator } }" }),
        signal: controller.signal,
      })
        .then((response) => response.json())
        .then(({ data }) => setViewer(data?.viewer ?? {}))
        .catch(() => {}); // the page offers then what everyone may do
    }
    return () => controller.abort();
  }, [token, purpose]);
  return viewer;
}

/** GraphiQL with the panes of this graph, below a bar of controls for its requests. */
export function Page({ token: initialToken, people, issuers, examples, purposes }) {
  const [token, setToken] = useState(initialToken);
  const [options] = useState(() => createStore({ purpose: storedPurpose(purposes), noCache: false, explain: false }));
  const [progress] = useState(() => createStore(NO_REQUEST));
  const { purpose } = useValue(options);
  const required = purposes.required ? purpose : ""; // without a purpose that is required, there is no schema either
  useEffect(() => sessionStorage.setItem(PURPOSE, purpose), [purpose]);
  const viewer = useViewer(token, required);
  const isOperator = viewer.operator === true;
  const fetcher = useMemo(() => createFetcher(token, options, progress), [token, options, progress, required]);
  const page = useMemo(() => ({ examples, token, options, progress, viewer }), [examples, token, options, progress, viewer]);
  useEffect(() => {
    if (viewer.operator === false) {
      options.set({ ...options.get(), explain: false });
    }
  }, [viewer.operator, options]);
  return (
    <PageContext value={page}>
      <div className="student-graph">
        <Bar {...{ token, people, issuers, purposes, options, viewer: { operator: isOperator } }} onToken={setToken} />
        <main>
          <GraphiQL
            key={token}
            fetcher={fetcher}
            plugins={PANES}
            visiblePlugin={FIRST_PANE}
            storage={sessionStorage}
            defaultQuery={WELCOME}
            defaultEditorToolsVisibility="variables"
            isHeadersEditorEnabled={false}
            showPersistHeadersSettings={false}
          >
            <GraphiQL.Footer>
              <ResponseStatus />
            </GraphiQL.Footer>
          </GraphiQL>
        </main>
      </div>
    </PageContext>
  );
}
