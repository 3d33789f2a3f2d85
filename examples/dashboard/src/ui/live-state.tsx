import { clock } from "../format";

interface Props {
  /** When the last answer came; undefined before the first one. */
  readonly readAt: Date | undefined;
  /** Whether changes appear by themselves. */
  readonly isOpen: boolean;
}

/** Whether the page changes by itself, and when it did last; nothing if it never did. */
export function LiveState({ readAt, isOpen }: Props) {
  return (
    <p className="live quiet no-print" role="status" data-open={isOpen || undefined}>
      {readAt && (
        <>
          {isOpen ? "Live, read at " : "Not live at the moment, read at "}
          <time dateTime={readAt.toISOString()}>{clock(readAt)}</time>
        </>
      )}
    </p>
  );
}
