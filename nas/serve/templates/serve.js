"use strict";
// Asks for the page again while it may change, and puts the new content in place of the old one.
(() => {
  const main = document.querySelector("main");
  const inUse = () => main.contains(document.activeElement) || main.querySelector("input:checked") || document.hidden;
  const again = async () => {
    try {
      const response = inUse() ? null : await fetch(location.href);
      if (response?.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const next = page.querySelector("main");
        if (next && !inUse() && next.innerHTML !== main.innerHTML) main.replaceChildren(...next.childNodes);
        if (next) main.dataset.live = next.dataset.live ?? "";
      }
    } catch { /* the server has gone; it may come back */ }
    if (main.dataset.live) setTimeout(again, 1000 * main.dataset.live);
  };
  if (main.dataset.live) setTimeout(again, 1000 * main.dataset.live);
})();
