import { Problem } from "../../shared/http/problem.ts";

const empty = new Uint8Array(0);

/**
 * Reads a request's body whole.
 * @throws {Problem} `body-too-large`, before reading on, when it is over `maxBytes`;
 * `bad-request`, when it breaks off.
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
  try {
    if (length !== null) return Number(length) === 0 ? empty : await request.bytes();
    return request.body === null ? empty : await readChunks(request.body, maxBytes);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("bad-request", { detail: "the request's body broke off before its end" });
  }
}

async function readChunks(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function tooLarge(maxBytes: number): Problem {
  return new Problem("body-too-large", {
    detail: `the request's body is over ${maxBytes} bytes, the largest that is taken here`,
  });
}
