import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createRoot } from "react-dom/client";

import { Page } from "./page.jsx";
import { completeSignIn, loadIssuers } from "./sign-in.js";
import { loadPeople, loadToken, storeToken } from "./token.js";

await completeSignIn().catch((error) => console.warn("sign-in failed:", error.message));
const people = await loadPeople();
if (!loadToken() && Object.keys(people).length) {
  storeToken(Object.values(people)[0]);
}
const token = loadToken();

async function loadExamples() {
  const response = await fetch("/graphql/examples.json");
  return response.ok ? response.json() : [];
}

const [examples, issuers] = await Promise.all([loadExamples(), loadIssuers()]);
createRoot(document.getElementById("graphiql")).render(<Page token={token} people={people} issuers={issuers} examples={examples} />);
