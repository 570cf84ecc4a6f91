// Payloads of chosen sizes, as WebSocket messages and as HTTP bodies. The server gives each back.

import { Line, enable, onPress } from "/static/js/line.js";

const KEPT = 20; // rows of the table

const byId = (id) => document.getElementById(id);
const senders = [...document.querySelectorAll("[data-send]")];
const rows = []; // WebSocket messages on their way, the oldest first

const line = new Line({ message: heard, opened: awake, closed: asleep });

for (const button of senders) {
  const size = Number(button.dataset.send);
  onPress(button, () => {
    if (line.send("x".repeat(size))) rows.push(addRow("WebSocket", size));
    else tell(line.refusal);
  });
}

for (const button of document.querySelectorAll("[data-post]")) {
  const size = Number(button.dataset.post);
  onPress(button, () => post(size));
}

function awake() {
  for (const button of senders) enable(button, true);
}

/** What was on its way when the connection ended does not come back. */
function asleep() {
  for (const button of senders) enable(button, false);
  for (const row of rows.splice(0)) row.lastElementChild.textContent = "nothing";
}

function heard(data) {
  if (rows.length) cameBack(rows.shift(), data.length);
}

async function post(size) {
  const row = addRow("HTTP POST", size);
  try {
    const answer = await fetch("/cost/echo", { method: "POST", body: "x".repeat(size) });
    cameBack(row, (await answer.text()).length);
  } catch {
    row.lastElementChild.textContent = "nothing";
    tell("The POST was not answered.");
  }
}

function addRow(how, size) {
  const row = document.createElement("tr");
  for (const words of [how, inDigits(size), "…"]) {
    const cell = document.createElement("td");
    cell.textContent = words;
    if (row.children.length) cell.className = "number";
    row.append(cell);
  }
  byId("gone").prepend(row);
  if (byId("gone").children.length > KEPT) byId("gone").lastElementChild.remove();
  return row;
}

function cameBack(row, size) {
  row.lastElementChild.textContent = inDigits(size);
  tell(`${row.firstElementChild.textContent}: ${inDigits(size)} bytes came back.`);
}

function inDigits(size) {
  return size.toLocaleString("en");
}

function tell(words) {
  byId("note").textContent = words;
}
