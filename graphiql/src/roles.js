/**
 * Gives elements of GraphiQL the roles and names that screen readers need. Import this module before GraphiQL.
 *
 * A tab of GraphiQL holds the button that closes it, which no element of the role `tab` may hold. So its tabs are a
 * group of buttons with one pressed. An entry of the history is named by what it shows.
 */
const GRAPHIQL = document.getElementById("graphiql");

function setAttribute(element, name, value) {
  if (element && element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

function mend() {
  setAttribute(GRAPHIQL.querySelector(".graphiql-tabs"), "role", "group");
  setAttribute(GRAPHIQL.querySelector("#graphiql-session"), "role", "region");
  for (const tab of GRAPHIQL.querySelectorAll(".graphiql-tab")) {
    setAttribute(tab, "role", "presentation");
    tab.removeAttribute("aria-selected");
    const button = tab.querySelector(".graphiql-tab-button");
    setAttribute(button, "aria-pressed", String(tab.classList.contains("graphiql-tab-active")));
    setAttribute(tab.querySelector(".graphiql-tab-close"), "aria-label", `Close ${button?.textContent}`);
  }
  for (const entry of GRAPHIQL.querySelectorAll(".graphiql-history-item-label[aria-label]")) {
    entry.removeAttribute("aria-label");
  }
}

new MutationObserver(mend).observe(GRAPHIQL, {
  attributeFilter: ["aria-label", "aria-selected", "class"],
  childList: true,
  subtree: true,
});
