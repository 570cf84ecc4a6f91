// A client on ws, which says a script of tests/peers/script.py: node client.mjs PORT < SCRIPT
import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { deflateOptions, ws as WebSocket } from "./ws.mjs";

const script = JSON.parse(await text(process.stdin));
const ws = new WebSocket(`ws://127.0.0.1:${process.argv[2]}${script.path}`, script.subprotocols, {
  perMessageDeflate: deflateOptions(script.deflate),
});
// Not once(): that one rejects at an "error" before, as Werkzeug's response after Close is one.
const closed = new Promise((done) => ws.on("close", (...how) => done(how)));
const heard = [];
let wake = () => {};
ws.on("message", (data, isBinary) => {
  heard.push([isBinary ? "binary" : "text", data.toString("base64")]);
  wake();
});
await once(ws, "open");
ws.on("error", (error) => console.error(error.message)); // "close" comes after it

for (const step of script.steps) {
  if (step.ping !== undefined) {
    const pong = once(ws, "pong");
    ws.ping(Buffer.from(step.ping, "base64"));
    assert.equal((await pong)[0].toString("base64"), step.ping);
    continue;
  }
  step.pieces.forEach((piece, at) => {
    const fin = at === step.pieces.length - 1;
    ws.send(Buffer.from(piece, "base64"), { binary: step.kind === "binary", fin });
  });
  if (step.answer) {
    while (!heard.length) await new Promise((done) => (wake = done));
    assert.deepEqual(heard.shift(), step.answer);
  }
}
if (script.closer === "client") ws.close(...script.close);
const [code, reason] = await closed;
console.log(JSON.stringify({ code, reason: reason.toString() }));
