// Asks the server for something in pieces, and tells how often `onmessage` fired, and with what.
//
//   /pieces?act=long     sends the long message at once, without anybody

import { Line, enable, onPress } from "/static/js/line.js";
import { visible } from "/static/js/words.js";

const LONG = 300000;

const byId = (id) => document.getElementById(id);
const asks = document.querySelectorAll("[data-ask]");
let acting = new URLSearchParams(location.search).get("act");
let fired = 0;

const line = new Line({ message: hear, opened: awake, closed: awake });

for (const button of asks) {
  onPress(button, () => {
    fired = 0;
    byId("heard").replaceChildren();
    byId("count").textContent = "Asked. onmessage has not fired yet.";
    line.send(button.dataset.ask);
  });
}
onPress(byId("long"), sendLong);
awake();

function sendLong() {
  byId("heard").replaceChildren();
  byId("count").textContent = `Sent: ${LONG.toLocaleString("en")} letters, by one call of send().`;
  line.send("x".repeat(LONG));
}

/** Buttons work while the line is open. */
function awake() {
  for (const button of [...asks, byId("long")]) enable(button, line?.isOpen ?? false);
  if (line?.isOpen && acting === "long") {
    acting = null;
    sendLong();
  }
}

function hear(data) {
  fired += 1;
  const entry = document.createElement("li");
  entry.textContent = `“${visible(data)}”`;
  byId("heard").append(entry);
  byId("count").textContent = `onmessage fired ${fired} time${fired === 1 ? "" : "s"}.`;
  line.send(`heard: ${data}`);
}
