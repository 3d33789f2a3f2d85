import "./styles.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { App, preload } from "./app";
import { createClient } from "./graph/client";
import { completeSignIn, loadIssuers } from "./session/sign-in";
import { SignInPage } from "./session/sign-in-page";
import { loadPeople, loadToken, storeToken } from "./session/token";

preload(location.hash);
await completeSignIn().catch((error: Error) => console.warn("sign-in failed:", error.message));
const people = await loadPeople();
const [firstPerson] = Object.values(people);
if (!loadToken() && firstPerson) {
  storeToken(firstPerson);
}
const token = loadToken();
const root = createRoot(document.getElementById("dashboard")!);
root.render(
  <StrictMode>
    {token ? (
      <Provider value={createClient(token)}>
        <App people={people} token={token} />
      </Provider>
    ) : (
      <SignInPage issuers={await loadIssuers()} />
    )}
  </StrictMode>,
);
