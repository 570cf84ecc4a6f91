// The same room over four connections, each of which comes back by itself when it was lost.
//
// What is worth storing in a browser: the last number that was processed. It is noted in localStorage
// when the number is on the page, not when its message has arrived. A number that was there before
// is shown as such, and otherwise ignored.

import { enable, onPress } from "/static/js/line.js";

const ROOM = "garden";
const AGAIN = 400; // ms until the next try (how to do that politely is lesson 17)
const TRIES = 200;
const KEPT = 300; // entries a list keeps

const ways = document.getElementById("ways");
const log = ways.dataset.log; // numbers belong to one log: another log, another name
const tab = Array.from(crypto.getRandomValues(new Uint8Array(4)), (n) => n.toString(16).padStart(2, "0")).join("");
const told = document.getElementById("told");
let buttons = [];
let all = [];
const joins = ["read", "join", "lock"];

const inWords = (numbers) => {
  const runs = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] + 1 === number) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, end]) => (first === end ? `${first}` : `${first} to ${end}`)).join(", ");
};

class Way {
  constructor(section) {
    this.section = section;
    this.name = section.dataset.way;
    this.key = `ws101 room ${log} ${this.name}`;
    this.last = this.stored();
    this.lost = [];
    this.again = [];
    this.tries = 0;
    this.inside = false; // does it hear what is said?
    this.show(this.last ?? "nothing", "[data-last]");
    this.open();
  }

  /** The last number that this browser has processed; null if it has none of this log. */
  stored() {
    const kept = localStorage.getItem(this.key);
    return /^\d{1,9}$/.test(kept ?? "") ? Number(kept) : null;
  }

  open() {
    const url = new URL(`/room/ws/${this.name}?tab=${tab}`, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.show("connecting", "[data-state]");
    const socket = new WebSocket(url);
    socket.onopen = () => {
      this.tries = 0;
      this.show("open", "[data-state]");
      socket.send(this.last === null ? `join ${ROOM}` : `resume ${this.last}`);
    };
    socket.onmessage = ({ data }) => this.hear(String(data));
    socket.onclose = ({ code }) => {
      this.tries += 1;
      if (this.tries === 1) this.entry("line lost", "break");
      const words = this.tries < TRIES ? "trying again" : "given up: reload this page";
      this.show(`closed (${code}), ${words}`, "[data-state]");
      this.show("", "[data-by]");
      this.inside = false;
      awake();
      if (this.tries < TRIES) setTimeout(() => this.open(), AGAIN);
    };
  }

  hear(data) {
    if (data.startsWith("* ")) {
      const { pid, entry } = JSON.parse(data.slice(2));
      this.show(`by process ${Number(pid)}, entry ${Number(entry)} of its dict`, "[data-by]");
      this.inside = true;
      awake();
      return;
    }
    const number = Number.parseInt(data, 10);
    if (!Number.isSafeInteger(number)) return;
    if (this.last !== null && number <= this.last) {
      this.again.push(number);
      this.entry(`${number} again`, "again");
    } else {
      for (let missing = (this.last ?? number - 1) + 1; missing < number; missing += 1) {
        this.lost.push(missing);
        this.entry(`${missing} lost`, "lost");
      }
      this.entry(String(number));
      this.last = number;
      localStorage.setItem(this.key, String(number)); // processed: now it may be noted
      this.show(number, "[data-last]");
    }
    const lost = this.lost.length ? `Lost: ${inWords(this.lost)}.` : "None lost.";
    const again = this.again.length ? `Came again: ${inWords(this.again)}.` : "None came again.";
    this.show(`${lost} ${again}`, "[data-verdict]");
  }

  show(words, where) {
    this.section.querySelector(where).textContent = words;
  }

  entry(words, kind = "came") {
    const list = this.section.querySelector(".numbers");
    const entry = document.createElement("li");
    entry.className = kind;
    entry.textContent = words;
    list.append(entry);
    if (list.children.length > KEPT) list.firstElementChild.remove();
    list.scrollTop = list.scrollHeight;
  }
}

async function say(times) {
  for (let turn = 0; turn < times; turn += 1) {
    try {
      const answer = await fetch("/room/say", { method: "POST", body: "hello from the page" });
      const words = (await answer.text()).trim();
      told.textContent = answer.ok ? `The log has it as number ${words}.` : words;
    } catch {
      told.textContent = "Nobody answers: the server is away.";
      return;
    }
  }
}

/** Join a room in which somebody speaks at just that moment: the numbers in the order in which they come. */
function join(how) {
  const shown = document.querySelector(`[data-join="${how}"]`);
  const numbers = [];
  const url = new URL(`/room/seam/${how}`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => numbers.push(Number.parseInt(data, 10));
  socket.onclose = () => {
    const lost = numbers.length ? Array.from({ length: Math.max(...numbers) }, (_, n) => n + 1).filter((n) => !numbers.includes(n)) : [];
    const again = numbers.filter((n, at) => numbers.indexOf(n) < at);
    const verdict = `${lost.length ? `Lost: ${inWords(lost)}.` : "None lost."} ${again.length ? `Twice: ${inWords(again)}.` : "None twice."}`;
    shown.textContent = numbers.length ? `${numbers.join(", ")}. ${verdict}` : "Nobody answers: the server is away.";
  };
}

buttons = [...document.querySelectorAll("[data-say], #join")];
all = [...document.querySelectorAll("[data-way]")].map((section) => new Way(section));
for (const button of buttons) {
  onPress(button, () => (button.id === "join" ? joins.forEach(join) : say(Number(button.dataset.say))));
}
awake();

/** Buttons work while all four hear what is said. */
function awake() {
  const ready = all.length > 0 && all.every((way) => way.inside);
  for (const button of buttons) enable(button, ready);
}
