import type { HeaderValue } from "../broker.ts";
import { MessageTooLargeError } from "../errors.ts";

const encoder = new TextEncoder();
const longestByLoop = 64;
const int32 = 2 ** 31;

/** How many bytes a string takes at most in UTF-8. */
export function textBound(text: string): number {
  return 3 * text.length;
}

/**
 * How many bytes a header value takes at most.
 * @throws {TypeError} it is no {@link HeaderValue}; the message names the header.
 */
export function fieldBound(name: string, value: HeaderValue): number {
  switch (typeof value) {
    case "string":
      return 5 + textBound(value);
    case "number":
      if (!Number.isSafeInteger(value)) {
        throw new TypeError(`the header "${name}" is ${value}: numbers must be safe integers`);
      }
      return 9;
    case "boolean":
      return 2;
    case "object":
      if (value !== null) {
        if (Array.isArray(value)) {
          return value.reduce<number>((sum, item) => sum + fieldBound(name, item), 5);
        }
        const prototype = Object.getPrototypeOf(value);
        if (prototype === Object.prototype || prototype === null) {
          return 1 + tableBound(value as { readonly [name: string]: HeaderValue });
        }
      }
  }
  throw new TypeError(
    `the header "${name}" must be a string, a number, a boolean, an array or a table`,
  );
}

/** How many bytes a header table takes at most. Undefined values are left out. */
export function tableBound(table: { readonly [name: string]: HeaderValue }): number {
  let sum = 4;
  for (const name of Object.keys(table)) {
    const value = table[name];
    if (value !== undefined) sum += 1 + textBound(name) + fieldBound(name, value);
  }
  return sum;
}

/** Writes UTF-8. Returns the offset after it, as all the writers here do. */
export function writeText(bytes: Uint8Array, offset: number, text: string): number {
  const { length } = text;
  if (length <= longestByLoop) {
    let index = 0;
    for (; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) break;
      bytes[offset + index] = code;
    }
    if (index === length) return offset + length;
  }
  return offset + encoder.encodeInto(text, bytes.subarray(offset)).written;
}

/** Writes a short string: at most 255 bytes. */
export function writeShortText(bytes: Uint8Array, offset: number, text: string): number {
  const end = writeText(bytes, offset + 1, text);
  const length = end - offset - 1;
  if (length > 255) {
    throw new MessageTooLargeError(
      `"${
        text.slice(0, 40)
      }..." takes ${length} bytes: properties and header names take at most 255`,
    );
  }
  bytes[offset] = length;
  return end;
}

export function writeUint16(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
  return offset + 2;
}

export function writeUint32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
  return offset + 4;
}

export function writeInt64(bytes: Uint8Array, offset: number, value: number): number {
  writeUint32(bytes, offset, Math.floor(value / 2 ** 32));
  return writeUint32(bytes, offset + 4, value % 2 ** 32);
}

/** Writes a header table with its length. */
export function writeTable(
  bytes: Uint8Array,
  offset: number,
  table: { readonly [name: string]: HeaderValue },
): number {
  let end = offset + 4;
  for (const name of Object.keys(table)) {
    const value = table[name];
    if (value === undefined) continue;
    end = writeField(bytes, writeShortText(bytes, end, name), value);
  }
  writeUint32(bytes, offset, end - offset - 4);
  return end;
}

function writeField(bytes: Uint8Array, offset: number, value: HeaderValue): number {
  if (typeof value === "string") {
    bytes[offset] = 0x53; // S
    const end = writeText(bytes, offset + 5, value);
    writeUint32(bytes, offset + 1, end - offset - 5);
    return end;
  }
  if (typeof value === "number") {
    const fits = value >= -int32 && value < int32;
    bytes[offset] = fits ? 0x49 : 0x6c; // I, l
    return fits ? writeUint32(bytes, offset + 1, value) : writeInt64(bytes, offset + 1, value);
  }
  if (typeof value === "boolean") {
    bytes[offset] = 0x74; // t
    bytes[offset + 1] = value ? 1 : 0;
    return offset + 2;
  }
  if (Array.isArray(value)) {
    bytes[offset] = 0x41; // A
    let end = offset + 5;
    for (const item of value) end = writeField(bytes, end, item);
    writeUint32(bytes, offset + 1, end - offset - 5);
    return end;
  }
  bytes[offset] = 0x46; // F
  return writeTable(bytes, offset + 1, value as { readonly [name: string]: HeaderValue });
}
