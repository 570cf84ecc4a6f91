// A client in the words of the WebSocket API, for whoever has it: Chromium's page, Node's undici.
async function say(port, script) {
  const bytes = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
  const base64 = (data) => {
    let binary = "";
    for (const byte of data) binary += String.fromCharCode(byte);
    return btoa(binary);
  };
  const ws = new WebSocket(`ws://127.0.0.1:${port}${script.path}`, script.subprotocols);
  ws.binaryType = "arraybuffer";
  const heard = [];
  let closed = null;
  let wake = () => {};
  const woken = () => new Promise((done) => (wake = done));
  ws.onmessage = ({ data }) => {
    const isText = typeof data === "string";
    const content = isText ? new TextEncoder().encode(data) : new Uint8Array(data);
    heard.push([isText ? "text" : "binary", base64(content)]);
    wake();
  };
  let opened = false;
  let failed = false;
  ws.onerror = () => {
    failed = true; // undici tells no more of a refusal than this
    wake();
  };
  ws.onopen = () => {
    opened = true;
    wake();
  };
  ws.onclose = ({ code, reason, wasClean }) => {
    closed = { code, reason, wasClean };
    wake();
  };
  while (!opened && !failed && !closed) await woken();
  if (!opened) return { refused: true };
  for (const step of script.steps) {
    const [piece] = step.pieces.map(bytes);
    ws.send(step.kind === "text" ? new TextDecoder().decode(piece) : piece);
    if (!step.answer) continue;
    while (!heard.length && !closed) await woken();
    const [kind, data] = heard.shift() ?? ["nothing", JSON.stringify(closed)];
    if (kind !== step.answer[0] || data !== step.answer[1]) {
      throw new Error(`${kind} ${data.slice(0, 200)} for an answer`);
    }
  }
  if (script.closer === "client") ws.close(...script.close);
  while (!closed) await woken();
  return closed;
}
