// What the theme leaves out for keyboards and screen readers.
document.addEventListener("DOMContentLoaded", () => {
  for (const caption of document.querySelectorAll('.caption[role="heading"]')) {
    caption.setAttribute("aria-level", "2");
  }
  document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
  document.querySelector(".toc-drawer")?.setAttribute("aria-label", "This page");
  for (const box of document.querySelectorAll(".table-wrapper, pre")) {
    box.tabIndex = 0; // it may be wider than the window, and is scrolled by the arrow keys
  }
  for (const cell of document.querySelectorAll("th")) {
    if (!cell.textContent.trim()) {
      cell.replaceWith(document.createElement("td")); // Markdown has no table without a head; an empty one heads nothing
    }
  }
  for (const head of document.querySelectorAll("thead")) {
    head.hidden = !head.textContent.trim();
  }
  if (!document.querySelector("h1")) {
    const heading = document.createElement("h1");
    heading.textContent = document.title.split(" - ")[0];
    document.querySelector("article")?.prepend(heading);
  }
});
