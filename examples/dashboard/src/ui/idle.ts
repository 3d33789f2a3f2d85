/** From when on idle time is not waited for any longer. */
const MAX_WAIT_MILLISECONDS = 3_000;
/** How long to wait in a browser that does not say when it is idle, such as Safari. */
const FALLBACK_MILLISECONDS = 100;

/** Resolves when the browser has nothing more urgent to do. */
export function whenIdle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: MAX_WAIT_MILLISECONDS });
    else setTimeout(resolve, FALLBACK_MILLISECONDS);
  });
}
