import { GraphiQL } from "graphiql";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useMemo, useState } from "react";
import { createPortal } from "react-dom";

import { startSignIn } from "./sign-in.js";
import { storeToken } from "./token.js";

const WELCOME = "# Choose an example above, or write a query and press Ctrl-Enter.\n\n{\n  viewer {\n    role\n  }\n}\n";

/** A GraphiQL fetcher that sends queries to this gateway only, with the token in the Authorization header. */
function createFetcher(token) {
  return async (operation, options = {}) => {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: {
        accept: "application/json",
        "content-type": "application/json",
        ...options.headers,
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(operation),
    });
    return response.json();
  };
}

/** A menu of example queries. Choosing one opens it in a new tab. */
function ExampleMenu({ examples }) {
  const editor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const { addTab } = useGraphiQLActions();
  const openExample = (event) => {
    const example = examples.find(({ name }) => name === event.target.value);
    addTab();
    editor.setValue(example.query);
    variableEditor.setValue(Object.keys(example.variables).length ? JSON.stringify(example.variables, null, 2) : "");
  };
  return (
    <label>
      Examples
      <select value="" onChange={openExample} disabled={!editor || !variableEditor || examples.length === 0} data-testid="examples">
        <option value="" disabled>
          {examples.length === 0 ? "no examples" : "choose an example"}
        </option>
        {examples.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The token that is sent with requests. A new token reloads the schema. */
function TokenField({ token, onToken }) {
  const [input, setInput] = useState(token);
  const submit = (event) => {
    event.preventDefault();
    storeToken(input.trim());
    onToken(input.trim());
  };
  return (
    <form onSubmit={submit}>
      <label>
        Token
        <input
          type="password"
          autoComplete="off"
          spellCheck="false"
          placeholder="token printed by the gateway"
          value={input}
          onChange={(event) => setInput(event.target.value)}
          data-testid="token"
        />
      </label>
      <button type="submit">Use</button>
    </form>
  );
}

/** A menu of the demo's people, to run the same query as each of them. */
function PeopleMenu({ people, token }) {
  const names = Object.keys(people);
  const signInAs = (event) => {
    storeToken(people[event.target.value]);
    location.reload(); // keeps the open tabs, and drops the results that the other person could see
  };
  return (
    <label>
      As
      <select value={names.find((name) => people[name] === token) ?? ""} onChange={signInAs} data-testid="people">
        <option value="" disabled>
          another person
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

/** GraphiQL below a bar with example queries, people to sign in as, and the token. */
export function Page({ token: initialToken, people, issuers, examples }) {
  const [token, setToken] = useState(initialToken);
  const fetcher = useMemo(() => createFetcher(token), [token]);
  const [menuSlot, setMenuSlot] = useState(null);
  return (
    <div className="student-graph">
      <header>
        <strong>student graph</strong>
        <span ref={setMenuSlot} />
        {Object.keys(people).length > 0 && <PeopleMenu people={people} token={token} />}
        {issuers.map((issuer) => (
          <button key={issuer.issuer} type="button" onClick={() => startSignIn(issuer)} data-testid="sign-in">
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
        {/* The menu uses the editor's context, so it is created here and shown in the bar above. */}
        <GraphiQL.Logo>{menuSlot && createPortal(<ExampleMenu examples={examples} />, menuSlot)}</GraphiQL.Logo>
      </GraphiQL>
    </div>
  );
}
