import { useEffect, useState } from "react";
import { type AnyVariables, createRequest, type OperationResult, type TypedDocumentNode, useClient } from "urql";

/** Why a live document ended, as the last event of its stream says. */
interface End {
  readonly retryable: boolean;
  /** Seconds after which the document may be opened again. */
  readonly retryAfter?: number;
}

/** What a live document knows. */
export interface Live<Data, Variables extends AnyVariables> {
  /** The last answer; undefined before the first one. */
  readonly result?: OperationResult<Data, Variables>;
  /** When the last answer came; undefined before the first one. */
  readonly readAt?: Date;
  /** Whether the gateway sends the next answer as soon as there is another one. */
  readonly isOpen: boolean;
}

const CLOSED = { isOpen: false };
/** Seconds until a lost connection is opened again at first and at most; a random part is added. */
const [FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS] = [2, 60];

/** Asks for a stream of events, which is how the gateway sends live documents. */
const fetchEvents: typeof fetch = (input, init) =>
  fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), accept: "text/event-stream" } });

/**
 * The answers to a document, each as soon as the gateway has another one. None before `isWanted`, and none if the
 * gateway has no live documents: then the page is as it was when it was opened.
 */
export function useLive<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  isWanted: boolean,
): Live<Data, Variables> {
  const client = useClient();
  const [live, setLive] = useState<Live<Data, Variables>>(CLOSED);
  const [attempt, setAttempt] = useState({ number: 0, failures: 0 });
  const key = createRequest(document, variables).key;
  useEffect(() => {
    if (!isWanted) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let { failures } = attempt;
    let last: Data | undefined;
    const close = () => setLive((known) => ({ ...known, isOpen: false }));
    const openAgain = (seconds: number) => {
      close();
      timer = setTimeout(() => setAttempt(({ number }) => ({ number: number + 1, failures })), seconds * 1000);
    };
    const onResult = (result: OperationResult<Data, Variables>) => {
      if (timer) return;
      const end = result.extensions?.["live"] as End | undefined;
      // A stream that was cut brings the last data once more.
      const isCut = !!result.data && result.data === last;
      if (end?.retryable) {
        openAgain(end.retryAfter ?? FIRST_RETRY_SECONDS);
      } else if (end || (!result.data && !result.error?.networkError)) {
        close();
      } else if (isCut || !result.data) {
        const seconds = Math.min(FIRST_RETRY_SECONDS * 2 ** failures, MAX_RETRY_SECONDS);
        failures += 1;
        openAgain(seconds * (1 + Math.random()));
      } else {
        failures = 0;
        last = result.data;
        setLive({ result, readAt: new Date(), isOpen: true });
      }
    };
    const request = createRequest(document, variables);
    const { unsubscribe } = client
      .executeQuery(request, { requestPolicy: "network-only", fetch: fetchEvents })
      .subscribe(onResult);
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
    // The key stands for the document and its variables.
  }, [client, key, isWanted, attempt]);
  return live;
}
