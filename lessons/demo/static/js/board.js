// The whiteboard. Records, big-endian (lessons/demo/board.py):
//
//   line   01  pen  x0 x0  y0 y0  x1 x1  y1 y1       wipe   02
//
// Nothing is drawn before the server has said it: what you see is what all see.

import { Line, onPress } from "./line.js";
import { hex } from "./words.js";

const [LINE, WIPE] = [1, 2];
const SIZE = 10; // bytes of a line record
const [WIDE, HIGH] = [1000, 600];
const PENS = ["ink", "red", "teal", "amber", "blue", "violet"];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const byId = (id) => document.getElementById(id);
const canvas = byId("board");
const context = canvas.getContext("2d");
const words = byId("board-words");
const pens = [...document.querySelectorAll("input[name=pen]")];
const drawn = []; // [pen, x0, y0, x1, y1]
let colours = [];

const line = new Line({
  opened: () => {
    drawn.length = 0; // the server tells a newcomer what is on the board
    paint();
    tell("");
  },
  message: hear,
});

// In and out

function hear(data) {
  if (typeof data === "string") return;
  const view = new DataView(data);
  byId("last-bytes").textContent =
    hex(new Uint8Array(data, 0, Math.min(SIZE, data.byteLength))) +
    (data.byteLength > SIZE ? ` … ${data.byteLength} bytes` : "");
  for (let at = 0; at < view.byteLength; ) {
    if (view.getUint8(at) === WIPE) {
      drawn.length = 0;
      paint();
      at += 1;
    } else {
      const record = [view.getUint8(at + 1)];
      for (let i = 2; i < SIZE; i += 2) record.push(view.getUint16(at + i));
      drawn.push(record);
      stroke(record);
      at += SIZE;
    }
  }
  const [pen, x0, y0, x1, y1] = drawn.at(-1) ?? [];
  byId("board-count").textContent = drawn.length
    ? `${drawn.length} line${drawn.length === 1 ? "" : "s"} on the board, the last in ` +
      `${PENS[pen]} from ${x0}, ${y0} to ${x1}, ${y1}.`
    : "The board is empty.";
}

function send(x0, y0, x1, y1) {
  const view = new DataView(new ArrayBuffer(SIZE));
  view.setUint8(0, LINE);
  view.setUint8(1, pens.findIndex((pen) => pen.checked));
  [x0, y0, x1, y1].forEach((number, i) => view.setUint16(2 + 2 * i, number));
  tellIfClosed(line.send(view.buffer));
}

function tellIfClosed(sent) {
  if (!sent) tell(line.refusal, "refused");
}

function tell(said, how = "") {
  words.textContent = said;
  words.dataset.how = how;
}

onPress(byId("wipe"), () => tellIfClosed(line.send(Uint8Array.of(WIPE).buffer)));

// Pointer

let last = null;

function place({ clientX, clientY }) {
  const box = canvas.getBoundingClientRect();
  return [
    clamp(((clientX - box.left) / box.width) * WIDE, WIDE),
    clamp(((clientY - box.top) / box.height) * HIGH, HIGH),
  ];
}

function clamp(number, size) {
  return Math.min(size - 1, Math.max(0, Math.round(number)));
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  byId("aim").setAttribute("d", "");
  last = place(event);
  send(...last, ...last); // a dot
});

canvas.addEventListener("pointermove", (event) => {
  if (!last) return;
  const here = place(event);
  if (Math.hypot(here[0] - last[0], here[1] - last[1]) < 2) return;
  send(...last, ...here);
  last = here;
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    last = null;
  });
}

// Keyboard

let [x, y, down] = [WIDE / 2, HIGH / 2, false];

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  const pen = /^[1-6]$/.test(event.key) ? Number(event.key) - 1 : -1;
  if (arrow) {
    const step = event.shiftKey ? 50 : 10;
    const [toX, toY] = [clamp(x + arrow[0] * step, WIDE), clamp(y + arrow[1] * step, HIGH)];
    if (down) send(x, y, toX, toY);
    [x, y] = [toX, toY];
  } else if (event.key === " ") {
    down = !down;
    if (down) send(x, y, x, y);
  } else if (pen >= 0) {
    pens[pen].checked = true;
  } else {
    return;
  }
  event.preventDefault();
  aim();
  if (line.isOpen) {
    const name = PENS[pens.findIndex((choice) => choice.checked)];
    tell(`Pen ${down ? "down" : "up"}, ${name}, at ${x}, ${y}.`);
  }
});

function aim() {
  const mark = byId("aim");
  mark.setAttribute("class", down ? "aim aim--down" : "aim");
  const r = (7 * WIDE) / (canvas.clientWidth || WIDE); // seven pixels on any screen
  mark.setAttribute(
    "d",
    `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0` +
      `M${x - 3 * r} ${y}h${1.4 * r}M${x + 1.6 * r} ${y}h${1.4 * r}` +
      `M${x} ${y - 3 * r}v${1.4 * r}M${x} ${y + 1.6 * r}v${1.4 * r}`,
  );
}

canvas.addEventListener("blur", () => byId("aim").setAttribute("d", ""));

// The picture

function stroke([pen, x0, y0, x1, y1]) {
  context.strokeStyle = colours[pen] ?? colours[0];
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function paint() {
  const scale = (canvas.clientWidth / WIDE) * devicePixelRatio || 1;
  const style = getComputedStyle(document.documentElement);
  colours = PENS.map((_, pen) => style.getPropertyValue(`--pen-${pen}`));
  canvas.width = Math.round(WIDE * scale);
  canvas.height = Math.round(HIGH * scale);
  context.scale(scale, scale);
  context.lineWidth = Math.max(4, 2.5 / (canvas.clientWidth / WIDE || 1));
  context.lineCap = "round";
  drawn.forEach(stroke);
}

new ResizeObserver(paint).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
