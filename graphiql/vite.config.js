import { defineConfig } from "vite";

export default defineConfig({
  base: "/graphql/",
  build: {
    outDir: "../gateway/graphiql",
    emptyOutDir: true,
    // Workers and fonts stay files of their own: the page's policy allows no script from a data: address.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 6000,
    modulePreload: { polyfill: false },
    target: "es2022",
    rolldownOptions: {
      onLog(level, log, report) {
        // "use client" is for servers that render; there is none here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
  worker: { format: "es" },
});
