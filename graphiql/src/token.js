const KEY = "student-graph.token";

/**
 * The token of the address' fragment, else of this tab.
 *
 * A fragment is never sent to a server; it is taken out of the address so that neither the history nor a
 * copied link carries the token.
 */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    keepToken(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

/** Keep the token for as long as this browser tab is open. */
export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}
