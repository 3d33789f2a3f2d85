const KEY = "student-graph.token";
const PEOPLE = "student-graph.people";

/**
 * The token of the address' fragment, else of this tab.
 *
 * A fragment is never sent to a server; it is taken out of the address so that neither the history nor a
 * copied link carries the token.
 */
export function takeToken() {
  const given = taken("token");
  if (given) {
    keepToken(given);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

/**
 * The demo's people and their tokens, by name, for whoever has the code of the address that the demo printed.
 *
 * The page itself holds no token: it is the same for everybody on this machine.
 */
export async function takePeople() {
  const code = taken("code");
  if (code) {
    const answer = await fetch("/graphql/people", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (answer.ok) {
      sessionStorage.setItem(PEOPLE, JSON.stringify(await answer.json()));
    }
  }
  return JSON.parse(sessionStorage.getItem(PEOPLE) ?? "{}");
}

/** A part of the address' fragment, which is taken out of it. */
function taken(name) {
  const given = new URLSearchParams(location.hash.slice(1)).get(name);
  if (given) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given;
}

/** Keep the token for as long as this browser tab is open. */
export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}
