import { findNodeAtLocation, parseTree } from "jsonc-parser";
import { useGraphiQL } from "@graphiql/react";
import { useDeferredValue } from "react";

const NONE = {};
let lastText = "";
let lastResponse = NONE;

/** The response of the open tab as it is on the screen: data, errors and extensions; empty without one. */
export function useResponse() {
  const text = useDeferredValue(useGraphiQL((state) => state.tabs[state.activeTabIndex]?.response ?? ""));
  return parseOnce(text);
}

/** All panes show the same response, so that its text is parsed once. */
function parseOnce(text) {
  if (text !== lastText) {
    lastText = text;
    try {
      lastResponse = Object(text ? JSON.parse(text) : NONE);
    } catch {
      lastResponse = NONE; // a message of GraphiQL about a request that could not be sent
    }
  }
  return lastResponse;
}

/** A path of the response as a text, such as `students.edges[3].node`. */
export function pathText(path) {
  return path.map((step, index) => (typeof step === "number" ? `[${step}]` : index ? `.${step}` : step)).join("");
}

/** A function that selects a place of the response in the editor, or the nearest place above it that exists. */
export function useJump() {
  const editor = useGraphiQL((state) => state.responseEditor);
  return (path) => {
    const model = editor.getModel();
    const tree = parseTree(model.getValue());
    const steps = ["data", ...path];
    let node;
    while (tree && steps.length && !(node = findNodeAtLocation(tree, steps))) {
      steps.pop();
    }
    if (!node) {
      return;
    }
    const member = node.parent?.type === "property" ? node.parent : node;
    const start = model.getPositionAt(member.offset);
    const isLong = member.length > 400;
    const end = isLong ? { ...start, column: model.getLineMaxColumn(start.lineNumber) } : model.getPositionAt(member.offset + member.length);
    select(editor, start, end);
  };
}

/** A function that selects a place of the query, as errors of a document name it. */
export function useJumpToQuery() {
  const editor = useGraphiQL((state) => state.queryEditor);
  return ({ line, column }) => {
    const word = editor.getModel().getWordAtPosition({ lineNumber: line, column });
    select(editor, { lineNumber: line, column }, { lineNumber: line, column: word?.endColumn ?? column + 1 });
  };
}

function select(editor, start, end) {
  editor.setSelection({
    startLineNumber: start.lineNumber,
    startColumn: start.column,
    endLineNumber: end.lineNumber,
    endColumn: end.column,
  });
  editor.revealLineInCenter(start.lineNumber);
  editor.getContainerDomNode().scrollIntoView({ block: "nearest" });
  editor.focus();
}
