import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useId, useState } from "react";

import { usePage } from "./page-context.js";
import { Pane } from "./pane.jsx";

/** What an empty tab holds. */
export const WELCOME = "# Choose an example, or write a query and press Ctrl-Enter.\n\n{\n  viewer {\n    role\n  }\n}\n";

/** The example documents as a list with a search. */
function ExamplesPane() {
  const { examples } = usePage();
  const [search, setSearch] = useState("");
  const searchId = useId();
  const openExample = useOpenExample();
  const words = search.toLowerCase().split(/\s+/);
  const matching = examples.filter(({ query }) => words.every((word) => query.toLowerCase().includes(word)));
  return (
    <Pane title="Examples">
      <label htmlFor={searchId}>Search titles, notes and fields</label>
      <input id={searchId} type="search" value={search} onChange={(event) => setSearch(event.target.value)} />
      <p role="status">
        {matching.length} of {examples.length} examples
      </p>
      <ul className="sg-examples">
        {matching.map((example) => (
          <li key={example.name}>
            <button type="button" onClick={() => openExample(example)} data-example={example.name}>
              <span>{example.title}</span>
              <small>{notesOf(example.query)}</small>
            </button>
          </li>
        ))}
      </ul>
    </Pane>
  );
}

/** The notes of a document: its comments between the title and the operation. */
function notesOf(query) {
  const lines = query.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines
    .slice(1, end)
    .map((line) => line.replace(/^#\s*/, ""))
    .join(" ")
    .trim();
}

/**
 * A function that opens an example: in the tab that has it, otherwise in this tab if its text is an unchanged example
 * or the welcome, otherwise in a new tab. A text that somebody wrote is never replaced. Enter then runs the query.
 */
function useOpenExample() {
  const { examples } = usePage();
  const { queryEditor, variableEditor, responseEditor, tabs, activeTabIndex } = useGraphiQL((state) => state);
  const { addTab, changeTab, stop, updateActiveTabValues } = useGraphiQLActions();
  return ({ query, variables }) => {
    const texts = tabs.map((tab, index) => (index === activeTabIndex ? queryEditor.getValue() : tab.query));
    if (texts[activeTabIndex] !== query) {
      const index = texts.indexOf(query);
      const present = texts[activeTabIndex];
      const isUnchanged = !present.trim() || present === WELCOME || examples.some((example) => example.query === present);
      if (index >= 0) {
        changeTab(index);
      } else {
        stop();
        if (!isUnchanged) {
          addTab();
        }
        queryEditor.setValue(query);
        variableEditor.setValue(Object.keys(variables).length ? JSON.stringify(variables, null, 2) : "");
        responseEditor.setValue("");
        updateActiveTabValues({ response: null });
      }
    }
    document.querySelector(".graphiql-execute-button").focus();
  };
}

function ExamplesIcon(props) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" {...props}>
      <path d="M5.5 3.5h9M5.5 8h9M5.5 12.5h9M1.5 3.5h1M1.5 8h1M1.5 12.5h1" />
    </svg>
  );
}

export const EXAMPLES_PANE = { title: "Examples", icon: ExamplesIcon, content: ExamplesPane };
