import { type ReactNode, useId } from "react";

import type { Problem } from "../graph/problems";
import { Notices } from "./notice";

interface CardProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly problems?: readonly Problem[];
  readonly onRetry?: () => void;
  /** Sources of the records, below them. */
  readonly footer?: ReactNode;
  readonly wide?: boolean;
}

/** A titled part of a page: what is known, why the rest is missing, and where it came from. */
export function Card({ title, children, problems = [], onRetry, footer, wide }: CardProps) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id} data-wide={wide || undefined}>
      <h2 id={id}>{title}</h2>
      <Notices problems={problems} onRetry={onRetry} />
      {children}
      {footer}
    </section>
  );
}

interface DeferredProps {
  readonly title: string;
  /** The part of the page; false until its data has arrived. */
  readonly children: ReactNode;
  /** Whether the answer is complete, so that nothing more will arrive. */
  readonly finished: boolean;
  readonly problems: readonly Problem[];
  readonly onRetry: () => void;
  /** As that of the part, so that nothing moves when it arrives. */
  readonly wide?: boolean;
}

/** A part of the page whose data may arrive later than the rest, or never. */
export function Deferred({ title, children, finished, problems, onRetry, wide }: DeferredProps) {
  if (children) return children;
  if (finished) {
    const missing: Problem = { code: "NOT_ARRIVED", path: [], retryable: true };
    return <Card title={title} problems={problems.length > 0 ? problems : [missing]} onRetry={onRetry} wide={wide} />;
  }
  return (
    <Card title={title} wide={wide}>
      <Waiting />
    </Card>
  );
}

/** Says that data is on its way. */
export function Waiting() {
  return (
    <p className="waiting" role="status">
      Loading…
    </p>
  );
}

/** Says that there is nothing, in the words of the part. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
