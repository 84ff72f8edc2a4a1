import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { startTcpProxy } from "./tcp_proxy.ts";
import { eventually } from "./waiting.ts";

/** An echo behind a proxy, and a client before it. */
async function stand(test: (stand: Stand) => Promise<void>): Promise<void> {
  const served: Socket[] = [];
  const server = createServer((socket) => {
    served.push(socket);
    socket.on("error", () => {}).on("data", (bytes) => socket.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await using proxy = await startTcpProxy("127.0.0.1", port);
    await test({ proxy, served, client: () => client(proxy.port) });
  } finally {
    for (const socket of served) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

interface Stand {
  readonly proxy: Awaited<ReturnType<typeof startTcpProxy>>;
  readonly served: readonly Socket[];
  client(): Client;
}

interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly ended: () => string | undefined;
}

function client(port: number): Client {
  const socket = connect({ port, host: "127.0.0.1" });
  let heard = "";
  let ended: string | undefined;
  socket.on("data", (bytes) => heard += bytes);
  socket.on("error", (error) => ended = error.message);
  socket.on("close", () => ended ??= "closed");
  return { socket, heard: () => heard, ended: () => ended };
}

Deno.test("tcp proxy: what is held comes when it is released, a closing too", () =>
  stand(async ({ proxy, served, client }) => {
    const one = client();
    one.socket.write("a");
    await eventually(() => one.heard() === "a");
    proxy.hold();
    one.socket.write("b");
    const other = client();
    other.socket.write("c");
    await eventually(() => served.length === 2);
    one.socket.end();
    proxy.release();
    await eventually(() => other.heard() === "c");
    await eventually(() => served[0]?.destroyed);
    other.socket.destroy();
    await eventually(() => proxy.connections === 0);
  }));

Deno.test("tcp proxy: in a silence neither bytes nor closings pass, and later only new connections", () =>
  stand(async ({ proxy, served, client }) => {
    const one = client();
    one.socket.write("a");
    await eventually(() => one.heard() === "a");
    proxy.silence();
    one.socket.write("b");
    one.socket.destroy();
    proxy.resume();
    const other = client();
    other.socket.write("c");
    await eventually(() => other.heard() === "c");
    assert.equal(one.heard(), "a");
    assert.equal(served[0]?.destroyed, false);
    other.socket.destroy();
  }));

Deno.test("tcp proxy: a delay is of each direction", () =>
  stand(async ({ proxy, client }) => {
    proxy.delay(60);
    const { socket, heard } = client();
    const since = performance.now();
    socket.write("a");
    await eventually(() => heard() === "a");
    assert.ok(performance.now() - since >= 119);
    socket.destroy();
  }));

Deno.test("tcp proxy: a reset ends what there is, a refusal what comes", () =>
  stand(async ({ proxy, served, client }) => {
    const one = client();
    one.socket.write("a");
    await eventually(() => one.heard() === "a");
    assert.equal(proxy.reset(), 1);
    await eventually(() => /ECONNRESET/.test(one.ended() ?? ""));
    await eventually(() => served[0]?.destroyed);
    proxy.refuse(true);
    const refused = client();
    await eventually(() => refused.ended() !== undefined);
    assert.equal(served.length, 1);
    proxy.refuse(false);
    const other = client();
    other.socket.write("c");
    await eventually(() => other.heard() === "c");
    other.socket.destroy();
  }));
