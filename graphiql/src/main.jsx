import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createRoot } from "react-dom/client";

import { Page } from "./page.jsx";
import { comeBack, issuers } from "./sign-in.js";
import { keepToken, takePeople, takeToken } from "./token.js";

await comeBack().catch((problem) => console.warn("signing in failed:", problem.message));
const people = await takePeople();
if (!takeToken() && Object.keys(people).length) {
  keepToken(Object.values(people)[0]);
}
const shown = takeToken();

async function examples() {
  const answer = await fetch("/graphql/examples.json");
  return answer.ok ? answer.json() : [];
}

const [documents, offered] = await Promise.all([examples(), issuers()]);
createRoot(document.getElementById("graphiql")).render(<Page token={shown} people={people} issuers={offered} examples={documents} />);
