import { StrictMode } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { App } from "./app";
import { LOCALE } from "./format";
import { createClient } from "./graph/client";
import { completeSignIn, loadIssuers } from "./session/sign-in";
import { SignInPage } from "./session/sign-in-page";
import { loadPeople, loadToken, storeToken } from "./session/token";

// The link of another run of the demo, opened in this tab: the browser loads nothing by itself.
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#code=")) void loadPeople().then(() => location.reload());
});
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
    <I18nProvider locale={LOCALE}>
      {token ? (
        <Provider value={createClient(token)}>
          <App people={people} token={token} />
        </Provider>
      ) : (
        <SignInPage issuers={await loadIssuers()} />
      )}
    </I18nProvider>
  </StrictMode>,
);
