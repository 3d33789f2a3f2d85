import { useState } from "react";

/** Where a paged list is: the cursors of the pages before, and how to move. */
export interface PageState {
  readonly cursors: readonly string[];
  readonly setCursors: (cursors: readonly string[]) => void;
}

/** The cursor of the page that is shown, and what `Pages` needs to move to another one. */
export function useCursor() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const pages: PageState = { cursors, setCursors };
  return { after: cursors.at(-1) ?? null, pages, restart: () => setCursors([]) };
}

interface PagesProps {
  readonly pages: PageState;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } | undefined;
}

/** Buttons to the page before and after; nothing if all fits on one page. */
export function Pages({ pages: { cursors, setCursors }, pageInfo }: PagesProps) {
  const next = pageInfo?.hasNextPage ? pageInfo.endCursor : null;
  if (cursors.length === 0 && !next) return null;
  return (
    <div className="filters">
      <button
        type="button"
        className="button"
        disabled={cursors.length === 0}
        onClick={() => setCursors(cursors.slice(0, -1))}
      >
        Previous page
      </button>
      <span className="quiet">Page {cursors.length + 1}</span>
      <button
        type="button"
        className="button"
        disabled={!next}
        onClick={() => next && setCursors([...cursors, next])}
      >
        Next page
      </button>
    </div>
  );
}
