const TOKEN_KEY = "student-graph.token";
const PEOPLE_KEY = "student-graph.people";

/** Tokens of the demo's people, by name. */
export type People = Readonly<Record<string, string>>;

/** The token of this browser tab; empty without one. */
export function loadToken(): string {
  return sessionStorage.getItem(TOKEN_KEY) ?? "";
}

/** Store the token until this browser tab is closed. */
export function storeToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** Forget who is signed in, and open the page again: it asks for a sign-in. */
export function signOut(): void {
  sessionStorage.removeItem(TOKEN_KEY);
  sessionStorage.removeItem(PEOPLE_KEY);
  location.reload(); // drops everything that the person could see
}

/**
 * Tokens of the demo's people; empty without the code in the address that the demo printed.
 *
 * A fragment is never sent to a server. The code is removed from the address, so that a copied link does not have it.
 */
export async function loadPeople(): Promise<People> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname);
    const response = await fetch("/graphql/people", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    });
    if (response.ok) {
      const people = (await response.json()) as People;
      sessionStorage.setItem(PEOPLE_KEY, JSON.stringify(people));
      if (!Object.values(people).includes(sessionStorage.getItem(TOKEN_KEY) ?? "")) {
        sessionStorage.removeItem(TOKEN_KEY); // it is from another run of the demo
      }
    }
  }
  return JSON.parse(sessionStorage.getItem(PEOPLE_KEY) ?? "{}") as People;
}
