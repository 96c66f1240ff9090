// The phase slider, the two plots of each section and the colors; without this script the pictures of the page remain.
"use strict";
(() => {
  // The darkest colors of bands (ultraviolet, z, y, infrared), as they are seen on a dark page.
  const ON_DARK = { "#332288": "#9966FF", "#000000": "#E6E6E6", "#780000": "#CC0099", "#8C510A": "#CCBBAA" };
  const DASHES = [[], [8, 4], [2, 3], [8, 3, 2, 3]];
  const root = document.documentElement, plots = [];
  const color = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const ink = () => color("--ink");
  const system = matchMedia("(prefers-color-scheme: dark)"), theme = document.querySelector(".theme");
  const dark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const hue = (band) => (dark() && ON_DARK[band.color]) || band.color;
  const minus = (text) => text.replace(/-/g, "\u2212");
  const number = (digits) => (u, value) => (value == null ? "–" : minus(value.toFixed(digits)));
  const flux = (u, value) => (value == null ? "–" : minus(value.toExponential(3)));
  const width = (box) => Math.max(box.clientWidth, 240);
  const ticks = (form) => (u, values) => values.map((v) => minus(form(v)));
  const axis = (label, more) => ({ label, stroke: ink, grid: { stroke: () => color("--line"), width: 1 }, ticks: { stroke: () => color("--line"), width: 1 }, ...more });

  // What every plot can do: follow the width of the page, be read and moved with keys, hide what a name stands for.
  function equip(plot, box, height, first) {
    const reading = box.nextElementSibling, x = () => plot.data[0];
    let at = -1;
    window.addEventListener("resize", () => plot.setSize({ width: width(box), height }));
    const all = () => [x()[0], x()[x().length - 1]];
    const view = (min, max) => {
      const [low, high] = all();
      if (max - min >= high - low) [min, max] = [low, high];
      else if (min < low) [min, max] = [low, low + max - min];
      else if (max > high) [min, max] = [high - max + min, high];
      plot.setScale("x", { min, max });
    };
    const zoom = (factor) => {
      const { min, max } = plot.scales.x, middle = (min + max) / 2, half = (factor * (max - min)) / 2;
      if (2 * half > (all()[1] - all()[0]) / 1000) view(middle - half, middle + half);
    };
    const move = (share) => {
      const { min, max } = plot.scales.x;
      view(min + share * (max - min), max + share * (max - min));
    };
    const shown = (i) => x()[i] >= plot.scales.x.min && x()[i] <= plot.scales.x.max
      && plot.series.some((one, k) => k && one.show && plot.data[k][i] != null);
    const read = (step) => {
      const n = x().length;
      let next = at < 0 ? (step > 0 ? 0 : n - 1) : at + step;
      while (next >= 0 && next < n && !shown(next)) next += Math.sign(step);
      if (next < 0 || next >= n) return;
      at = next;
      const k = plot.series.findIndex((one, i) => i && one.show && plot.data[i][at] != null);
      plot.setCursor({ left: plot.valToPos(x()[at], "x"), top: plot.valToPos(plot.data[k][at], "y") });
      const words = plot.series.map((one, i) => (i && one.show && plot.data[i][at] != null ? `${one.label} ${one.value(plot, plot.data[i][at])}` : ""));
      reading.textContent = `${plot.series[0].value(plot, x()[at])} ${plot.series[0].label}: ${words.filter(Boolean).join(", ")}`;
    };
    const keys = {
      "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "\u2212": () => zoom(2), "_": () => zoom(2),
      ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), 0: () => first(), Home: () => first(),
      ".": () => read(1), ",": () => read(-1), ">": () => read(10), "<": () => read(-10),
    };
    box.addEventListener("keydown", (event) => {
      if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    // The legend is a table in form only: its names are buttons.
    const rows = [...plot.root.querySelectorAll(".u-legend .u-series")];
    plot.root.querySelector(".u-legend").setAttribute("role", "presentation");
    const pressed = () => rows.forEach((row, k) => k && row.firstChild.setAttribute("aria-pressed", plot.series[k].show));
    rows.forEach((row, k) => {
      if (!k) return;
      const name = row.firstChild;
      name.tabIndex = 0;
      name.setAttribute("role", "button");
      name.addEventListener("click", () => setTimeout(pressed));
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        plot.setSeries(k, { show: !plot.series[k].show });
        pressed();
      });
    });
    pressed();
    plots.push(plot);
  }

  function spectrum(section, data) {
    const box = section.querySelector(".spectrum"), slider = section.querySelector(".phase");
    const now = section.querySelector(".phase-now");
    const scaled = (row, scale) => (row ? row.map((v) => (v == null ? null : v * scale)) : data.wave.map(() => null));
    const rows = (k) => {
      const f = scaled(data.flux[k], data.scale[k]), e = scaled(data.err[k], data.scale[k]);
      const low = f.map((v, i) => (v == null || e[i] == null ? null : v - e[i]));
      const high = f.map((v, i) => (v == null || e[i] == null ? null : v + e[i]));
      return [data.wave, low, high, f, scaled(data.observed[k], data.scale[k])];
    };
    // From zero to all but the highest of what is shown: a few wild pixels, and their errors, would leave no room to the rest.
    const height = (u) => {
      // Which values are shown is known before the new limits of the axis are.
      const [first, last] = u.series[0].idxs || [0, u.data[0].length - 1];
      const shown = u.data.slice(3).flatMap((one) => one.slice(first, last + 1)).filter((v) => v != null).sort((a, b) => a - b);
      if (!shown.length) return [0, 1];
      const at = (share) => shown[Math.round(share * (shown.length - 1))], top = at(0.995), low = Math.min(at(0.005), 0);
      const span = top - low || Math.abs(top) || 1;
      return [low - (low < 0 ? 0.05 : 0) * span, top + 0.12 * span];
    };
    const line = (label, stroke, wide) => ({ label, stroke, width: wide, value: flux, points: { show: false } });
    const hidden = (label) => ({ label, stroke: "transparent", value: flux, points: { show: false } });
    const plot = new uPlot({
      width: width(box), height: 380,
      scales: { x: { time: false }, y: { range: (u) => height(u) } },
      axes: [
        axis("Rest-frame wavelength [Å]", { values: ticks((v) => v.toFixed(0)) }),
        axis("Flux at 10 pc [erg/s/cm²/Å]", { size: 86, values: ticks((v) => (v ? v.toExponential(1) : "0")) }),
      ],
      series: [
        { label: "Å", value: number(0) }, hidden("− 1 σ"), hidden("+ 1 σ"),
        line("rebuilt", () => color("--curve"), 1.4), line("observed that night", ink, 1),
      ],
      bands: [{ series: [2, 1], fill: "rgba(0,114,178,.22)" }],
    }, rows(Number(slider.value)), box);
    const show = () => {
      const k = Number(slider.value), { min, max } = plot.scales.x;
      now.textContent = `${minus(data.phase[k].toFixed(1))} d` + (data.observed[k] ? ", observed" : "");
      slider.setAttribute("aria-valuetext", now.textContent);
      plot.setData(rows(k));
      // The same wavelengths at every phase, so that what moves is seen to move.
      if (min != null) plot.setScale("x", { min, max });
    };
    slider.addEventListener("input", show);
    show();
    equip(plot, box, 380, () => plot.setScale("x", { min: data.wave[0], max: data.wave[data.wave.length - 1] }));
  }

  // Magnitudes with their errors, drawn by hand: uPlot has no error bars.
  const bars = (bands) => (u) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    bands.forEach((band, k) => {
      if (!u.series[2 * k + 2].show) return;
      ctx.strokeStyle = hue(band);
      ctx.beginPath();
      band.at.forEach((at, i) => {
        if (band.err[i] == null) return;
        const x = u.valToPos(at, "x", true);
        ctx.moveTo(x, u.valToPos(band.mag[i] - band.err[i], "y", true));
        ctx.lineTo(x, u.valToPos(band.mag[i] + band.err[i], "y", true));
      });
      ctx.stroke();
    });
    ctx.restore();
  };

  function curves(section, data) {
    const box = section.querySelector(".curves");
    const tables = [], series = [{ label: "d", value: number(1) }];
    data.bands.forEach((band) => {
      const stroke = () => hue(band), dash = DASHES[band.turn % DASHES.length];
      const order = band.at.map((_, i) => i).sort((a, b) => band.at[a] - band.at[b]);
      // One x, one y: the last of two measurements at one time is shown.
      const points = new Map(order.map((i) => [band.at[i], band.mag[i]]));
      tables.push([data.phase, band.curve], [[...points.keys()], [...points.values()]]);
      series.push({ label: band.label, stroke, dash, width: 1.3, value: number(2), points: { show: false } });
      series.push({ label: `${band.label} observed`, stroke, value: number(2), paths: () => null, points: { show: true, size: 5, width: 1, fill: () => (band.turn % 2 ? hue(band) : color("--paper")) } });
    });
    const covered = data.phase.filter((_, i) => data.bands.some((band) => band.curve[i] != null));
    const margin = 0.05 * (covered[covered.length - 1] - covered[0]) + 2;
    const plot = new uPlot({
      width: width(box), height: 400,
      scales: { x: { time: false }, y: { dir: -1 } },
      axes: [axis("Rest-frame phase [d]", { values: ticks(String) }), axis("AB magnitude", { values: ticks(String) })],
      series,
      hooks: { draw: [bars(data.bands)] },
    }, uPlot.join(tables), box);
    // Photometry goes on where the series ends; a double click or 0 shows all of it.
    plot.setScale("x", { min: covered[0] - margin, max: covered[covered.length - 1] + margin });
    equip(plot, box, 400, () => plot.setScale("x", { min: plot.data[0][0], max: plot.data[0][plot.data[0].length - 1] }));
  }

  for (const section of document.querySelectorAll(".supernova")) {
    const held = section.querySelector(".data");
    if (!held) continue;
    const data = JSON.parse(held.textContent);
    section.querySelector(".viewer").hidden = false;
    if (section.querySelector(".spectrum")) spectrum(section, data.spectra);
    if (section.querySelector(".curves")) curves(section, data.light_curves);
  }

  const repaint = () => {
    theme.setAttribute("aria-pressed", dark());
    for (const plot of plots) {
      plot.redraw(false);
      // The marks of the names are of the page and not of the plot: their colors change with it.
      plot.root.querySelectorAll(".u-legend .u-series").forEach((row, k) => {
        const mark = row.querySelector(".u-marker");
        if (k && mark) mark.style.borderColor = plot.series[k].stroke(plot, k);
      });
    }
  };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; repaint(); });
  system.addEventListener("change", repaint);
  repaint();

  // On paper nothing can be opened.
  const closed = [];
  addEventListener("beforeprint", () => document.querySelectorAll("details:not([open])").forEach((one) => { one.open = true; closed.push(one); }));
  addEventListener("afterprint", () => { for (const one of closed.splice(0)) one.open = false; });
})();
