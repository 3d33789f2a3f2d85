import { TITLE } from "../district";
import { type Issuer, startSignIn } from "./sign-in";

/** What a person without a token sees. */
export function SignInPage({ issuers }: { readonly issuers: readonly Issuer[] }) {
  return (
    <main className="sign-in">
      <h1>{TITLE}</h1>
      {issuers.length === 0 && <p>Open the link that the gateway's demo printed: it signs you in.</p>}
      {issuers.map((issuer) => (
        <button
          key={issuer.issuer}
          type="button"
          className="button"
          onClick={() => void startSignIn(issuer)}
        >
          Sign in{issuers.length > 1 && ` at ${new URL(issuer.issuer).hostname}`}
        </button>
      ))}
    </main>
  );
}
