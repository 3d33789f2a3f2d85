import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphql/",
  // The gateway puts a new nonce in its place each time that it sends the page.
  html: { cspNonce: "NONCE-OF-THE-PAGE" },
  build: {
    outDir: "../gateway/graphiql",
    emptyOutDir: true,
    // Workers and fonts stay separate files: the page's content security policy allows no script from a data: URL.
    assetsInlineLimit: 0,
    // The licenses of everything in the bundle, in the wheel next to it.
    license: { fileName: "NOTICES.md" },
    chunkSizeWarningLimit: 6000,
    modulePreload: { polyfill: false },
    target: "es2022",
    rolldownOptions: {
      onLog(level, log, report) {
        // "use client" is for server rendering, which this page does not use.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
  worker: { format: "es" },
});
