/**
 * What the browser runs first: it sends the first requests, and loads the rest of the code meanwhile.
 */
import "./styles.css";

import { SessionDocument } from "./gql/graphql";
import { sendEarly } from "./graph/early";
import { preload } from "./pages/loaders";
import { loadToken } from "./session/token";

const token = loadToken();
const requests = preload(location.hash);
// Where a sign-in ends, another token comes first.
if (token && !location.search) {
  for (const request of [{ document: SessionDocument, variables: {} }, ...requests]) sendEarly(request, token);
}
import("./start").catch((error: unknown) => {
  console.error(error);
  const text = "The dashboard did not load. Check the connection, and open the page again.";
  document.querySelector("#dashboard .waiting")?.replaceChildren(text);
});
