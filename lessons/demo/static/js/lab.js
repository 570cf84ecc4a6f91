// The lab: ways to store this page's live WebSocket, each tried for real.
//
// The attempts in Python run in the server's process ("try pickle" goes out, what became of it comes
// back). Those in JavaScript run here, and are told to the server, so that they are on the wire too.
// Whether one worked is not for either side to say: what came back sends a text of its own, a probe,
// and it has arrived or it has not.
//
//   /lab?act=browser     tries everything of this page at once, without anybody
//   /lab?act=read        reads back what this browser kept, and tries to send on it
//   /lab?act=all         the server's attempts, too

import { Line, enable, onPress } from "./line.js";
import { visible } from "./words.js";

const byId = (id) => document.getElementById(id);
const LONG = 160;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const FACTS = [
  ["pid", "process"],
  ["class", "class of ws"],
  ["address", "where in its memory"],
  ["descriptor", "file descriptor"],
  ["kernel", "what that is in the kernel"],
  ["here", "address at the server's end"],
  ["there", "address at the other end"],
  ["request", "came with the request"],
  ["key", "its Sec-WebSocket-Key"],
];

const inPage = new Map([
  ["stringify", {
    code: "JSON.stringify(ws)",
    store: (ws) => keep("ws as JSON", JSON.stringify(ws)),
    restore: (kept) => JSON.parse(kept),
  }],
  ["structured-clone", {
    code: "structuredClone(ws)",
    store: (ws) => structuredClone(ws),
    restore: (kept) => kept,
  }],
  ["push-state", {
    code: 'history.pushState(ws, "")',
    store: (ws) => history.pushState(ws, ""),
    restore: () => history.state,
  }],
  ["local-storage", {
    code: 'localStorage.setItem("ws", ws)',
    store: (ws) => keep("ws", ws),
    restore: (kept) => kept,
  }],
  ["indexed-db", {
    code: 'indexedDB: store.put(ws, "ws")',
    store: (ws) => inDatabase("readwrite", (store) => store.put(ws, "ws")),
    restore: () => inDatabase("readonly", (store) => store.get("ws")),
  }],
]);

const keptHere = new Map([["local-storage", "ws"], ["stringify", "ws as JSON"]]);
const probes = new Set(); // texts that arrived, sent on what came back
let told = {}; // the last hello
let before = {}; // and the one of the connection before
let acting = new URLSearchParams(location.search).get("act");

const line = new Line({ message: hear, opened: awake, closed: awake });

for (const [name, { code }] of inPage) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.page = name;
  const label = document.createElement("code");
  label.textContent = code;
  button.append(label);
  byId("page-attempts").append(button);
  onPress(button, () => tryHere(name));
}
for (const button of document.querySelectorAll("[data-try]")) {
  onPress(button, () => line.send(`try ${button.dataset.try}`));
}
for (const button of document.querySelectorAll("[data-say]")) {
  onPress(button, () => line.send(button.dataset.say));
}
for (const button of document.querySelectorAll("[data-session]")) {
  onPress(button, () => trySession(button.dataset.session));
}
onPress(document.querySelector("[data-pipe]"), tryPipe);
onPress(document.querySelector("[data-read]"), readBack);
awake();

/** Buttons work while the line is open. */
function awake() {
  for (const button of document.querySelectorAll(".lab-group button")) enable(button, line.isOpen);
  byId("lab-note").textContent = line.isOpen
    ? ""
    : "There is no live connection to store: wait for it, or open it again above.";
}

function hear(data) {
  if (typeof data !== "string") return;
  if (data.startsWith("probe ")) {
    probes.add(data);
    return;
  }
  const said = JSON.parse(data);
  if (said.lab === "hello") return greet(said);
  if (said.lab === "tried") return file(said);
  if (said.lab === "absent") {
    return say(`There is ${said.words} for the server to use. The course starts one at the step that needs it, if it is installed.`);
  }
  if (said.lab === "read") {
    said.trials.forEach((trial) => file(trial, said.pid));
    return lookAt(byId("shelves-title"), byId("shelves-title").closest(".panel"));
  }
  if (said.lab === "session") return post("/lab/session/read", "session-socket");
  if (said.lab === "descriptors") {
    const more = said.more ? [`and ${said.more} more`] : [];
    const rows = said.table.map(([number, name, what]) =>
      `${number}: ${name ?? "(no name told)"}, ${what}${number === said.own ? ". This connection" : ""}`);
    say(...rows, ...more);
  } else if (said.lab === "parts") {
    say(...said.refused.map(([part, type, why]) => `ws.${part}, of type ${type}: ${why}`));
  } else if (said.lab === "stranger") {
    say(`pickle.loads of ${said.bytes.length / 2} bytes from a stranger returned ${said.back}: ` +
      `the bytes called os.getpid() in the server (process ${said.pid}). They could have called anything.`);
  }
}

function greet(said) {
  before = told;
  told = said;
  const rows = FACTS.map(([key, words]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = words;
    row.append(head, cell(told[key]), cell(before[key]));
    return row;
  });
  byId("told").replaceChildren(...rows);
  act();
}

function cell(value) {
  const data = document.createElement("td");
  const code = document.createElement("code");
  code.textContent = value == null ? "-" : short(Array.isArray(value) ? value.join(":") : value);
  data.append(code);
  return data;
}

async function act() {
  const how = acting;
  acting = null;
  if (how === "all") {
    for (const button of document.querySelectorAll("[data-try], [data-session], [data-pipe]")) button.click();
  }
  if (how === "read") {
    await readHere();
    line.send(JSON.stringify({ lab: "browser-done" }));
  }
  if (how === "all" || how === "browser") {
    for (const name of inPage.keys()) await tryHere(name);
    line.send(JSON.stringify({ lab: "browser-done" }));
  }
}

/** One attempt of this page's own. */
async function tryHere(name, kept) {
  const { code, store, restore } = inPage.get(name);
  const again = kept !== undefined;
  const trial = { attempt: name, code, kept: null, size: 0, raised: null, step: null, back: null };
  trial.probe = null;
  let step = "store";
  try {
    kept = again ? kept : await store(line.socket);
    trial.kept = kept === undefined ? null : short(kept);
    trial.size = typeof kept === "string" ? new TextEncoder().encode(kept).length : 0;
    step = "restore";
    const back = await restore(kept);
    trial.back = `${back === null ? "null" : typeof back}: ${short(back)}`;
    step = "send";
    trial.probe = `probe ${name} ${crypto.getRandomValues(new Uint32Array(1))[0].toString(16)}`;
    back.send(trial.probe);
  } catch (fault) {
    trial.raised = `${fault.name}: ${fault.message}`;
    trial.step = step;
  }
  file(trial, again ? "this page" : null);
  line.send(JSON.stringify({ lab: again ? "browser-read" : "browser", ...trial }));
}

/** Into Flask's session: a request stores, another one reads back; the server tells how it went.
 * In the socket handler there is no request to make: the line itself asks for it. */
async function trySession(name) {
  if (name === "session-socket") return line.send("session");
  const answer = await post("/lab/session", name);
  if (answer.ok) await post("/lab/session/read", name);
}

function post(path, attempt) {
  return fetch(path, { method: "POST", body: JSON.stringify({ key: told.key, attempt }) });
}

function keep(slot, value) {
  localStorage.setItem(slot, value);
  return localStorage.getItem(slot);
}

/** What lies in the server's databases and in this browser's storage, tried again. */
async function readBack() {
  await readHere();
  line.send("read");
}

async function readHere() {
  for (const [name, slot] of keptHere) {
    const kept = localStorage.getItem(slot);
    if (kept !== null) await tryHere(name, kept);
  }
}

/** On a connection of its own: its socket goes to another process, and that one speaks. */
function tryPipe() {
  const side = new WebSocket(`${line.url.href}/pipe`);
  line.log("out", "new WebSocket", `${line.url.pathname}/pipe, a side connection`);
  side.onmessage = ({ data }) => {
    line.log("in", "message", `on the side connection: ${short(data)}`);
    hear(data);
    if (!data.startsWith("probe ")) side.close(1000, "seen");
  };
}

function shelfOf(trial) {
  if (trial.raised && trial.step !== "send") return "loud";
  return probes.has(trial.probe) ? "works" : "silent";
}

/** Put a trial on its shelf. `reader` says who read it back later, where that was so. */
function file(trial, reader = null) {
  const shelf = shelfOf(trial);
  const entry = document.createElement("li");
  const code = document.createElement("code");
  code.textContent = trial.code;
  entry.append(code);
  if (reader !== null) {
    const again = paragraph(`read back later, by ${reader === "this page" ? reader : `process ${reader}`}`);
    again.className = "again";
    entry.append(again);
  }
  if (trial.kept !== null) {
    const size = trial.size ? `${trial.size} bytes` : "nothing on disk";
    entry.append(paragraph(`kept: ${short(trial.kept)} (${size})`));
  }
  if (trial.back !== null) entry.append(paragraph(`came back: ${short(trial.back)}`));
  if (trial.raised) {
    const when = { store: "storing it", restore: "reading it back", send: "sending on it" }[trial.step];
    entry.append(paragraph(`${when}: ${short(trial.raised)}`));
  }
  if (trial.kernel) {
    entry.append(paragraph(`${trial.kernel} in process ${trial.pid}, ${trial.heirs_kernel} in process ${trial.heir}`));
  }
  entry.append(paragraph(shelf === "works" ? "its message arrived here" : "no message arrived"));
  entry.dataset.attempt = trial.attempt;
  byId(shelf).append(entry);
  const name = CSS.escape(trial.attempt);
  const button = document.querySelector(
    ["try", "page", "pipe", "session"].map((kind) => `[data-${kind}="${name}"]`).join(", "),
  );
  if (button && reader === null) button.dataset.done = ` ${shelf}`;
}

/** The answer to a button, beneath it; it takes the place of the one before. */
function say(...answers) {
  const entries = answers.map((words) => {
    const entry = document.createElement("li");
    entry.textContent = short(words, 300);
    return entry;
  });
  byId("said").replaceChildren(...entries);
  lookAt(byId("said"));
}

/** What a button brought may be off the screen: go there, with the focus and with the eye. */
function lookAt(element, shown = element) {
  element.focus({ preventScroll: true });
  const block = shown.offsetHeight < innerHeight ? "nearest" : "start";
  shown.scrollIntoView({ block, behavior: still.matches ? "auto" : "smooth" });
}

function paragraph(words) {
  const element = document.createElement("p");
  element.textContent = words;
  return element;
}

function short(value, long = LONG) {
  const text = visible(String(value));
  return text.length > long ? `${text.slice(0, long)}…` : text;
}

function inDatabase(mode, act) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ws101-lab", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      try {
        const request = act(database.transaction("kept", mode).objectStore("kept"));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      } catch (fault) {
        reject(fault);
      } finally {
        database.close();
      }
    };
  });
}
