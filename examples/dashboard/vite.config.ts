import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const BASE = "/dashboard/";
const outDir = process.env.DASHBOARD_OUT ?? "dist";

/** Whether a module is one of these, by the beginning of its path in `src` or in `node_modules`. */
const isOneOf = (own: RegExp, packages?: RegExp) => (id: string) => {
  const [path, name] = id.split("/node_modules/");
  return name ? !!packages?.test(name) : own.test(path?.split("/src/").at(-1) ?? "");
};

/** What is loaded together is one file: each file of its own costs a slow network a round trip. */
const FILES = [
  { name: "first", test: isOneOf(/^(gql\/graphql|graph\/(early|request)|pages\/loaders|session\/token)/) },
  {
    name: "base",
    test: isOneOf(
      /^(district|format|gql|graph\/problems|session\/viewer|ui\/(card|figures|level|notice|origin|title))/,
      /^(@0no-co|@urql|react|react-dom|regexparam|scheduler|urql|use-sync-external-store|wonka|wouter)\/|^react-aria.*\/I18nProvider/,
    ),
  },
];

/** Puts the manifest of trusted documents beside the built page, for the gateway's `documents.manifest`. */
const manifestOfDocuments: Plugin = {
  name: "manifest-of-documents",
  apply: "build",
  closeBundle: () => copyFileSync("src/gql/persisted-documents.json", `${outDir}/documents.json`),
};

/** Puts compressed copies beside each script and style, for web servers that send them as they are. */
const compressedAssets: Plugin = {
  name: "compressed-assets",
  apply: "build",
  closeBundle: () => {
    for (const name of readdirSync(`${outDir}/assets`).filter((file) => /\.(js|css)$/.test(file))) {
      const file = `${outDir}/assets/${name}`;
      const text = readFileSync(file);
      writeFileSync(`${file}.br`, brotliCompressSync(text));
      writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
    }
  },
};

/** Lets the browser load the code that `main.ts` imports together with it, not after it. */
const preloadedStart: Plugin = {
  name: "preloaded-start",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler(html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const start = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith("/src/start.tsx"));
      if (!start) throw new Error("src/start.tsx has no file of its own");
      return [start.fileName, ...start.imports]
        .filter((name) => !html.includes(name))
        .map((name) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: BASE + name },
          injectTo: "head",
        }));
    },
  },
};

export default defineConfig({
  base: BASE,
  plugins: [
    react(),
    optimizeLocales.vite({ locales: ["en-US"] }), // the language of the pages, as in src/format.ts
    manifestOfDocuments,
    compressedAssets,
    preloadedStart,
  ],
  server: { proxy: { "/graphql": process.env.GATEWAY ?? "http://127.0.0.1:8000" } },
  build: {
    outDir,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: URL
    license: { fileName: "NOTICES.md" },
    modulePreload: { polyfill: false },
    target: "es2024",
    rolldownOptions: { output: { codeSplitting: { groups: FILES } } },
  },
});
