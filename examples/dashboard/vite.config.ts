import { copyFileSync } from "node:fs";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const outDir = process.env.DASHBOARD_OUT ?? "dist";

/** Puts the manifest of trusted documents beside the built page, for the gateway's `documents.manifest`. */
const manifestOfDocuments: Plugin = {
  name: "manifest-of-documents",
  apply: "build",
  closeBundle: () => copyFileSync("src/gql/persisted-documents.json", `${outDir}/documents.json`),
};

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), manifestOfDocuments],
  server: { proxy: { "/graphql": process.env.GATEWAY ?? "http://127.0.0.1:8000" } },
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: URL
    license: { fileName: "NOTICES.md" },
    modulePreload: { polyfill: false },
    target: "es2024",
  },
});
