import { createContext, useContext } from "react";

/**
 * What the panes need of the page: `examples`, `token`, `options` and `progress` (stores; see `createFetcher`), and
 * `viewer` (`{operator}`; empty until it is known).
 */
export const PageContext = createContext(null);

/** The page that a pane is a part of. */
export function usePage() {
  return useContext(PageContext);
}
