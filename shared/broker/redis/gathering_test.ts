import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Argument, Reply } from "./client.ts";
import { Gathering } from "./gathering.ts";
import { Script } from "./script.ts";

/** Keeps what is sent, and answers when it is told to. */
class Server {
  readonly calls: string[][] = [];
  readonly #answers: PromiseWithResolvers<Reply>[] = [];

  send(args: readonly Argument[]): Promise<Reply> {
    this.calls.push(args.slice(3).map(String));
    const answer = Promise.withResolvers<Reply>();
    this.#answers.push(answer);
    return answer.promise;
  }

  answer(reply: Reply): void {
    this.#answers.shift()?.resolve(reply);
  }

  fail(error: Error): void {
    this.#answers.shift()?.reject(error);
  }
}

const script = new Script("return ARGV");

Deno.test("a lone one goes at once, and what comes while two are under way goes together", async () => {
  const server = new Server();
  const gathering = new Gathering(script, server);
  const first = gathering.add(["1"]);
  await Promise.resolve();
  assert.deepEqual(server.calls, [["1"]]);
  const second = gathering.add(["2"]);
  await delay(0);
  assert.deepEqual(server.calls, [["1"], ["2"]]);
  const [third, fourth] = [gathering.add(["3"]), gathering.add(["4", "x"])];
  await delay(0);
  assert.equal(server.calls.length, 2);

  server.answer(["one"]);
  assert.equal(await first, "one");
  await delay(0);
  assert.deepEqual(server.calls[2], ["3", "4", "x"]);
  server.answer(["two"]);
  server.answer(["three", "four"]);
  assert.deepEqual(await Promise.all([second, third, fourth]), ["two", "three", "four"]);
});

Deno.test("where the call fails all fail, and those after them do not", async () => {
  const server = new Server();
  const gathering = new Gathering(script, server);
  const [one, two] = [gathering.add(["1"]), gathering.add(["2"])];
  await Promise.resolve();
  server.fail(new Error("lost"));
  await assert.rejects(one, /lost/);
  await assert.rejects(two, /lost/);
  const next = gathering.add(["3"]);
  await delay(0);
  server.answer(["three"]);
  assert.equal(await next, "three");
  await gathering.flush();
});

Deno.test("who is told that it is sent comes after it; large ones do not wait", async () => {
  const server = new Server();
  const gathering = new Gathering(script, server);
  const large = { bytes: 2 ** 20, onSent: () => server.send(["", "", "", "behind"]) };
  const replies = ["1", "2", "3"].map((text) => gathering.add([text], large));
  assert.deepEqual(server.calls, [["1"], ["behind"], ["2"], ["behind"], ["3"], ["behind"]]);
  for (let count = 0; count < 6; count++) server.answer(["sent"]);
  assert.deepEqual(await Promise.all(replies), ["sent", "sent", "sent"]);
});

Deno.test("what is to go before another does, though it has to wait", async () => {
  const server = new Server();
  const publishing = new Gathering(script, server);
  const settling = new Gathering(script, server, publishing);
  for (const reply of ["1", "2", "3"]) {
    publishing.add([reply]);
    await delay(0);
  }
  assert.deepEqual(server.calls, [["1"], ["2"]]);
  settling.add(["ack"]);
  await delay(0);
  assert.deepEqual(server.calls, [["1"], ["2"]]);
  server.answer(["one"]);
  await delay(0);
  assert.deepEqual(server.calls, [["1"], ["2"], ["3"], ["ack"]]);
  settling.add(["more"]);
  await delay(0);
  assert.deepEqual(server.calls.slice(4), [["more"]]);
});
