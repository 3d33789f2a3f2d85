// Measures pages with Lighthouse, and prints one line of JSON for each run. Its argument is a file with
// `{chromium, arguments, pages: [{name, url, storage}], runs, form}`; `storage` is put into the session storage first.
import { readFileSync } from "node:fs";

import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";

const { chromium, arguments: args, pages, runs, form } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const TIMES = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift"];
const MAX_ATTEMPTS = 5;
const CATEGORIES = ["performance", "accessibility", "best-practices"];

function summary({ audits, categories, environment, runtimeError }) {
  const requests = audits["network-requests"].details?.items ?? [];
  return {
    error: runtimeError?.message ?? null,
    scores: Object.fromEntries(CATEGORIES.map((name) => [name, Math.round(categories[name].score * 100)])),
    times: Object.fromEntries(TIMES.map((name) => [name, audits[name].numericValue])),
    requests: requests.length,
    hosts: [...new Set(requests.map(({ url }) => new URL(url).host))],
    bytes: requests.reduce((total, { transferSize = 0 }) => total + transferSize, 0),
    failed: Object.values(audits)
      .filter(({ id, score }) => categories.accessibility.auditRefs.some((ref) => ref.id === id) && score === 0)
      .map(({ id }) => id),
    cpu: environment.benchmarkIndex,
  };
}

async function measured({ url, storage }) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    await page.evaluateOnNewDocument((entries) => {
      for (const [key, text] of Object.entries(entries)) {
        sessionStorage.setItem(key, text);
      }
    }, storage);
    const flags = { disableStorageReset: true, onlyCategories: CATEGORIES, logLevel: "error", maxWaitForLoad: 20_000 };
    const result = await lighthouse(url, flags, form === "desktop" ? desktopConfig : undefined, page);
    return summary(result.lhr);
  } catch (error) {
    if (!error.lhrRuntimeError) {
      throw error;
    }
    return { error: error.friendlyMessage ?? error.message };
  } finally {
    await context.close();
  }
}

const browser = await puppeteer.launch({
  executablePath: chromium,
  args,
  timeout: 300_000,
  protocolTimeout: 600_000,
});
for (const page of pages) {
  for (let run = 0; run < runs; run++) {
    let result = await measured(page);
    // On a busy machine Chromium answers Lighthouse too late. That says nothing about the page.
    for (let attempt = 1; result.error !== null && attempt < MAX_ATTEMPTS; attempt++) {
      result = await measured(page);
    }
    console.log(JSON.stringify({ name: page.name, ...result }));
  }
}
await browser.close();
