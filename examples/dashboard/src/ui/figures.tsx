import type { ReactNode } from "react";

/** A row of numbers with their names. */
export function Figures({ children }: { readonly children: ReactNode }) {
  return <dl className="figures">{children}</dl>;
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  /** What the number is counted out of, or why it is as it is. */
  readonly children?: ReactNode;
}

/** A number with its name. */
export function Figure({ label, value, children }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {value} {children && <small>{children}</small>}
      </dd>
    </div>
  );
}
