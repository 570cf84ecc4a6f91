// The page's end of one WebSocket, with everything the browser tells about it on show.
//
// A page learns four things: open, message, error, close. The log names them as they come, beside
// what the page itself does (send, close). Later lessons hold this log against the wire.
// What strangers send is only ever written with textContent, control characters made visible.
//
// For the console: `ws101.socket` is the live WebSocket of this page.

import { bytesInWords, visible } from "./words.js";

const KEPT = 200; // log entries; older ones are counted and let go

const STATES = ["connecting", "open", "closing", "closed"]; // the names of readyState 0 to 3

const CODES = new Map([
  [1000, "normal closure"],
  [1001, "going away"],
  [1002, "protocol error"],
  [1003, "unsupported data"],
  [1005, "a Close without a code"],
  [1006, "no Close was seen; this number is never on the wire"],
  [1007, "payload not as announced"],
  [1008, "policy violation"],
  [1009, "message too big"],
  [1011, "the server made a mistake"],
  [1013, "try again later"],
]);

const byId = (id) => document.getElementById(id);
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Enable or disable a button without taking it out of the tab order. */
export function enable(button, yes) {
  button.setAttribute("aria-disabled", String(!yes));
}

/** Call `act` on a click, unless the button is off. */
export function onPress(button, act) {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") act();
  });
}

export class Line {
  /** @param {{opened?: () => void, message?: (data: string|ArrayBuffer) => void, closed?: () => void}} on */
  constructor(on = {}) {
    this.on = on;
    this.section = document.querySelector("[data-line]");
    this.url = new URL(this.section.dataset.line, location.href);
    this.url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    byId("address").textContent = this.url.href;
    onPress(byId("close"), () => this.close(1000, "bye"));
    onPress(byId("open"), () => this.open());
    this.open();
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.began = performance.now();
    this.counts = { sent: 0, received: 0 };
    for (const id of ["code", "reason", "was-clean"]) byId(id).textContent = "-";
    this.socket = new WebSocket(this.url);
    this.socket.binaryType = "arraybuffer";
    globalThis.ws101 = { socket: this.socket };
    this.log("out", "new WebSocket", this.url.pathname);
    const socket = this.socket;
    socket.onopen = () => {
      const deflate = socket.extensions ? `, extensions “${visible(socket.extensions)}”` : "";
      this.log("in", "open", `readyState ${socket.readyState}${deflate}`);
      this.show(`since ${new Date().toLocaleTimeString()}`);
      this.on.opened?.();
    };
    socket.onmessage = ({ data }) => {
      this.counts.received += 1;
      this.pulse("in");
      this.log("in", "message", inWords(data));
      this.show();
      this.on.message?.(data);
    };
    socket.onerror = () => this.log("bad", "error", "the browser says no more about it");
    socket.onclose = (event) => this.closed(event);
    this.show("the handshake is under way");
  }

  /** Why `send` returned false, for whoever pressed the button. */
  get refusal() {
    const early = this.socket.readyState === WebSocket.CONNECTING;
    return `not sent: this connection is ${early ? "not open yet." : "closed. Open again."}`;
  }

  /** Send a message; false if the line is not open. */
  send(data) {
    if (!this.isOpen) return false;
    this.socket.send(data);
    this.counts.sent += 1;
    this.pulse("out");
    this.log("out", "send", inWords(data));
    this.show();
    return true;
  }

  close(code, reason) {
    this.socket.close(code, reason);
    this.log("out", "close", `code ${code}, reason “${reason}”`);
    this.show("our Close is on its way, the server's is awaited");
  }

  closed({ code, reason, wasClean }) {
    const why = reason ? `, reason “${visible(reason)}”` : ", no reason";
    this.log(wasClean ? "in" : "bad", "close", `code ${code}${why}, wasClean ${wasClean}`);
    byId("code").textContent = code;
    byId("reason").textContent = reason ? visible(reason) : "(empty)";
    byId("was-clean").textContent = wasClean;
    const meaning = CODES.get(code) ?? "a code of the application's own";
    const advice = code === 1006 ? ". Press “Open again”, or reload this page." : "";
    this.show(`with ${code} (${meaning})${why}, ${wasClean ? "clean" : "not clean"}${advice}`);
    this.on.closed?.();
  }

  show(words) {
    const state = STATES[this.socket.readyState];
    this.section.dataset.state = state;
    // A live region: touched only when there is something new to say.
    if (byId("state").textContent !== state) byId("state").textContent = state;
    if (words !== undefined) byId("state-words").textContent = words;
    byId("ready-state").textContent = this.socket.readyState;
    byId("sent").textContent = this.counts.sent;
    byId("received").textContent = this.counts.received;
    enable(byId("close"), state === "open" || state === "connecting");
    enable(byId("open"), state === "closed");
  }

  log(way, what, words) {
    const list = byId("events");
    const entry = document.createElement("li");
    entry.className = way;
    const after = document.createElement("time");
    after.textContent = `${((performance.now() - this.began) / 1000).toFixed(3)}s`;
    const name = document.createElement("b");
    name.textContent = `${way === "out" ? "→" : "←"} ${what}`;
    const detail = document.createElement("span");
    detail.textContent = words;
    entry.append(after, name, detail);
    list.prepend(entry);
    if (list.children.length > KEPT) {
      list.lastElementChild.remove();
      this.leftOut = (this.leftOut ?? 0) + 1;
      const note = byId("events-left-out");
      note.hidden = false;
      note.textContent = `${this.leftOut} older entries are not kept.`;
    }
  }

  /** A dot runs along the line: one message. */
  pulse(way) {
    const track = this.section.querySelector(".wire__line");
    if (still.matches || track.children.length > 12) return;
    const dot = document.createElement("i");
    dot.className = `pulse pulse--${way}`;
    track.append(dot);
    const [from, to] = way === "out" ? ["0%", "100%"] : ["100%", "0%"];
    const steps = [
      { left: from, opacity: 1, translate: "-50%" },
      { left: to, opacity: 1, translate: "-50%" },
    ];
    dot.animate(steps, { duration: 520, easing: "ease-in-out" }).onfinish = () => dot.remove();
  }
}

function inWords(data) {
  if (typeof data !== "string") return bytesInWords(data);
  const short = data.length > 160 ? `${data.slice(0, 160)}…` : data;
  const size = new TextEncoder().encode(data).length;
  return `“${visible(short)}” (${size} byte${size === 1 ? "" : "s"})`;
}
