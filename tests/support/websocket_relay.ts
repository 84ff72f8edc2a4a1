import { connect } from "node:net";

/** Passes the bytes of WebSockets on to a TCP server, as the relays before RabbitMQ do. */
export function startRelay(
  hostname: string,
  port: number,
): AsyncDisposable & { readonly port: number } {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.binaryType = "arraybuffer";
    const upstream = connect({ host: hostname, port, noDelay: true });
    upstream.on("data", (bytes) => socket.send(new Uint8Array(bytes)));
    upstream.on("close", () => socket.close());
    upstream.on("error", () => {});
    socket.onmessage = ({ data }) => void upstream.write(new Uint8Array(data));
    socket.onclose = () => void upstream.destroy();
    return response;
  });
  return { port: server.addr.port, [Symbol.asyncDispose]: () => server.shutdown() };
}
