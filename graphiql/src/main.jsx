import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./page.css";

import { createRoot } from "react-dom/client";

import { Page } from "./page.jsx";
import { keepToken, takePeople, takeToken } from "./token.js";

const people = await takePeople();
if (!takeToken() && Object.keys(people).length) {
  keepToken(Object.values(people)[0]);
}
const shown = takeToken();

async function examples() {
  const answer = await fetch("/graphql/examples.json");
  return answer.ok ? answer.json() : [];
}

const documents = await examples();
createRoot(document.getElementById("graphiql")).render(<Page token={shown} people={people} examples={documents} />);
