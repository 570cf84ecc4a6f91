// The bench: a button asks the server to send an altered handshake, and shows the first line of
// what came back. The prediction is locked by then.

import { enable, onPress } from "/static/js/line.js";

for (const button of document.querySelectorAll("[data-send]")) {
  onPress(button, () => send(button));
}

async function send(button) {
  const output = document.querySelector(`[data-answer="${button.dataset.send}"]`);
  enable(button, false);
  tell(output, "sending …");
  try {
    const response = await fetch(`/refused/send/${button.dataset.send}`, { method: "POST" });
    if (!response.ok) throw new Error(`the bench answered ${response.status}`);
    tell(output, (await response.json()).answer);
  } catch (fault) {
    tell(output, `not sent: ${fault.message}`);
  }
  enable(button, true);
}

function tell(output, words) {
  output.textContent = words;
  output.dataset.came = "";
}
