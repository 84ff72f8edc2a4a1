/**
 * Callers, each of which sends one request after the other on a connection of its own, for some
 * seconds; a process of its own, so that it takes nothing from the services' event loops. Prints
 * what they saw as JSON.
 *
 *     deno run -A load.ts URL CONNECTIONS WARM_UP_MS MS
 *
 * @module
 */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What the callers saw. */
export interface Load {
  /** Answers of 200 a second. */
  readonly rate: number;
  /** Milliseconds from sending a request to the end of its response. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 200. */
  readonly others: number;
}

/** Sends requests on a connection until `stopped` says so, and tells of each answer. */
function caller(url: URL, onAnswer: (status: number, ms: number) => void): () => void {
  const body = '{"text":"hello"}';
  const request = `POST ${url.pathname} HTTP/1.1\r\nhost: ${url.host}\r\n` +
    `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  let received = "";
  let sent = 0;
  const send = () => {
    sent = performance.now();
    socket.write(request);
  };
  socket.on("connect", send);
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    const head = received.indexOf("\r\n\r\n");
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(received) ?? [];
    if (head < 0 || received.length < head + 4 + Number(length ?? 0)) return;
    onAnswer(Number(received.slice(9, 12)), performance.now() - sent);
    received = "";
    send();
  });
  socket.on("error", (error) => {
    throw error;
  });
  return () => socket.destroy();
}

async function load(url: URL, connections: number, warmUpMs: number, ms: number): Promise<Load> {
  let measuring = false;
  const times: number[] = [];
  let others = 0;
  const ends = Array.from({ length: connections }, () =>
    caller(url, (status, time) => {
      if (!measuring) return;
      if (status === 200) times.push(time);
      else others++;
    }));
  await delay(warmUpMs);
  measuring = true;
  const start = performance.now();
  await delay(ms);
  measuring = false;
  const seconds = (performance.now() - start) / 1000;
  for (const end of ends) end();
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? NaN;
  return { rate: times.length / seconds, p50: at(0.5), p99: at(0.99), others };
}

if (import.meta.main) {
  const [url = "", connections, warmUpMs, ms] = Deno.args;
  const seen = await load(new URL(url), Number(connections), Number(warmUpMs), Number(ms));
  console.log(JSON.stringify(seen));
}
