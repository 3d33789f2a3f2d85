const TOKEN_KEY = "student-graph.token";
const PEOPLE_KEY = "student-graph.people";

/**
 * The token in the address' fragment, otherwise the token of this tab; empty without one.
 *
 * A fragment is never sent to a server. It is removed from the address so that neither the history nor a copied
 * link contains the token.
 */
export function loadToken() {
  const token = takeFragmentParameter("token");
  if (token) {
    storeToken(token);
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

/**
 * Tokens of the demo's people, by name; empty without the code in the address that the demo printed.
 *
 * The page itself contains no token, because everyone on this machine can open it.
 */
export async function loadPeople() {
  const code = takeFragmentParameter("code");
  if (code) {
    const response = await fetch("/graphql/people", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (response.ok) {
      const people = await response.json();
      sessionStorage.setItem(PEOPLE_KEY, JSON.stringify(people));
      if (!Object.values(people).includes(sessionStorage.getItem(TOKEN_KEY))) {
        sessionStorage.removeItem(TOKEN_KEY); // it is from another run of the demo
      }
    }
  }
  return JSON.parse(sessionStorage.getItem(PEOPLE_KEY) ?? "{}");
}

/** Return a parameter of the address' fragment, and remove the fragment if it has it. */
function takeFragmentParameter(name) {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (value) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return value;
}

/** Store the token until this browser tab is closed. */
export function storeToken(token) {
  sessionStorage.setItem(TOKEN_KEY, token);
}
