import assert from "node:assert/strict";
import type { MessageHeaders } from "../../shared/broker/broker.ts";
import { take } from "../brokers.ts";
import type { Behaviour } from "./behaviour.ts";

const range = (from: number, to: number) =>
  String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, at) => from + at));

const tables: readonly MessageHeaders[] = [
  {},
  { ascii: range(0x20, 0x7e) },
  { tab: "a\tb", control: range(0x01, 0x1f) },
  { latin1: range(0xa0, 0xff) },
  { utf8: "ünïcödé 漢字 😀 \u200d \uffff \u{10ffff}" },
  { empty: "" },
  { long: "0123456789".repeat(1024) },
  { yes: true, no: false },
  {
    zero: 0,
    one: 1,
    negative: -1,
    byte: 255,
    short: -32_768,
    "2^31-1": 2 ** 31 - 1,
    "2^31": 2 ** 31,
    "-2^31": -(2 ** 31),
    "-2^31-1": -(2 ** 31) - 1,
    "2^32-1": 2 ** 32 - 1,
    "2^32": 2 ** 32,
    now: 1_760_000_000_123,
    max: Number.MAX_SAFE_INTEGER,
    min: Number.MIN_SAFE_INTEGER,
  },
  { list: ["a", 1, true, "", ["nested", -1], { in: "list" }], none: [] },
  { table: { "set-cookie": ["a=1", "b=2"], "x-empty": "", deep: { er: { list: [] } } }, none: {} },
  {
    [range(0x21, 0x7e)]: "the characters of names",
    constructor: "c",
    toString: "s",
    "": "unnamed",
  },
  Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-header-${at}`, `value ${at}`])),
];

export const behaviour: Behaviour = {
  name: "headers of every type, size and character come through unchanged",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const body = new Uint8Array([1]);
    await broker.publish({ queue: queue.name }, tables.map((headers) => ({ headers, body })));
    const { signal } = new AbortController();
    const deliveries = broker.consume(queue.name, { prefetch: tables.length, signal });
    const came = await take(deliveries, tables.length);
    for (const [at, headers] of tables.entries()) {
      // A table may come without a prototype.
      assert.deepEqual(structuredClone(came[at]?.message.headers), headers);
    }
  },
};
