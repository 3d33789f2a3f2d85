import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const outDir = process.env.DASHBOARD_OUT ?? "dist";

/** Puts the manifest of trusted documents beside the built page, for the gateway's `documents.manifest`. */
const manifestOfDocuments: Plugin = {
  name: "manifest-of-documents",
  apply: "build",
  closeBundle: () => copyFileSync("src/gql/persisted-documents.json", `${outDir}/documents.json`),
};

/** Puts a compressed copy beside each script and style, for web servers that send it as it is. */
const compressedAssets: Plugin = {
  name: "compressed-assets",
  apply: "build",
  closeBundle: () => {
    for (const name of readdirSync(`${outDir}/assets`).filter((file) => /\.(js|css)$/.test(file))) {
      writeFileSync(`${outDir}/assets/${name}.gz`, gzipSync(readFileSync(`${outDir}/assets/${name}`), { level: 9 }));
    }
  },
};

export default defineConfig({
  base: "/dashboard/",
  plugins: [react(), manifestOfDocuments, compressedAssets],
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
