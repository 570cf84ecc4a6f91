// A page with one WebSocket, to be shut.
//
//   /ended/tab?act=leave     is loaded anew as soon as it is open, without anybody. (A page that one
//                            goes back to may be kept, and its connection with it.)

import { open } from "./trial.js";

const leaves = new URLSearchParams(location.search).get("act") === "leave";
const { socket } = open("leave");
socket.onopen = () => {
  document.getElementById("state").textContent = "open";
  if (leaves) {
    history.replaceState(null, "", location.pathname);
    location.reload();
  }
};
socket.onclose = () => {
  document.getElementById("state").textContent = "closed: reload this page";
};
