// Says things on a connection that compresses. The browser does the squeezing: a page can't see it.

import { Line, enable, onPress } from "/static/js/line.js";

const SIZE = 1000;
const SHOWN = 200; // letters of a message

const byId = (id) => document.getElementById(id);
const sentence = byId("sentence").textContent;
const animals = byId("animals").textContent.split(" ");
const buttons = document.querySelectorAll("[data-act]");

const line = new Line({ message: hear, opened: awake, closed: awake });

const ACTS = {
  hello: () => line.send("hello"),
  twice: () => line.send(sentence) && line.send(sentence),
  forget: () => onTheOther([sentence, sentence]),
  sizes: () => kinds().every((data) => line.send(data)),
  pieces: () => line.send("three frames, please"),
  zeros: () => line.send("zeros, please"),
  guess: () => onTheOther(animals.map((animal) => `guess ${animal}`)),
};

for (const button of buttons) {
  onPress(button, () => {
    tell(`Said: ${button.textContent}.`);
    ACTS[button.dataset.act]();
  });
}
awake();

/** Buttons work while the line is open. */
function awake() {
  for (const button of buttons) enable(button, line?.isOpen ?? false);
}

function hear(data) {
  if (data.length < SHOWN) return;
  line.send(`heard ${data.length} letters`);
  tell(`Heard one message of ${data.length.toLocaleString("en")} letters.`);
}

/** Say these on a connection of their own, one after the other, each when the last was answered. */
function onTheOther(words) {
  const left = [...words];
  const other = new WebSocket(`${line.url.href}/forgets`);
  const next = () => {
    if (left.length) other.send(left.shift());
    else other.close(1000, "all said");
  };
  other.onopen = next;
  other.onmessage = ({ data }) => {
    tell(`On a second connection, heard: ${data.slice(0, SHOWN)}`);
    next();
  };
  other.onerror = () => tell("The second connection failed: reload this page.");
}

/** As many bytes each: one letter, JSON, random bytes, and random bytes written in base64. */
function kinds() {
  const rows = Array.from({ length: 40 }, (_, seq) => ({ seq, kind: "tick", price: 100 + seq / 4 }));
  const random = crypto.getRandomValues(new Uint8Array(SIZE));
  const base64 = btoa(String.fromCharCode(...random.subarray(0, (SIZE / 4) * 3)));
  return ["a".repeat(SIZE), JSON.stringify(rows).slice(0, SIZE), random, base64];
}

function tell(words) {
  byId("told").textContent = words;
}
