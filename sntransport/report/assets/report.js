// The phase slider and the two plots of each section; without this script the pictures of the page remain.
"use strict";
(() => {
  const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
  const number = (digits) => (u, value) => (value == null ? "–" : value.toFixed(digits));
  const flux = (u, value) => (value == null ? "–" : value.toExponential(3));
  const width = (box) => Math.max(box.clientWidth, 240);
  const follow = (plot, box, height) => window.addEventListener("resize", () => plot.setSize({ width: width(box), height }));

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
    const line = (label, stroke, wide) => ({ label, stroke, width: wide, value: flux, points: { show: false } });
    const hidden = (label) => ({ label, stroke: "transparent", value: flux, points: { show: false } });
    const plot = new uPlot({
      width: width(box), height: 380,
      scales: { x: { time: false } },
      axes: [
        { label: "Rest-frame wavelength [Å]", values: (u, ticks) => ticks.map((v) => v.toFixed(0)) },
        { label: "Flux at 10 pc [erg/s/cm²/Å]", size: 86, values: (u, ticks) => ticks.map((v) => (v ? v.toExponential(1) : "0")) },
      ],
      series: [
        { label: "Å", value: number(0) }, hidden("− 1 σ"), hidden("+ 1 σ"),
        line("rebuilt", COLORS[0], 1.4), line("observed that night", "#000000", 1),
      ],
      bands: [{ series: [2, 1], fill: "rgba(0,114,178,.18)" }],
    }, rows(0), box);
    const show = () => {
      const k = Number(slider.value);
      now.textContent = `${data.phase[k].toFixed(1)} d` + (data.observed[k] ? ", observed" : "");
      plot.setData(rows(k));
    };
    slider.addEventListener("input", show);
    show();
    follow(plot, box, 380);
  }

  function curves(section, data) {
    const box = section.querySelector(".curves");
    if (!box) return;
    const tables = [], series = [{ label: "phase [d]", value: number(1) }];
    data.bands.forEach((band, k) => {
      const stroke = COLORS[k % COLORS.length];
      const order = band.at.map((_, i) => i).sort((a, b) => band.at[a] - band.at[b]);
      // One x, one y: the last of two measurements at one time is shown.
      const points = new Map(order.map((i) => [band.at[i], band.mag[i]]));
      tables.push([data.phase, band.curve], [[...points.keys()], [...points.values()]]);
      series.push({ label: band.name, stroke, width: 1.3, value: number(2), points: { show: false } });
      series.push({ label: `${band.name} observed`, stroke, value: number(2), paths: () => null, points: { show: true, size: 5, width: 1 } });
    });
    const covered = data.phase.filter((_, i) => data.bands.some((band) => band.curve[i] != null));
    const margin = 0.05 * (covered[covered.length - 1] - covered[0]) + 2;
    const plot = new uPlot({
      width: width(box), height: 400,
      scales: { x: { time: false }, y: { dir: -1 } },
      axes: [{ label: "Rest-frame phase [d]" }, { label: "AB magnitude" }],
      series,
    }, uPlot.join(tables), box);
    // Photometry goes on where the series ends; a double click shows all of it.
    plot.setScale("x", { min: covered[0] - margin, max: covered[covered.length - 1] + margin });
    follow(plot, box, 400);
  }

  for (const section of document.querySelectorAll(".supernova")) {
    const data = JSON.parse(section.querySelector(".data").textContent);
    section.querySelector(".viewer").hidden = false;
    if (data.spectra.phase.length) spectrum(section, data.spectra);
    if (data.light_curves && data.light_curves.bands.length) curves(section, data.light_curves);
  }
})();
