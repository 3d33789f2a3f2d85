import "./nonce.js";
import "./roles.js";
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createRoot } from "react-dom/client";

import { Page } from "./page.jsx";
import { completeSignIn, loadIssuers } from "./sign-in.js";
import { loadPeople, loadToken, storeToken } from "./token.js";

// A link with another code or token, opened in this tab: the browser loads nothing by itself.
addEventListener("hashchange", () => {
  if (/^#(code|token)=/.test(location.hash)) location.reload();
});
await completeSignIn().catch((error) => console.warn("sign-in failed:", error.message));
const people = await loadPeople();
if (!loadToken() && Object.keys(people).length) {
  storeToken(Object.values(people)[0]);
}
const token = loadToken();

/** What the gateway says about the page at an address of its own; `otherwise` if it does not answer. */
async function load(name, otherwise) {
  const response = await fetch(`/graphql/${name}.json`);
  return response.ok ? response.json() : otherwise;
}

const [examples, purposes, issuers] = await Promise.all([
  load("examples", []),
  load("purposes", { known: [], required: false }),
  loadIssuers(),
]);
createRoot(document.getElementById("graphiql")).render(
  <Page token={token} people={people} issuers={issuers} examples={examples} purposes={purposes} />,
);
