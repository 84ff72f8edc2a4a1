import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server, and can fall silent without closing anything. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Passes nothing more on, in either direction, and accepts without answering. */
  silence(): void;
  /** Passes on again, for new connections only. */
  resume(): void;
}

/** Starts a proxy on a free port of this machine. */
export async function startTcpProxy(host: string, port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((downstream) => {
    const upstream = connect({ host, port, noDelay: true });
    for (const [from, to] of [[downstream, upstream], [upstream, downstream]] as const) {
      sockets.add(from);
      const muted = silent;
      from.on("data", (bytes) => {
        if (!silent && !muted) to.write(bytes);
      });
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      silent = true;
    },
    resume: () => {
      silent = false;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
