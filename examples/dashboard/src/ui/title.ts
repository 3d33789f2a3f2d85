import { useEffect } from "react";

import { TITLE } from "../district";

/** Name the page in the browser's tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – ${TITLE}`;
  }, [title]);
}
