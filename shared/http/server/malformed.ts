import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Problem, type ProblemType } from "../problem.ts";

const problems: Readonly<Record<string, [ProblemType, string]>> = {
  HPE_HEADER_OVERFLOW: ["headers-too-large", "the request's line and headers are too large"],
  ERR_HTTP_REQUEST_TIMEOUT: ["request-timeout", "the request's headers did not come in time"],
};

/** Answers what is no HTTP request, and closes the connection. */
export function refuse(error: Error & { code?: string }, socket: Duplex): void {
  // What was written before may be a part of a response, which this would become a part of.
  const silent = socket instanceof Socket && socket.bytesWritten > 0;
  if (silent || !socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const [type, detail] = problems[error.code ?? ""] ??
    ["bad-request", `this is no HTTP/1.1 request: ${error.message}`];
  const problem = new Problem(type, { detail });
  const body = JSON.stringify(problem.toDocument());
  const headers = {
    ...problem.toHeaders(),
    "content-length": String(new TextEncoder().encode(body).length),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines}\r\n${body}`,
  );
}
