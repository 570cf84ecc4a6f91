// One ticker, four ways, side by side. Each way has a lane: what it asked and when, what came.

import { Line, enable, onPress } from "./line.js";

const WINDOW = 12000; // milliseconds in a lane
const told = document.querySelector(".lanes").dataset;
const POLL_EVERY = Number(told.pollMs);
const ENOUGH = Number(told.ticks); // ticks on each way, then all stop; 0: they go on
const AFTER_FAULT = 1000; // wait before asking again

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** One way's counters, its marks in the last seconds, and its button. */
class Lane {
  constructor(key, start) {
    this.element = document.querySelector(`[data-lane="${key}"]`);
    this.canvas = this.element.querySelector("canvas");
    this.button = this.part("toggle");
    this.counts = { requests: 0, empty: 0, ticks: 0 };
    this.seq = null;
    this.marks = []; // [time, kind]
    this.begin = start;
    this.stop = null;
    this.button.addEventListener("click", () => this.turn(!this.stop));
  }

  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  turn(on) {
    if (on) {
      this.stop = this.begin(this);
    } else {
      const stop = this.stop;
      this.stop = null;
      stop?.();
    }
    this.button.textContent = on ? "Stop" : "Start";
    this.button.setAttribute("aria-pressed", String(Boolean(on)));
  }

  mark(kind) {
    this.marks.push([performance.now(), kind]);
    this.counts[{ request: "requests", tick: "ticks", empty: "empty" }[kind]] += 1;
    for (const name of ["requests", "empty", "ticks"]) this.part(name).textContent = this.counts[name];
  }

  tick({ seq, time }) {
    this.seq = seq;
    this.part("seq").textContent = seq;
    this.part("late").textContent = `${Math.max(0, Date.now() - time * 1000).toFixed(0)} ms`;
    this.mark("tick");
    stopWhenAllHaveEnough();
  }

  /** Count from nothing. */
  reset() {
    this.counts = { requests: 0, empty: 0, ticks: 0 };
    this.seq = null;
  }
}

/** Ask, read, and ask again after `pause` milliseconds. */
function asking(path, pause) {
  return (lane) => {
    const abort = new AbortController();
    (async () => {
      while (!abort.signal.aborted) {
        let wait = pause;
        try {
          lane.mark("request");
          const after = lane.seq === null ? "" : `?after=${lane.seq}`;
          const answer = await fetch(path + after, { signal: abort.signal, cache: "no-store" });
          if (!answer.ok) throw new Error(`status ${answer.status}`);
          const { ticks } = await answer.json();
          if (ticks.length === 0) lane.mark("empty");
          for (const tick of ticks) lane.tick(tick);
        } catch (fault) {
          if (abort.signal.aborted) return;
          lane.part("late").textContent = "no answer";
          wait = AFTER_FAULT;
        }
        await new Promise((resume) => setTimeout(resume, wait));
      }
    })();
    return () => abort.abort();
  };
}

function listening(lane) {
  lane.mark("request");
  const source = new EventSource("/feed/events");
  source.onmessage = ({ data }) => lane.tick(JSON.parse(data));
  source.onerror = () => {
    lane.part("late").textContent = "no answer";
    if (source.readyState === EventSource.CONNECTING) lane.mark("request"); // it asks again by itself
  };
  return () => source.close();
}

let line = null;

const lanes = [
  new Lane("poll", asking("/feed/poll", POLL_EVERY)),
  new Lane("long-poll", asking("/feed/long-poll", 0)),
  new Lane("events", listening),
  new Lane("websocket", (lane) => {
    if (line && line.socket.readyState === WebSocket.CLOSED) line.open();
    line ??= new Line({
      opened: () => {
        lane.mark("request");
        if (!lane.stop) lane.turn(true); // opened again with the line's own button
      },
      message: (data) => lane.tick(JSON.parse(data)),
      closed: () => lane.stop && lane.turn(false),
    });
    return () => line.isOpen && line.close(1000, "bye");
  }),
];
const again = document.getElementById("again");
for (const lane of lanes) lane.turn(true);
if (again) {
  onPress(again, () => {
    race(false);
    for (const lane of lanes) {
      if (lane.stop) lane.turn(false);
      lane.reset();
      lane.turn(true);
    }
  });
}

/** Where a lesson measures all four: they stop together, the WebSocket last, which ends the race. */
function stopWhenAllHaveEnough() {
  if (!ENOUGH || lanes.some((lane) => lane.counts.ticks < ENOUGH)) return;
  for (const lane of lanes) if (lane.stop) lane.turn(false);
  race(true);
}

function race(over) {
  enable(again, over);
  document.getElementById("race").textContent = over
    ? `Each has seen ${ENOUGH} ticks: they have stopped.`
    : `They stop by themselves when each has seen ${ENOUGH} ticks.`;
}

// The lanes as pictures; the same numbers stand beneath them in words.

function draw(lane, now, colour) {
  const { canvas } = lane;
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  const context = canvas.getContext("2d");
  canvas.width = wide * devicePixelRatio;
  canvas.height = high * devicePixelRatio;
  context.scale(devicePixelRatio, devicePixelRatio);
  lane.marks = lane.marks.filter(([time]) => now - time < WINDOW);
  context.lineWidth = 2;
  context.strokeStyle = colour("--rule");
  context.beginPath();
  context.moveTo(0, high / 2);
  context.lineTo(wide, high / 2);
  context.stroke();
  for (const [time, kind] of lane.marks) {
    const x = wide - 8 - ((now - time) / WINDOW) * (wide - 8);
    context.beginPath();
    if (kind === "request") {
      const y = high * 0.78;
      context.strokeStyle = colour("--out");
      context.moveTo(x, y + 8);
      context.lineTo(x, y - 8);
      context.moveTo(x - 3.5, y - 4);
      context.lineTo(x, y - 8);
      context.lineTo(x + 3.5, y - 4);
      context.stroke();
    } else {
      context.arc(x, high * 0.3, kind === "tick" ? 5 : 4, 0, 7);
      context.fillStyle = context.strokeStyle = colour("--in");
      if (kind === "tick") context.fill();
      else context.stroke();
    }
  }
}

let drawn = 0;

function frame(now) {
  if (now - drawn > (still.matches ? 500 : 40)) {
    drawn = now;
    const style = getComputedStyle(document.documentElement);
    for (const lane of lanes) draw(lane, now, (name) => style.getPropertyValue(name));
  }
  requestAnimationFrame(frame);
}

requestAnimationFrame(frame);
