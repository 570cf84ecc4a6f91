// The chat: what is typed goes out as it is. What comes in begins with "* " if the server itself
// speaks, else with a nickname and ": " (lessons/demo/chat.py).

import { Line } from "./line.js";

const LONG = 600; // characters shown of one message
const KEPT = 300; // lines in the room

const talk = document.getElementById("talk");
const input = document.getElementById("text");
const note = document.getElementById("say-note");
let me = "";
let leftOut = 0;

const line = new Line({ message: hear, opened: () => tell("") });

document.getElementById("say").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!input.value) {
    tell("Type something first.");
  } else if (line.send(input.value)) {
    input.value = "";
    tell("");
  } else {
    tell(line.refusal, "refused");
  }
  input.focus();
});

function tell(words, how = "") {
  note.textContent = words;
  note.dataset.how = how;
}

function hear(data) {
  if (typeof data !== "string") return;
  if (data.startsWith("* ")) {
    me = /^\* You are ([^.]+)\./.exec(data)?.[1] ?? me;
    return say(null, data.slice(2));
  }
  const cut = data.indexOf(": ");
  say(data.slice(0, cut), data.slice(cut + 2));
}

function say(who, words) {
  const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
  const entry = document.createElement("li");
  const text = document.createElement("span");
  text.dir = "auto"; // and isolated by it: one line's direction never turns the next
  text.textContent =
    words.length > LONG ? `${words.slice(0, LONG)} … (${words.length} characters)` : words;
  if (who === null) {
    entry.className = "note";
    entry.append(text);
  } else {
    const name = document.createElement("b");
    name.textContent = who === me ? `${who} (you)` : who;
    entry.className = who === me ? "mine" : "theirs";
    entry.append(name, text);
  }
  talk.append(entry);
  if (talk.children.length > KEPT) {
    talk.firstElementChild.remove();
    leftOut += 1;
    tell(`${leftOut} earlier lines are not kept on this page.`);
  }
  if (atEnd) talk.scrollTop = talk.scrollHeight;
}
