/**
 * A microservice that batches well: a call takes 20 ms for up to 64 items, and it does one call at a
 * time. Its ideal is 3,200 items a second in batches, and 50 without. Prints its port.
 *
 * @module
 */

/** How long a call takes for up to {@link itemsACall} items, milliseconds. */
export const callMs = 20;
/** How many items that holds for. */
export const itemsACall = 64;

/** What an item of a batch has that counts here. */
interface Item {
  readonly id: string;
  readonly body: unknown;
}

const sleeping = new Int32Array(new SharedArrayBuffer(4));

async function answer(request: Request): Promise<Response> {
  const text = await request.text();
  const start = performance.now();
  const batched = new URL(request.url).pathname === "/batch";
  const items: Item[] = batched ? JSON.parse(text) : [{ id: "", body: text }];
  const ms = Math.ceil(items.length / itemsACall) * callMs;
  const answers = items.map(({ id, body }) => ({ id, status: 200, body }));
  const response = batched ? JSON.stringify(answers) : text;
  // Blocking keeps the time better than a timer does, and lets in no other call.
  Atomics.wait(sleeping, 0, 0, Math.max(0, ms - (performance.now() - start)));
  return new Response(response, { headers: { "content-type": "application/json" } });
}

if (import.meta.main) {
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  console.log(Deno.serve(options, answer).addr.port);
}
