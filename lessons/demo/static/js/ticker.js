// The ticker: a number, its curve, and the same in words.

import { Line, onPress } from "./line.js";

const SHOWN = 60; // ticks in the plot
const [WIDE, HIGH] = [600, 200]; // the plot's viewBox

const byId = (id) => document.getElementById(id);
const ticks = [];

new Line({ message: hear });
onPress(byId("speak"), () => {
  byId("spoken").textContent = byId("words").textContent;
});

function hear(data) {
  const tick = JSON.parse(data);
  if (ticks.length && tick.seq <= ticks.at(-1).seq) ticks.length = 0; // the server started anew
  ticks.push({ ...tick, late: Date.now() - tick.time * 1000 });
  if (ticks.length > SHOWN) ticks.shift();
  draw();
}

function draw() {
  const now = ticks.at(-1);
  const change = ticks.length > 1 ? now.value - ticks.at(-2).value : 0;
  const way = change > 0 ? "up" : change < 0 ? "down" : "unchanged";
  const arrow = { up: "▲", down: "▼", unchanged: "=" }[way];
  const by = change ? ` ${Math.abs(change).toFixed(2)}` : "";
  byId("value").textContent = now.value.toFixed(2);
  byId("change").textContent = `${arrow} ${way}${by} · tick ${now.seq}`;

  const values = ticks.map((tick) => tick.value);
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values) + 0.01)];
  byId("low").textContent = low;
  byId("high").textContent = high;
  byId("words").textContent =
    `Tick ${now.seq}: ${now.value.toFixed(2)}, ${way}${by}. ` +
    `The last ${ticks.length} ticks lay between ${Math.min(...values).toFixed(2)} ` +
    `and ${Math.max(...values).toFixed(2)}.`;
  plot(values, low, high);
  byId("ticks").replaceChildren(...ticks.slice(-10).reverse().map(row));
}

function plot(values, low, high) {
  const first = SHOWN - values.length; // new ticks enter on the right
  const points = values.map((value, i) => {
    const x = ((first + i) / (SHOWN - 1)) * WIDE;
    const y = HIGH - ((value - low) / (high - low)) * HIGH;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const start = ((first / (SHOWN - 1)) * WIDE).toFixed(1);
  byId("plot").replaceChildren(
    ...[0, 0.5, 1].map((part) => shape("grid", `M0 ${part * HIGH}H${WIDE}`)),
    shape("area", `M${start} ${HIGH}L${points.join("L")}V${HIGH}Z`),
    shape("curve", `M${points.join("L")}`),
  );
}

function shape(kind, path) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
  element.setAttribute("class", kind);
  element.setAttribute("d", path);
  return element;
}

function row(tick) {
  const element = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = tick.seq;
  const cells = [tick.value.toFixed(2), `${Math.max(0, tick.late).toFixed(0)} ms`];
  element.append(
    head,
    ...cells.map((text) => {
      const cell = document.createElement("td");
      cell.className = "number";
      cell.textContent = text;
      return cell;
    }),
  );
  return element;
}
