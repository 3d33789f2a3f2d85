import { useSyncExternalStore } from "react";

/** A value that is changed outside of React, and that components read with `useValue`. */
export function createStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The present value of a store. */
export function useValue(store) {
  return useSyncExternalStore(store.subscribe, store.get);
}
