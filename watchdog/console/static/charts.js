// Draws every <figure data-chart> with uPlot, from the series of the JSON API; see templates/chart_parts.html.
// Latency on the left axis, the share of failing readings as bars on the right one, deploys as marks. Errors per minute
// as bars as wide as their time: a minute, an hour, or more. Times are UTC.
"use strict";
(() => {
  const LEAST = 30, MOST = 300;  // seconds between two reads of a series: half of its span
  const GAP = 5;  // spans without a value that break a line: drawn through, it would claim what was never measured
  const ONSET_SPAN = 120;  // seconds: the longest span that may begin at an onset instead
  const utc = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });
  const dayOf = utc({ day: "numeric", month: "short" });
  const timeOf = utc({ hour: "2-digit", minute: "2-digit" });
  const wholeOf = utc({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const hereOf = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
  const isUtc = new Date().getTimezoneOffset() === 0;
  const date = (at) => new Date(at * 1000);
  const whole = (at) => `${wholeOf.format(date(at))} UTC${isUtc ? "" : ` (${hereOf.format(date(at))})`}`;
  const latency = (value) => (value == null ? "–" : value < 1 ? `${Math.round(value * 1000)} ms` : `${+value.toFixed(2)} s`);
  const share = (value) => (value == null ? "–" : `${value > 0 && value < 1 ? "< 1" : Math.round(value)} %`);
  const rate = (value) => (value == null ? "–" : `${+value.toFixed(1)}/min`);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const drawn = new Map();

  const addressOf = (figure) => {
    const { chart, range, from, to } = figure.dataset;
    const asked = new URLSearchParams(range ? { range } : { since: from, ...(to ? { until: to } : {}) });
    return `/api/v1/services/${encodeURIComponent(chart)}/series?${asked}`;
  };

  const ticks = (plot, splits) => splits.map((at) => {
    const midnight = at % 86400 === 0;
    return midnight ? dayOf.format(date(at)) : timeOf.format(date(at));
  });
  const axis = (scale, side, values, more = {}) => ({
    scale, side, values, stroke: colour("quiet"), font: "12px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, ...more,
  });

  // The span in which an incident began counts from its onset: its failures must not seem to precede the deploy, nor
  // must a rise of its latency, which fails nothing. Of a long span that would hide what was before.
  const endOf = (view, number) => view.since + (number + 1) * view.span_seconds;
  const rises = (values, number) => (values[number] ?? 0) > (values.slice(0, number).findLast((value) => value != null) ?? Infinity);
  const worsens = (one, number) => one.bad[number] || rises(one.p95_seconds, number) || rises(one.p50_seconds, number);
  const beginsOf = (view, one, onset) => one.good.map((_, number) => {
    const begin = endOf(view, number) - view.span_seconds, holds = begin < onset && onset < endOf(view, number);
    return view.span_seconds <= ONSET_SPAN && holds && worsens(one, number) ? onset : begin;
  });

  // Above the curves: a mark for each failing span, so that one of a thousand is seen.
  const marks = (view, one, begins) => (plot) => {
    const { ctx, bbox } = plot, ratio = devicePixelRatio, bottom = bbox.top + bbox.height;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const place = (at) => plot.valToPos(at, "x", true);
    for (const [number, bad] of (one.bad ?? []).entries()) {
      const from = begins[number], silent = one.unknown[number] && !one.good[number];
      if (!bad && !silent) continue;
      ctx.fillStyle = colour(bad ? "bad" : "unknown");
      const left = place(from), width = Math.max(2 * ratio, place(endOf(view, number)) - left);
      ctx.fillRect(left, bottom - (bad ? 5 : 3) * ratio, width, (bad ? 5 : 3) * ratio);
    }
    ctx.fillStyle = colour("none");
    for (const [from, to] of one.missing ?? []) ctx.fillRect(place(from), bottom - 3 * ratio, place(to) - place(from), 3 * ratio);
    ctx.restore();
  };

  // Below the curves, which a line on top would hide where they jump.
  const deployLines = (view) => (plot) => {
    const { ctx, bbox } = plot, ratio = devicePixelRatio, bottom = bbox.top + bbox.height;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour("act");
    ctx.lineWidth = 2 * ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    for (const deploy of view.deploys) {
      const x = plot.valToPos(deploy.at, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bottom);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x - 5 * ratio, bottom + 8 * ratio);
      ctx.lineTo(x + 5 * ratio, bottom + 8 * ratio);
      ctx.lineTo(x, bottom);
      ctx.fill();
    }
    ctx.restore();
  };

  // What the reader points at: the deploy nearby, if any.
  const pointing = (view, note) => (plot) => {
    const at = plot.cursor.left;
    const near = at < 0 ? [] : view.deploys.filter((one) => Math.abs(plot.valToPos(one.at, "x") - at) < 8);
    note.textContent = near.map((one) => `${one.id} (${one.code}) went live ${whole(one.at)}: ${one.message}`).join("; ");
  };

  const zoomed = (view, button) => (plot, scale) => {
    if (scale !== "x") return;
    button.hidden = plot.scales.x.min <= view.since && plot.scales.x.max >= view.until;
  };

  const curvesOf = (view, one, kind, onset) => {
    if (kind === "errors") {
      const ends = one.start.map((from, number) => from + one.seconds[number]);
      return { data: [one.start, one.per_minute], timed: false, series: [bars("errors", "rate", rate, "some", ends)] };
    }
    const starts = beginsOf(view, one, onset), ends = starts.map((_, number) => endOf(view, number));
    const failing = one.bad.map((bad, number) => (bad + one.good[number] ? (100 * bad) / (bad + one.good[number]) : null));
    const timed = one.p50_seconds.some((value) => value != null);
    const line = (label, more) => ({
      label, scale: "seconds", width: 1.5, class: "curve", points: { show: false }, paths: held(ends, view.span_seconds),
      value: (_, value) => latency(value), ...more,
    });
    const series = [bars("failing checks", "share", share, "bad", ends)];
    if (timed) series.push(line("median latency", { stroke: colour("link") }), line("p95 latency", { stroke: colour("quiet"), dash: [4, 3], class: "dashed" }));
    const limit = timed ? one.p95_limit_seconds : null;
    if (limit != null) series.push(line("limit of p95", { stroke: colour("some"), width: 1, dash: [10, 4], class: "dashed" }));
    const limits = limit != null ? [starts.map(() => limit)] : [];
    return { data: [starts, failing, ...(timed ? [one.p50_seconds, one.p95_seconds] : []), ...limits], timed, series };
  };
  // A value is that of its whole span: drawn from point to point, a line would rise before what it measured.
  const held = (ends, spans) => (plot, number) => {
    const stroke = new Path2D(), place = (at) => plot.valToPos(at, "x", true);
    let before = -Infinity, level = 0;
    for (const [index, from] of plot.data[0].entries()) {
      const value = plot.data[number][index];
      if (value == null) continue;
      const height = plot.valToPos(value, "seconds", true);
      if (from - before > GAP * spans) stroke.moveTo(place(from), height);
      else stroke.lineTo(place(from), level);
      stroke.lineTo(place(from), height);
      stroke.lineTo(place(ends[index]), height);
      [before, level] = [ends[index], height];
    }
    return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 1 };
  };
  const bars = (label, scale, show, name, ends) => ({
    label, scale, fill: `${colour(name)}99`, stroke: colour(name), width: 0, points: { show: false },
    paths: steps(scale, ends), value: (_, value) => show(value),
  });
  // All of them, whatever is in view: a wide one may begin left of it.
  const steps = (scale, ends) => (plot, number) => {
    const fill = new Path2D(), floor = plot.valToPos(0, scale, true), place = (at) => plot.valToPos(at, "x", true);
    for (const [index, from] of plot.data[0].entries()) {
      const left = place(from), top = plot.valToPos(plot.data[number][index] ?? 0, scale, true);
      const width = place(ends[index]) - left;
      fill.rect(left, top, Math.max(1, width > 6 ? width - 1 : width), floor - top);
    }
    return { stroke: null, fill, clip: null, band: null, gaps: null, flags: 0 };
  };
  // A bar stands right of its begin: what is pointed at is the bar there, not the nearest begin.
  const pointed = (one) => (plot, _, nearest, at) => (nearest > 0 && one.start?.[nearest] > at ? nearest - 1 : nearest);
  const lasting = (one, number) => (one.seconds?.[number] >= 3600 ? `, ${one.seconds[number] / 3600} h` : "");

  const make = (figure, view, one, kind) => {
    const { data, timed, series } = curvesOf(view, one, kind, Number(figure.dataset.onset) || Infinity);
    const frame = figure.querySelector(".canvas"), note = document.createElement("p");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Show all", hidden: true });
    note.className = "near";
    // Narrow: the legend says what the axes are.
    const narrow = frame.clientWidth < 480;
    const side = (label) => (narrow
      ? { size: 46, gap: 2, ticks: { show: false }, font: "11px system-ui, sans-serif" }
      : { size: 60, gap: 2, label, labelSize: 18, labelGap: 0, labelFont: "12px system-ui, sans-serif" });
    const axes = [axis("x", 2, ticks, { size: 32, space: 70 })];
    if (kind === "errors") axes.push(axis("rate", 3, (_, all) => all.map((value) => `${+value.toFixed(1)}`), side("errors per minute")));
    if (timed) axes.push(axis("seconds", 3, (_, all) => all.map(latency), side("latency")));
    if (kind !== "errors") {
      axes.push(axis("share", timed ? 1 : 3, (_, all) => all.map((value) => `${value} %`), { ...side("failing checks"), splits: [0, 50, 100], grid: { show: !timed, stroke: colour("line"), width: 1 } }));
    }
    const least = (floor) => ({ range: (_, low, high) => [0, Math.max(floor, (high ?? 0) * 1.1)] });
    const plot = new uPlot({
      width: frame.clientWidth || 300, height: timed ? 200 : 130, padding: [10, timed ? 0 : 14, 0, 0],
      tzDate: (at) => uPlot.tzDate(date(at), "UTC"),
      cursor: { dataIdx: pointed(one), sync: { key: "page" }, drag: { x: true, y: false, dist: 6 }, points: { size: 7 }, y: false },
      scales: { x: { time: true, range: (_, low, high) => [low, high] }, share: { range: [0, 100] }, seconds: least(0.01), rate: least(1) },
      series: [{ label: "at", value: (_, value, __, number) => (value == null ? "–" : whole(value) + lasting(one, number)) }, ...series],
      axes,
      hooks: { drawAxes: [deployLines(view)], draw: [marks(view, one, data[0])], setCursor: [pointing(view, note)], setScale: [zoomed(view, button)] },
    }, data, frame);
    plot.setScale("x", { min: view.since, max: view.until });
    button.addEventListener("click", () => plot.setScale("x", { min: view.since, max: view.until }));
    plot.over.addEventListener("dblclick", () => button.click());
    frame.append(button, note);
    byKeyboard(plot, figure);
    return plot;
  };

  // Left and right go from point to point, as the mouse does.
  const byKeyboard = (plot, figure) => {
    plot.over.tabIndex = 0;
    plot.over.setAttribute("role", "group");
    plot.over.setAttribute("aria-label", `${figure.getAttribute("aria-label")}; left and right show values`);
    plot.over.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const last = plot.data[0].length - 1, place = Math.min(last, Math.max(0, (plot.cursor.idx ?? last) + step));
      plot.setCursor({ left: plot.valToPos(plot.data[0][place], "x"), top: 10 });
    });
  };

  const draw = (figure, view) => {
    const { signal } = figure.dataset, frame = figure.querySelector(".canvas");
    const found = (list) => list.find((each) => each.signal === signal);
    // `either`: the rate of a feed, where it is known for that time.
    const kind = figure.dataset.kind === "either" ? (found(view.errors) ? "errors" : "readings") : figure.dataset.kind;
    const one = found(kind === "errors" ? view.errors : view.signals);
    const before = drawn.get(figure);
    if (!one) { figure.dataset.empty = ""; return; }
    // The reader's zoom and cursor stay: a chart that is being looked at is drawn anew later.
    if (before && (figure.querySelector(".canvas > button:not([hidden])") || plotIsBusy(before.plot))) return;
    before?.plot.destroy();
    frame.replaceChildren();
    drawn.set(figure, { view, plot: make(figure, view, one, kind) });
    figure.dataset.drawn = view.at;
    wide.observe(frame);
  };
  const plotIsBusy = (plot) => plot.cursor.left >= 0 || plot.over.contains(document.activeElement);

  const wide = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const known = drawn.get(target.closest("figure"));
      const width = Math.floor(target.clientWidth);
      if (known && width && width !== known.plot.width) known.plot.setSize({ width, height: known.plot.height });
    }
  });

  const figures = () => [...document.querySelectorAll("figure[data-chart]")];
  const read = async (address, wanted) => {
    const answer = await fetch(address, { cache: "no-store", headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status);
    const view = await answer.json();
    for (const figure of wanted) draw(figure, view);
    return view.span_seconds / 2;
  };
  // Page and charts at once: figures of the same time share one request.
  const refresh = async () => {
    let wait = LEAST;
    for (const gone of [...drawn.keys()].filter((one) => !one.isConnected)) { drawn.get(gone).plot.destroy(); drawn.delete(gone); }
    if (!document.hidden) {
      const groups = Map.groupBy ? Map.groupBy(figures(), addressOf) : grouped(figures());
      const waits = await Promise.all([...groups].map(([address, wanted]) => read(address, wanted).catch(() => LEAST)));
      wait = Math.min(MOST, Math.max(LEAST, ...waits));
    }
    setTimeout(refresh, wait * 1000);
  };
  const grouped = (all) => {
    const found = new Map();
    for (const one of all) found.set(addressOf(one), [...(found.get(addressOf(one)) ?? []), one]);
    return found;
  };

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const [figure, { view }] of drawn) draw(figure, view);
  });
  // A figure that came with a fresh part of the page is drawn at once.
  document.addEventListener("console:fresh", () => {
    for (const one of figures().filter((each) => !("drawn" in each.dataset || "empty" in each.dataset))) read(addressOf(one), [one]).catch(() => {});
  });
  refresh();
})();
