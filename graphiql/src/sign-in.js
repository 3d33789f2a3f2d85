import * as oauth from "oauth4webapi";

import { keepToken } from "./token.js";

const KEPT = "student-graph.sign-in";

/** The issuers at which somebody may sign in; none where the gateway offers none. */
export async function issuers() {
  const answer = await fetch("/graphql/sign-in.json");
  return answer.ok ? answer.json() : [];
}

/** Leave for the issuer, by the authorization code flow with PKCE; the page comes back with a code. */
export async function leave(issuer) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  sessionStorage.setItem(KEPT, JSON.stringify({ verifier, state, issuer }));
  const address = new URL(issuer.authorizationUrl);
  address.search = new URLSearchParams({
    ...Object.fromEntries(address.searchParams),
    response_type: "code",
    client_id: issuer.clientId,
    redirect_uri: here(),
    scope: issuer.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  location.assign(address);
}

/** Take the code that the issuer sent back, and turn it into a token; nothing else of the address is believed. */
export async function comeBack() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
  const address = new URL(location.href);
  if (!kept || !address.searchParams.has("state")) {
    return;
  }
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, "", location.pathname);
  const { verifier, state, issuer } = kept;
  const server = { issuer: issuer.issuer, token_endpoint: issuer.tokenUrl };
  const client = { client_id: issuer.clientId };
  // Only an issuer on this machine is asked in the clear: the gateway's settings take no other.
  const options = { [oauth.allowInsecureRequests]: issuer.tokenUrl.startsWith("http://") };
  const parameters = oauth.validateAuthResponse(server, client, address, state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server, client, oauth.None(), parameters, here(), verifier, options,
  );
  const token = await oauth.processAuthorizationCodeResponse(server, client, answer);
  keepToken(token.access_token);
}

/** Where the issuer sends the browser back to. */
function here() {
  return location.origin + location.pathname;
}
