import { useState } from "react";

import { startSignIn } from "./sign-in.js";
import { useValue } from "./store.js";
import { storeToken } from "./token.js";

/** The bar above GraphiQL: who sends requests, for which purpose, and what else is asked of the gateway. */
export function Bar({ token, onToken, people, issuers, purposes, options, viewer }) {
  return (
    <header className="sg-bar">
      <h1>student graph</h1>
      {Object.keys(people).length > 0 && <PeopleMenu people={people} token={token} />}
      <PurposeField purposes={purposes} options={options} />
      <Switch name="noCache" options={options} hint="Sends Cache-Control: no-cache, so that the vendors are asked">
        No cache
      </Switch>
      <Switch
        name="explain"
        options={options}
        disabled={!viewer.operator}
        hint={viewer.operator ? "Sends X-Student-Graph-Explain, for the pane Plan" : "Only operators may see plans"}
      >
        Explain
      </Switch>
      <span className="sg-end">
        {issuers.map((issuer) => (
          <button key={issuer.issuer} type="button" onClick={() => startSignIn(issuer)} data-testid="sign-in">
            Sign in{issuers.length > 1 && ` at ${new URL(issuer.issuer).hostname}`}
          </button>
        ))}
        <TokenField key={token} token={token} onToken={onToken} />
      </span>
    </header>
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

/** The purpose of the requests: a menu of those that the settings name, otherwise any text. */
function PurposeField({ purposes, options }) {
  const { purpose } = useValue(options);
  const change = (event) => options.set({ ...options.get(), purpose: event.target.value });
  return (
    <label>
      Purpose
      {purposes.known.length > 0 ? (
        <select value={purpose} onChange={change} data-testid="purpose">
          <option value="">{purposes.required ? "choose one" : "none"}</option>
          {purposes.known.map((known) => (
            <option key={known}>{known}</option>
          ))}
        </select>
      ) : (
        <input value={purpose} onChange={change} maxLength={64} placeholder="none" data-testid="purpose" />
      )}
    </label>
  );
}

function Switch({ name, options, disabled = false, hint, children }) {
  const isOn = useValue(options)[name];
  return (
    <label title={hint}>
      <input
        type="checkbox"
        role="switch"
        checked={isOn && !disabled}
        disabled={disabled}
        onChange={(event) => options.set({ ...options.get(), [name]: event.target.checked })}
      />
      {children}
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
