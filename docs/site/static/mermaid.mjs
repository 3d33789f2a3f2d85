// Loads Mermaid from the site itself; its file is a classic script, and the extension imports a module.
await new Promise((loaded, failed) => {
  const script = document.createElement("script");
  script.src = new URL("mermaid.tiny.js", import.meta.url);
  script.onload = loaded;
  script.onerror = failed;
  document.head.append(script);
});

export default globalThis.mermaid;
