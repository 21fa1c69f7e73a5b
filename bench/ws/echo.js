// echo.js - a WebSocket server of npm `ws` that sends back what it is sent: the benchmark's measure
// of what people use. Listens on a free port of 127.0.0.1 and prints it.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  backlog: 4096,
  clientTracking: false,
  perMessageDeflate: false,
});
server.on("listening", () => console.log(`listening on ${server.address().port}`));
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("error", () => socket.terminate());
});
process.on("SIGTERM", () => process.exit(0));
