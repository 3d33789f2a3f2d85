import { GraphiQL } from "graphiql";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useMemo, useState } from "react";
import { createPortal } from "react-dom";

import { leave } from "./sign-in.js";
import { keepToken } from "./token.js";

const WELCOME = "# Choose one of the examples above, or write a query and press Ctrl-Enter.\n\n{\n  viewer {\n    role\n  }\n}\n";

/** Asks this gateway, and nobody else, with the token in a header. */
function fetcherWith(token) {
  return async (operation, options = {}) => {
    const answer = await fetch("/graphql", {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/json",
        ...options.headers,
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(operation),
    });
    return answer.json();
  };
}

/** A menu of the example documents; choosing one opens it in a tab of its own. */
function Examples({ documents }) {
  const editor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const { addTab } = useGraphiQLActions();
  const open = (event) => {
    const chosen = documents.find((document) => document.name === event.target.value);
    addTab();
    editor.setValue(chosen.query);
    variableEditor.setValue(Object.keys(chosen.variables).length ? JSON.stringify(chosen.variables, null, 2) : "");
  };
  return (
    <label>
      Examples
      <select value="" onChange={open} disabled={!editor || !variableEditor || documents.length === 0} data-testid="examples">
        <option value="" disabled>
          {documents.length === 0 ? "none found" : "choose one"}
        </option>
        {documents.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The token that requests carry; a new one asks for the schema anew. */
function TokenField({ token, onToken }) {
  const [typed, setTyped] = useState(token);
  const submit = (event) => {
    event.preventDefault();
    keepToken(typed.trim());
    onToken(typed.trim());
  };
  return (
    <form onSubmit={submit}>
      <label>
        Token
        <input
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="as the gateway printed it"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          data-testid="token"
        />
      </label>
      <button type="submit">Use</button>
    </form>
  );
}

/** A menu of the demo's people: the same query as each of them. */
function People({ people, token }) {
  const names = Object.keys(people);
  const choose = (event) => {
    keepToken(people[event.target.value]);
    location.reload(); // the tabs are kept; what the last one was answered is not
  };
  return (
    <label>
      As
      <select value={names.find((name) => people[name] === token) ?? ""} onChange={choose} data-testid="people">
        <option value="" disabled>
          somebody else
        </option>
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** GraphiQL with the gateway's examples and a token field above it. */
export function Page({ token: first, people, issuers, examples }) {
  const [token, setToken] = useState(first);
  const fetcher = useMemo(() => fetcherWith(token), [token]);
  const [bar, setBar] = useState(null);
  return (
    <div className="student-graph">
      <header>
        <strong>student graph</strong>
        <span ref={setBar} />
        {Object.keys(people).length > 0 && <People people={people} token={token} />}
        {issuers.map((issuer) => (
          <button key={issuer.issuer} type="button" onClick={() => leave(issuer)} data-testid="sign-in">
            Sign in{issuers.length > 1 && ` at ${new URL(issuer.issuer).hostname}`}
          </button>
        ))}
        <TokenField key={token} token={token} onToken={setToken} />
      </header>
      <GraphiQL
        key={token}
        fetcher={fetcher}
        storage={sessionStorage}
        defaultQuery={WELCOME}
        defaultEditorToolsVisibility="variables"
        isHeadersEditorEnabled={false}
        showPersistHeadersSettings={false}
      >
        {/* The menu needs the editor that lives in here, and stands in the bar above. */}
        <GraphiQL.Logo>{bar && createPortal(<Examples documents={examples} />, bar)}</GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}
