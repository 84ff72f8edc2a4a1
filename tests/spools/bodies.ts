/** What the behaviours of spools are made of. */

import { createHash } from "node:crypto";
import { type ReadOptions, readSpool } from "../../shared/spool/read_spool.ts";
import type { Piece, SpoolStore } from "../../shared/spool/spool_store.ts";
import { SpoolWriter } from "../../shared/spool/spool_writer.ts";
import type { TestBroker } from "../brokers.ts";

/** The spools of a handle of its own. */
export async function openSpools(t: TestBroker, name = "proxymq-test"): Promise<SpoolStore> {
  return (await t.open({ name })).spools();
}

/** Makes a spool, and what writes it. */
export async function newWriter(store: SpoolStore, id: string): Promise<SpoolWriter> {
  await store.create(id);
  const events = { written() {}, closed() {} };
  return new SpoolWriter(store, id, events, new AbortController().signal);
}

/** Writes a spool whole. */
export async function writeAll(
  store: SpoolStore,
  id: string,
  body: Uint8Array,
  chunkBytes = 65_536,
): Promise<void> {
  const writer = await newWriter(store, id);
  for (let at = 0; at < body.length; at += chunkBytes) {
    await writer.write(body.subarray(at, at + chunkBytes));
  }
  await writer.finish();
}

/** Reads a spool to its end. */
export async function readAll(
  store: SpoolStore,
  id: string,
  options: Partial<ReadOptions> = {},
): Promise<Uint8Array> {
  const { signal = new AbortController().signal } = options;
  const chunks = await Array.fromAsync(readSpool(store, id, { ...options, signal }));
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Bytes that are not the same anywhere. */
export function patterned(size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1);
  return new Uint8Array(words.buffer, 0, size);
}

/** A digest, where the bytes themselves would be too much to compare. */
export function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A piece with a text body. */
export function piece(seq: number, at: number, text: string, rest: Partial<Piece> = {}): Piece {
  return { seq, at, body: new TextEncoder().encode(text), last: false, ...rest };
}

/** The text of bytes. */
export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
