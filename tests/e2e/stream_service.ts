import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A call to a {@link StreamService}, whose response the test writes. */
export interface StreamCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** When its connection was cut before its end, on the clock of `performance.now()`. */
  cutAt?: number;
}

/** A microservice whose responses are written piece by piece. */
export interface StreamService extends AsyncDisposable {
  readonly url: string;
  readonly calls: StreamCall[];
}

/** @param answer is called for each request, and may leave the response open. */
export async function streamService(
  answer: (call: StreamCall) => void | Promise<void>,
): Promise<StreamService> {
  const calls: StreamCall[] = [];
  const server = createServer({ noDelay: true }, (request, response) => {
    const call: StreamCall = { request, response, path: request.url ?? "" };
    calls.push(call);
    response.on("close", () => {
      if (!response.writableFinished) call.cutAt = performance.now();
    });
    void answer(call);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Writes so many patterned bytes, as fast as they are taken, while anybody takes them. */
export async function writePatterned(
  response: ServerResponse,
  total: number,
  onWrite: (bytes: Uint8Array) => void = () => {},
): Promise<void> {
  for (let from = 0; from < total && !response.destroyed; from += 65_536) {
    const bytes = patterned(from, Math.min(65_536, total - from));
    onWrite(bytes);
    await new Promise<void>((resolve) => response.write(bytes, () => resolve()));
  }
}

/** Bytes that tell where they stand, so that a gap or a repetition shows. */
export function patterned(from: number, bytes: number): Uint8Array<ArrayBuffer> {
  const piece = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) piece[i] = (from + i) % 251;
  return piece;
}

/** Whether bytes are what {@link patterned} makes. */
export function isPatterned(piece: Uint8Array, from: number): boolean {
  for (let i = 0; i < piece.byteLength; i++) if (piece[i] !== (from + i) % 251) return false;
  return true;
}
