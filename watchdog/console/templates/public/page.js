(() => {
  const EVERY = 60000, SOON = 3000, late = document.getElementById("late");
  let soon = 10;  // no more: while the store is away, the pages of all visitors would take every place of the server
  const wait = () => setTimeout(load, document.querySelector("[data-soon]") && soon-- > 0 ? SOON : EVERY);
  const load = async () => {
    try {
      if (!document.hidden) await refresh();
    } catch {
      late.hidden = false;
    }
    wait();
  };
  const refresh = async () => {
    const answer = await fetch(location.href, { credentials: "omit", redirect: "error" });
    if (!answer.ok) throw new Error(answer.status);
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const main = next.querySelector("main"), old = document.querySelector("main");
    if (!main) throw new Error("another page");
    const at = document.activeElement && document.activeElement.closest("details[id]");
    for (const one of old.querySelectorAll("details[open]")) {
      const same = next.getElementById(one.id);
      if (same) same.open = true;
    }
    old.replaceWith(main);
    document.getElementById("asof").replaceWith(next.getElementById("asof"));
    document.title = next.title;
    const same = at && document.getElementById(at.id);
    if (same) same.querySelector("summary").focus({ preventScroll: true });
    late.hidden = true;
    local();
  };
  const local = () => {
    for (const one of document.querySelectorAll("time")) {
      one.title = new Date(one.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) + ", your time";
    }
  };
  document.addEventListener("visibilitychange", () => document.hidden || refresh().catch(() => (late.hidden = false)));
  local();
  wait();
})();
