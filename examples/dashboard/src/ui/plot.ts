/** What the charts of all pages are made of, in a file of its own: it is loaded after the page. */
export { barX, barY, dot, groupX, plot, ruleX, ruleY, text, utcInterval } from "@observablehq/plot";
