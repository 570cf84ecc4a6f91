// Lets connections end, one after the other, and shows what the `close` event says of each.
//
//   /ended?act=close,close-1000     does these by itself, without anybody

import { visible } from "/static/js/words.js";
import { open, tell } from "./trial.js";

const KEPT = 40; // rows
const ASK = "ask me four times";
const ASKS = 4;
const BETWEEN = 300; // ms

const byId = (id) => document.getElementById(id);

/** What is done once the connection is open. What throws, is told by its name. */
const ACTS = {
  close: (socket) => socket.close(),
  "close-1000": (socket) => socket.close(1000, "bye"),
  "close-4000": (socket) => socket.close(4000, "my own"),
  "close-1001": (socket) => socket.close(1001),
  "long-reason": (socket) => socket.close(1000, "x".repeat(124)),
  "server-close": (socket) => socket.send("close, please"),
  "server-fault": (socket) => socket.send("make a mistake, please"),
  specimen: (socket) => socket.send("close, please"),
  cross: (socket) => socket.close(4000, "my own"),
  "hangs-up": (socket) => socket.close(1000, "bye"),
  hold: () => held("Held open. Nothing has been said on it."),
};
const LOST = 60; // tries in vain to hold another one open
let holding = null;
let lost = 0;

for (const button of document.querySelectorAll("[data-way]")) {
  const { way } = button.dataset;
  button.addEventListener("click", () => {
    if (way === "hold" && holding?.readyState === WebSocket.OPEN) return;
    end(way, button.textContent);
  });
}
byItself(new URLSearchParams(location.search).get("act")?.split(",") ?? []);

async function byItself(ways) {
  for (const way of ways) await end(way, way);
}

/** Open one, do what the way asks for, and wait for its end. */
function end(way, words) {
  const { id, socket } = open(way);
  let thrown = "";
  let opened = false;
  if (way === "hold") holding = socket;
  socket.onopen = () => {
    opened = true;
    try {
      ACTS[way](socket);
    } catch (fault) {
      thrown = fault.name;
      socket.close(1000, "it threw");
    }
  };
  socket.onmessage = ({ data }) => {
    if (data === ASK) askAround(socket);
  };
  return new Promise((done) => {
    socket.onclose = async ({ code, reason, wasClean }) => {
      if (opened) {
        show(words, thrown, code, reason, wasClean);
        await tell({ id, code, reason, clean: wasClean, thrown, by: "page" });
      }
      if (way === "hold") holdAgain(words, opened);
      done();
    };
  });
}

/** Ask whether anybody is there, a few times, whatever comes back. */
function askAround(socket) {
  let asked = 0;
  const timer = setInterval(() => {
    socket.send("anybody there?");
    asked += 1;
    held(`Asked ${asked} times whether anybody is there. readyState is ${socket.readyState}.`);
    if (asked === ASKS || socket.readyState !== WebSocket.OPEN) clearInterval(timer);
  }, BETWEEN);
}

/** The server will be back, as a lesson has it; if not, that is that. */
function holdAgain(words, opened) {
  lost = opened ? 0 : lost + 1;
  if (lost > LOST) {
    held("None is held open: the server is gone. Reload this page when it is back.");
    return;
  }
  held("The one that was held open has ended. Trying to open another.");
  setTimeout(() => end("hold", words), opened ? 0 : BETWEEN);
}

function held(words) {
  byId("held").textContent = words;
}

function show(words, thrown, code, reason, wasClean) {
  const row = document.createElement("tr");
  const cells = thrown
    ? [words, "-", `${thrown}: nothing was sent`, "-"]
    : [words, code, visible(reason) || "(empty)", wasClean];
  for (const [at, cell] of cells.entries()) {
    const place = document.createElement(at ? "td" : "th");
    if (!at) place.scope = "row";
    if (at === 1) place.className = "number";
    place.textContent = cell;
    row.append(place);
  }
  const rows = byId("told");
  rows.prepend(row);
  if (rows.children.length > KEPT) rows.lastElementChild.remove();
  const said = thrown ? cells[2] : `${code}, ${wasClean ? "clean" : "not clean"}`;
  byId("last").textContent = `The last one, ${words}: ${said}.`;
}
