// A server on ws, which answers as tests/peers/manners.py has it: node server.mjs '{"deflate": …}'
import { deflateOptions, ws } from "./ws.mjs";

const { deflate, subprotocols, pieces, pinged } = JSON.parse(process.argv[2]);
const server = new ws.WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: deflateOptions(deflate),
  handleProtocols: (offered) => subprotocols.find((each) => offered.has(each)) ?? false,
  verifyClient: ({ req }, answer) => answer(req.url !== "/refuse", 403, "not you"),
});

server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    const text = isBinary ? null : data.toString();
    if (text === "ping") {
      socket.ping(pinged);
      socket.send("pinged");
    } else if (text === "fragments") {
      pieces.forEach((piece, at) => socket.send(piece, { fin: at === pieces.length - 1 }));
    } else if (text?.startsWith("close ")) {
      const [, code, ...reason] = text.split(" ");
      socket.close(Number(code), reason.join(" "));
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
});
server.on("listening", () => console.log(`listening on ${server.address().port}`));
