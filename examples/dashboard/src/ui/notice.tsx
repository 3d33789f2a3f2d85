import { counted } from "../format";
import { distinct, explain, type Problem } from "../graph/problems";
import { signOut } from "../session/token";

interface NoticesProps {
  readonly problems: readonly Problem[];
  /** Asks again; offered where that may help. */
  readonly onRetry?: () => void;
}

/** Why something is missing, in plain words; nothing if there are no problems. */
export function Notices({ problems, onRetry }: NoticesProps) {
  if (problems.length === 0) return null;
  const retryable = problems.some((problem) => problem.retryable);
  const signedOut = problems.some(({ code }) => code === "UNAUTHENTICATED");
  return (
    <div className="notice" data-kind={retryable ? "failure" : "rule"} role="status">
      <ul>
        {distinct(problems).map((problem) => (
          <li key={`${problem.code} ${problem.source} ${problem.sensitivity}`} data-code={problem.code}>
            {explain(problem)}
            {!!problem.students && ` This is about ${counted(problem.students, "student")}.`}
          </li>
        ))}
      </ul>
      {retryable && onRetry && (
        <button type="button" className="button no-print" onClick={onRetry}>
          Try again
        </button>
      )}
      {signedOut && (
        <button type="button" className="button no-print" onClick={signOut}>
          Sign in again
        </button>
      )}
    </div>
  );
}
