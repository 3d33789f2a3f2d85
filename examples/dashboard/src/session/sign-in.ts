import { storeToken } from "./token";

const STORAGE_KEY = "student-graph.sign-in";

/** An issuer of OpenID Connect that users can sign in with, as the gateway names it. */
export interface Issuer {
  readonly issuer: string;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scope: string;
}

/** Loads the code that signs in: most visitors have signed in before. */
const loadOAuth = () => import("oauth4webapi");

interface StartedSignIn {
  readonly verifier: string;
  readonly state: string;
  readonly issuer: Issuer;
}

/** The issuers that users can sign in with; empty if the gateway has none. */
export async function loadIssuers(): Promise<readonly Issuer[]> {
  const response = await fetch("/graphql/sign-in.json");
  return response.ok ? ((await response.json()) as Issuer[]) : [];
}

/** Start the authorization code flow with PKCE: go to the issuer, which sends the browser back here with a code. */
export async function startSignIn(issuer: Issuer): Promise<void> {
  const oauth = await loadOAuth();
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ verifier, state, issuer } satisfies StartedSignIn));
  const address = new URL(issuer.authorizationUrl);
  address.search = new URLSearchParams({
    ...Object.fromEntries(address.searchParams),
    response_type: "code",
    client_id: issuer.clientId,
    redirect_uri: redirectUri(),
    scope: issuer.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).toString();
  location.assign(address);
}

/**
 * Exchange the code that the issuer sent back for a token, and store the token.
 *
 * Does nothing if no sign-in was started here. The issuer comes from the stored sign-in, never from the address.
 */
export async function completeSignIn(): Promise<void> {
  const started = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as StartedSignIn | null;
  const address = new URL(location.href);
  if (!started || !address.searchParams.has("state")) {
    return;
  }
  sessionStorage.removeItem(STORAGE_KEY);
  const oauth = await loadOAuth();
  history.replaceState(null, "", location.pathname);
  const { verifier, state, issuer } = started;
  const server = { issuer: issuer.issuer, token_endpoint: issuer.tokenUrl };
  const client = { client_id: issuer.clientId };
  // The gateway's settings allow plain HTTP only for an issuer on this machine.
  const options = { [oauth.allowInsecureRequests]: issuer.tokenUrl.startsWith("http://") };
  const parameters = oauth.validateAuthResponse(server, client, address, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    verifier,
    options,
  );
  storeToken((await oauth.processAuthorizationCodeResponse(server, client, response)).access_token);
}

/** The address that the issuer sends the browser back to. */
function redirectUri(): string {
  return location.origin + location.pathname;
}
