// A page that says nothing unless a button is pressed, and can be made to hang.
//
//   /quiet?act=hang     hangs as soon as it is open, without anybody

import { Line, enable, onPress } from "/static/js/line.js";

const HANGS = 1500; // ms
const HANGING = "my script hangs now";
const QUESTION = "can your script hear me?";
const ANSWER = "yes, now";

const byId = (id) => document.getElementById(id);
const buttons = ["empty", "ping", "hang"].map(byId);
let acting = new URLSearchParams(location.search).get("act");
let asked = 0;

const line = new Line({ message: hear, opened: awake, closed });

onPress(byId("empty"), () => {
  if (line.send("")) tell("Sent: a message with nothing in it.");
});
onPress(byId("ping"), () => {
  asked = performance.now();
  if (line.send("ping")) tell("Sent: a message of four letters.");
});
onPress(byId("hang"), hang);
awake();

function tell(words) {
  byId("told").textContent = words;
}

/** Buttons work while the line is open. */
function awake() {
  for (const button of buttons) enable(button, line?.isOpen ?? false);
  if (acting === "hang" && line?.isOpen) hang();
}

function closed() {
  awake();
  if (acting) line.open(); // a busy machine was silent for too long: once more
}

function hang() {
  if (!line.isOpen) return;
  tell("This page hangs.");
  // Two frames later these words are on the screen. A hidden tab draws none: so not for ever.
  const drawn = new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const late = new Promise((done) => setTimeout(done, 100));
  Promise.race([drawn, late]).then(() => {
    if (!line.send(HANGING)) return;
    const until = performance.now() + HANGS;
    while (performance.now() < until);
    tell(`This page hung for ${HANGS / 1000} seconds, and heard nothing meanwhile.`);
  });
}

function hear(data) {
  if (data === QUESTION && line.send(ANSWER)) acting = null;
  if (data === "pong") tell(`The server's script answered after ${(performance.now() - asked).toFixed(1)} ms.`);
}
