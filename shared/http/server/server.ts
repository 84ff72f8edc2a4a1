import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { IncomingRequest, type Wire } from "./incoming.ts";
import { refuse } from "./malformed.ts";
import { send } from "./outgoing.ts";

/** The most that a request's line and headers may take, bytes. */
const maxHeaderSize = 131_072;
/** Longer than the load balancers in use keep a connection that idles, so that they close it first. */
const keepAliveTimeoutMs = 75_000;

/** A listening HTTP server. */
export interface Server {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
  /**
   * Stops accepting, and waits until the requests in flight are answered, or the signal aborts:
   * whoever is slower than that is left to the end of the process.
   */
  close(signal: AbortSignal): Promise<void>;
}

/** What answers requests. Its failure is a 500 without a word, so it has to say what failed itself. */
export type RequestHandler = (request: Request, wire: Wire) => Response | Promise<Response>;

/**
 * Serves HTTP/1.1. A request's `signal` aborts when its caller hangs up before it has the whole
 * response; a response whose body breaks off ends with its connection, so that nobody takes it for
 * whole.
 * @param options `port` 0 picks a free one.
 * @throws when the address cannot be listened on.
 */
export async function serve(
  handler: RequestHandler,
  options: { readonly hostname: string; readonly port: number },
): Promise<Server> {
  const server = createServer({
    maxHeaderSize,
    keepAliveTimeout: keepAliveTimeoutMs,
    // A large body may take longer than any one limit.
    requestTimeout: 0,
    noDelay: true,
    joinDuplicateHeaders: true,
  });
  let closing = false;
  // A connection whose response had begun before is kept until it is sent.
  const onClose = () => closing && server.closeIdleConnections();
  const answer = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    awaitsContinue: boolean,
  ) => {
    const request = new IncomingRequest(incoming, outgoing, { awaitsContinue, onClose });
    const response = await answerOf(handler, request, incoming);
    // Whoever keeps its connection would keep the server from closing.
    if (closing) outgoing.shouldKeepAlive = false;
    await send(response, outgoing);
  };
  server.on("request", (incoming, outgoing) => void answer(incoming, outgoing, false));
  server.on("checkContinue", (incoming, outgoing) => void answer(incoming, outgoing, true));
  server.on("clientError", refuse);
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error) => {
      reject(
        new Error(`cannot listen on ${options.hostname}:${options.port}: ${cause.message}`, {
          cause,
        }),
      );
    };
    server.once("error", failed);
    server.listen(options.port, options.hostname, () => {
      server.off("error", failed);
      resolve();
    });
  });
  const { address: hostname, port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    hostname,
    port,
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    close(signal) {
      closing = true;
      closed ??= new Promise((resolve) => server.close(() => resolve()));
      return Promise.race([closed, aborted(signal)]);
    },
  };
}

async function answerOf(
  handler: RequestHandler,
  request: IncomingRequest,
  wire: Wire,
): Promise<Response> {
  try {
    return await handler(request as unknown as Request, wire);
  } catch {
    return new Response(null, { status: 500 });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
