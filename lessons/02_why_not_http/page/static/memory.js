// Three ways to ask a server whether it knows you: it answers with a stranger's number and a count.

import { Line, enable, onPress } from "/static/js/line.js";

const button = (way) => document.querySelector(`[data-ask="${way}"]`);

function answered(way, words) {
  const entry = document.createElement("li");
  entry.textContent = words;
  document.querySelector(`[data-answers="${way}"]`).append(entry);
}

function inWords(text) {
  const { stranger, times } = JSON.parse(text);
  return times === 1
    ? `You are stranger ${stranger}. I have not met you before.`
    : `You are stranger ${stranger}. This is the ${ordinal(times)} time that we meet.`;
}

function ordinal(number) {
  return { 2: "second", 3: "third" }[number] ?? `${number}th`;
}

async function ask(way) {
  try {
    const answer = await fetch(`/memory/${way}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    answered(way, inWords(await answer.text()));
  } catch (fault) {
    answered(way, `no answer (${fault.message})`);
  }
}

for (const way of ["plain", "cookie"]) onPress(button(way), () => ask(way));

const line = new Line({
  opened: awake,
  closed: awake,
  message: (data) => answered("socket", inWords(data)),
});
onPress(button("socket"), () => line.send("again"));
awake();

function awake() {
  enable(button("socket"), line.isOpen);
}
