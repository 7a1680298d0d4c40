// Keeps the page up to date: asks for it again every few seconds and replaces what changed. It needs no other script.
"use strict";
document.addEventListener("submit", (event) => {
  // Once is enough: a second click would be a second command. Later, or the button that was clicked would not be sent.
  setTimeout(() => { for (const one of event.target.querySelectorAll("button")) one.disabled = true; });
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.getElementById("answer")?.focus();
(() => {
  const EVERY = 5000;
  const SOON = 700;
  const live = () => document.querySelectorAll("[data-live]");
  if (!live().length) return;
  let mark = null;
  let failures = 0;

  const filter = document.getElementById("filter");
  const applyFilter = () => {
    if (!filter) return;
    const wanted = filter.value.trim().toLowerCase();
    for (const row of document.querySelectorAll("#rows > tr")) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  };
  if (filter) {
    filter.closest("p").hidden = false;
    filter.addEventListener("input", applyFilter);
  }

  const replace = (now, fresh) => {
    if (now.innerHTML === fresh.innerHTML || now.contains(document.activeElement)) return;
    const open = [...now.querySelectorAll("details[open]")].map((one) => one.id);
    now.replaceChildren(...fresh.childNodes);
    for (const one of now.querySelectorAll("details")) one.open = open.includes(one.id);
  };

  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: mark ? { "if-none-match": mark } : {}, cache: "no-store" });
    if (answer.redirected) { location.reload(); return; }
    if (answer.status === 304) return;
    if (!answer.ok) throw new Error(answer.status);
    mark = answer.headers.get("etag");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const now of live()) {
      const fresh = page.getElementById(now.id);
      if (fresh) replace(now, fresh);
    }
    applyFilter();
  };

  const again = async () => {
    try {
      await refresh();
      failures = 0;
    } catch {
      failures += 1;
    }
    document.getElementById("stale").hidden = failures < 2;
    plan();
  };
  const plan = () => {
    const soon = document.querySelector("[data-soon]") !== null && failures === 0;
    setTimeout(again, soon ? SOON : EVERY * Math.min(1 + failures, 6));
  };
  plan();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh().catch(() => {}); });
})();
