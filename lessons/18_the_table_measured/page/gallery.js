// Nine uses of a WebSocket, played at once: this page's part. What to say and when, the server tells.

import { enable, onPress } from "/static/js/line.js";

const byId = (id) => document.getElementById(id);
const button = byId("play");

onPress(button, async () => {
  enable(button, false);
  tell("Playing …");
  try {
    const cases = await (await fetch("/gallery/cases")).json();
    const whole = await Promise.all(Object.values(cases).map(play));
    const played = whole.filter(Boolean).length;
    tell(played === whole.length ? "All nine were played." : `Only ${played} came to their end.`);
  } catch {
    tell("The server did not answer.");
  }
  enable(button, true);
});

/** One case; true if all was said and heard. */
function play(part) {
  const url = new URL(part.path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const counts = { sent: 0, heard: 0 };
  return new Promise((done) => {
    const socket = new WebSocket(url);
    const isOver = () => counts.sent === part.up.length && counts.heard >= part.down;
    const goOn = () => {
      if (isOver()) socket.close(1000);
    };
    socket.onopen = () => {
      for (const cue of part.up) {
        setTimeout(() => {
          if (socket.readyState !== WebSocket.OPEN) return;
          socket.send(cue.binary ? new Uint8Array(cue.size) : "a".repeat(cue.size));
          counts.sent += 1;
          goOn();
        }, cue.at * 1000);
      }
    };
    socket.onmessage = () => {
      counts.heard += 1;
      goOn();
    };
    socket.onclose = () => done(isOver());
  });
}

function tell(words) {
  byId("told").textContent = words;
}
