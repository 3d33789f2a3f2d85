import { meros } from "meros/browser";

/** Progress before the first request; see `createFetcher`. */
export const NO_REQUEST = { phase: "idle", number: 0 };

/** The headers that the controls of the page stand for. */
export function requestHeaders(token, { purpose, noCache, explain }) {
  return {
    "content-type": "application/json",
    ...(token && { authorization: `Bearer ${token}` }),
    ...(purpose && { "student-graph-purpose": asBytes(purpose) }),
    ...(noCache && { "cache-control": "no-cache" }),
    ...(explain && { "x-student-graph-explain": "1" }),
  };
}

/** A text in UTF-8, one character for each byte: headers take no others. */
function asBytes(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

/**
 * A GraphiQL fetcher that sends queries to this gateway only.
 *
 * `options` is a store of the page's controls, read for each request. `progress` is a store of what happens to the
 * request that was sent last: its number, its phase (`idle`, `sent`, `parts`, `done` or `failed`), its milliseconds so
 * far, the number of parts, and the labels of parts that are still to come.
 */
export function createFetcher(token, options, progress) {
  return async (operation) => {
    const isIntrospection = operation.operationName === "IntrospectionQuery";
    const settings = options.get();
    const controller = new AbortController();
    const request = isIntrospection ? null : new SentRequest(progress);
    const { purpose } = settings;
    try {
      const response = await fetch("/graphql", {
        method: "POST",
        headers: {
          accept: "multipart/mixed;incrementalSpec=v0.2, application/json",
          ...requestHeaders(token, isIntrospection ? { purpose } : settings),
        },
        body: JSON.stringify(operation),
        signal: controller.signal,
      });
      const parts = await meros(response);
      if (parts === response) {
        const result = await response.json();
        request?.end("done");
        return result;
      }
      return inParts(parts, request, controller);
    } catch (error) {
      request?.end("failed");
      throw error;
    }
  };
}

/** Notes the progress of one request, unless another one was sent since. */
class SentRequest {
  constructor(progress) {
    this.progress = progress;
    this.started = performance.now();
    this.pending = new Map();
    const number = progress.get().number + 1;
    this.state = { phase: "sent", number, milliseconds: 0, parts: 0, waitingFor: [] };
    progress.set(this.state);
  }

  /** A part has arrived: it says which parts are still to come. */
  part({ pending = [], completed = [] }) {
    pending.forEach(({ id, label, path }) => this.pending.set(id, label ?? path.join(".")));
    completed.forEach(({ id }) => this.pending.delete(id));
    this.update({ phase: "parts", parts: this.state.parts + 1, waitingFor: [...this.pending.values()] });
  }

  end(phase) {
    this.update({ phase, waitingFor: [] });
  }

  update(changes) {
    const isLast = this.progress.get() === this.state;
    this.state = { ...this.state, ...changes, milliseconds: performance.now() - this.started };
    if (isLast) {
      this.progress.set(this.state);
    }
  }
}

/** The parts of a response as GraphiQL merges them. If it stops to read, the request ends. */
function inParts(parts, request, controller) {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const { done, value } = await parts.next();
          if (done) {
            request?.end("done");
            return { done: true };
          }
          if (!value.json) {
            throw new Error("A part of the response is not JSON.");
          }
          request?.part(value.body);
          return { done: false, value: value.body };
        } catch (error) {
          request?.end("failed");
          if (controller.signal.aborted) {
            return { done: true }; // what has arrived stays on the screen
          }
          throw error;
        }
      },
      async return() {
        controller.abort();
        return { done: true };
      },
    }),
  };
}
