// The five captures of the exam: asked for by a button, listed by name.

import { enable, onPress } from "/static/js/line.js";

const byId = (id) => document.getElementById(id);

onPress(byId("make"), async () => {
  enable(byId("make"), false);
  try {
    const answer = await fetch("/exam", { method: "POST" });
    if (!answer.ok) throw new Error(answer.statusText);
    const { made } = await answer.json();
    byId("made").replaceChildren(...made.map(item));
    byId("told").textContent = "They are in your folder of this lesson, under captures.";
  } catch {
    byId("told").textContent = "They could not be made.";
  }
  enable(byId("make"), true);
});

function item(name) {
  const entry = document.createElement("li");
  entry.textContent = name;
  return entry;
}
