import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { within } from "../../tests/support/waiting.ts";
import { openBroker } from "./open.ts";

/** The type of a TLS record with a handshake in it (RFC 8446, section 5.1). */
const handshake = 22;

/** What a driver that is to connect to a URL says first. @param url of a port. */
async function firstBytes(host: string, url: (port: number) => string): Promise<Buffer> {
  const heard = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      heard.resolve(Buffer.from(bytes));
      socket.destroy();
    });
  });
  await once(server.listen(0, host), "listening");
  try {
    const { port } = server.address() as AddressInfo;
    await using broker = await openBroker(url(port), { name: "tls" });
    return await within(heard.promise, `${broker.status.detail}, and a handshake`);
  } finally {
    server.close();
  }
}

for (
  const [system, url] of [
    ["RabbitMQ", (at) => `amqps://user:password@${at}/`],
    ["Redis", (at) => `rediss://user:password@${at}/0`],
    ["Kafka", (at) => `kafka://user:password@${at}/?tls=true`],
  ] as const satisfies [string, (at: string) => string][]
) {
  Deno.test(`${system} over TLS is told the name it is called by, but no address`, async (t) => {
    for (const [host, shown] of [["localhost"], ["127.0.0.1"], ["::1", "[::1]"]] as const) {
      await t.step(host, async () => {
        const bytes = await firstBytes(host, (port) => url(`${shown ?? host}:${port}`));
        assert.equal(bytes[0], handshake);
        assert.equal(bytes.includes(host), host === "localhost");
      });
    }
  });
}
