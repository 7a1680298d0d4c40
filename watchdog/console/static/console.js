// Keeps the page up to date: replaces what changed, and shows the worst state of all services in the tab's title and
// icon. It asks every few seconds; one tab of a browser also listens for changes, and tells the others.
"use strict";
document.addEventListener("submit", (event) => {
  // Once is enough: a second click would be a second command. Later, or the button that was clicked would not be sent.
  setTimeout(() => { for (const one of event.target.querySelectorAll("button")) one.disabled = true; });
});
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
document.getElementById("answer")?.focus();
// Times are UTC; beside them stand the reader's own, where these differ: in the text of .since, else on hover.
const ownTimes = (() => {
  const offset = () => new Date().getTimezoneOffset();
  const short = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  const whole = new Intl.DateTimeFormat([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  return (root) => {
    if (offset() === 0) return;
    for (const one of root.querySelectorAll("time[datetime]:not([data-own])")) {
      const at = new Date(one.dateTime);
      if (isNaN(at)) continue;
      one.dataset.own = short.format(at);
      one.title = `${one.title ? `${one.title}, ` : ""}${whole.format(at)}`;
    }
  };
})();
(() => {
  const EVERY = 5000, LISTENING = 8000, HIDDEN = 15000, SOON = 700;  // between two questions, in milliseconds
  const LATE = 12000, SILENT = 20000;  // no answer for so long, or no event: stale
  const AGAIN = 60000;  // a refused stream is tried again after this
  const SETTLE = 1000;  // new buttons take no click for so long: it may be meant for what stood there before
  const beat = document.getElementById("beat");
  const live = () => document.querySelectorAll("[data-live], #stopped");
  const said = new Map();  // part of the page: what the server said last, before times and charts were put into it
  for (const part of live()) said.set(part.id, part.innerHTML);
  ownTimes(document);
  const refreshes = () => document.querySelector("[data-live]") !== null;  // the bar alone is not asked for
  if (!beat && !refreshes()) return;
  const own = document.querySelector("title").dataset.own;
  let etag = null, failures = 0, opened = Date.now(), heard = opened, listening = false, refused = false, mark = beat?.dataset.mark;

  const filter = document.getElementById("filter");
  const applyFilter = () => {
    if (!filter) return;
    const wanted = filter.value.trim().toLowerCase();
    const lacks = (row) => !row.textContent.toLowerCase().includes(wanted);
    for (const group of document.querySelectorAll("#rows > tbody")) {
      const head = group.querySelector(".group"), all = head !== null && !lacks(head);
      const rows = [...group.querySelectorAll("tr:not(.group)")];
      for (const row of rows) row.hidden = !all && lacks(row);
      group.hidden = rows.every((row) => row.hidden);
    }
  };
  if (filter) {
    filter.closest("p").hidden = false;
    filter.addEventListener("input", applyFilter);
  }

  const offer = (part) => {
    const forms = [...part.querySelectorAll("form")];
    return forms.map((one) => one.getAttribute("action") + one.textContent).join();
  };
  const settle = (part) => {
    for (const one of part.querySelectorAll("button")) {
      one.disabled = true;
      setTimeout(() => { one.disabled = false; }, SETTLE);
    }
  };

  const replace = (now, fresh) => {
    const html = fresh.innerHTML;
    if (said.get(now.id) === html || now.contains(document.activeElement)) return;
    said.set(now.id, html);
    const open = [...now.querySelectorAll("details[open]")].map((one) => one.id);
    // A chart that is drawn stays: it keeps itself up to date.
    for (const drawn of now.querySelectorAll("figure[data-drawn]")) {
      const { chart, signal, kind } = drawn.dataset;
      const same = `figure[data-chart="${CSS.escape(chart)}"][data-signal="${CSS.escape(signal)}"][data-kind="${kind}"]`;
      fresh.querySelector(same)?.replaceWith(drawn);
    }
    const offered = offer(now);
    ownTimes(fresh);
    now.replaceChildren(...fresh.childNodes);
    if (offer(now) !== offered) settle(now);
    for (const one of now.querySelectorAll("details")) one.open = open.includes(one.id);
  };

  const showAge = () => {
    if (!beat) return;
    const age = Date.now() - heard, stale = age > (listening && !asks() ? SILENT : LATE);
    beat.hidden = false;
    beat.classList.toggle("stale", stale);
    const seconds = Math.round(age / 1000);
    // Refused, or no stream for this browser: the page says that it asks instead.
    const polls = !listening && (refused || Date.now() - opened > LATE);
    const how = polls ? `, asks every ${EVERY / 1000} s` : "";
    document.getElementById("age").textContent = stale ? `no answer for ${seconds} s` : `updated ${seconds} s ago${how}`;
    document.getElementById("stale").hidden = !stale;
  };
  const asks = () => refreshes() && !document.hidden;  // else it only listens, or asks for the pulse alone
  const hear = () => { heard = Date.now(); showAge(); };
  const tab = (title, icon) => {
    if (document.title !== title) document.title = title;
    const link = document.querySelector("link[rel=icon]");
    if (link.getAttribute("href") !== icon) link.setAttribute("href", icon);
  };
  const take = (pulse) => {
    // A stream that goes on does not make a page fresh whose own questions fail.
    if (!asks()) hear();
    tab(pulse.title ? `${pulse.title} · ${own}` : own, pulse.icon);
    if (pulse.mark === mark) return;
    mark = pulse.mark;
    if (asks()) refresh().catch(() => {});
  };

  const refresh = async () => {
    const whole = asks(), known = whole && etag ? { "if-none-match": etag } : {};
    const headers = whole ? known : { accept: "application/json" };
    const answer = await fetch(whole ? location.href : "/live", { headers, cache: "no-store" });
    if (answer.redirected) { location.reload(); return; }
    if (answer.status !== 304 && !answer.ok) throw new Error(answer.status);
    hear();
    if (answer.status === 304) return;
    if (!whole) { take(await answer.json()); return; }
    etag = answer.headers.get("etag");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const now of live()) {
      const fresh = page.getElementById(now.id);
      if (fresh) replace(now, fresh);
    }
    mark = page.getElementById("beat")?.dataset.mark ?? mark;
    tab(page.title, page.querySelector("link[rel=icon]").getAttribute("href"));
    applyFilter();
    document.dispatchEvent(new Event("console:fresh"));
  };

  // One stream for all tabs: a browser opens six connections to a host, and each stream would keep one of them.
  const channel = new BroadcastChannel("watchdog");
  channel.addEventListener("message", (event) => { listening = true; take(event.data); });
  const listen = () => new Promise((leave) => {
    const source = new EventSource("/live");
    source.addEventListener("message", (event) => {
      const pulse = JSON.parse(event.data);
      listening = true;
      channel.postMessage(pulse);
      take(pulse);
    });
    source.addEventListener("error", () => {
      listening = false;
      refused = source.readyState === EventSource.CLOSED;
      if (refused) setTimeout(leave, AGAIN);
    });
  });
  const listenForAll = async () => { for (;;) await navigator.locks.request("watchdog live", listen); };
  if (beat && navigator.locks) listenForAll();  // elsewhere (no TLS) the page asks, and that is enough

  const again = async () => {
    try {
      await refresh();
      failures = 0;
    } catch {
      failures += 1;
    }
    if (Date.now() - heard > SILENT) listening = false;
    plan();
  };
  const plan = () => {
    const soon = document.querySelector("[data-soon]") !== null && failures === 0;
    const every = document.hidden ? HIDDEN : listening ? LISTENING : EVERY;
    setTimeout(again, soon ? SOON : every * Math.min(1 + failures, 6));
  };
  plan();
  if (beat) setInterval(showAge, 1000);
  showAge();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh().catch(() => {}); });
})();
