// data_visualization as a table with bars: the numbers are text, so nothing is told by colour alone.
import { el } from "./dom.js";

export function chart({ title, chart: spec }) {
  const series = spec.type === "pie" ? [{ name: title, data: spec.segments }] : spec.series;
  const most = Math.max(1, ...series.flatMap((one) => one.data.map((point) => point.value)));
  return el("table", { class: "chart", "data-testid": "chart" }, el("caption", {}, title),
    series.map((one) => el("tbody", {}, series.length > 1 ? el("tr", {}, el("th", { colspan: 3, scope: "rowgroup" }, one.name)) : null,
      one.data.map((point) => el("tr", {}, el("th", { scope: "row" }, point.label), el("td", {}, bar(point.value / most)), el("td", { class: "number" }, String(point.value)))))));
}

function bar(part) {
  return el("meter", { class: "chart-bar", min: "0", max: "1", value: String(Math.max(0, part)), "aria-hidden": "true" });
}
