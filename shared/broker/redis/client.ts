import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { createClient, RESP_TYPES } from "@redis/client";
import type { Target } from "./url.ts";

/** What a command is made of. */
export type Argument = string | Buffer;

/** What a command comes back with; strings come as bytes. */
export type Reply = Buffer | string | number | boolean | null | readonly Reply[];

/** Who is told of the messages on a channel. */
export type Listener = (message: string, channel: string) => void;

/** One connection of the client library. It connects once; a lost one is replaced by another. */
export interface Client {
  connect(): Promise<void>;
  /** Sends a command. All those of one turn of the event loop go in one write. */
  send(args: readonly Argument[]): Promise<Reply>;
  /** Calls back for each message on a channel. Resolves when none is missed any more. */
  subscribe(channel: string, listener: Listener): Promise<void>;
  /** Ends that. It takes the listener since, without, who comes before the answer hears nothing. */
  unsubscribe(channel: string, listener: Listener): Promise<void>;
  /** Called once, when the connection is lost. */
  onLost: (error: Error) => void;
  /** Ends the connection; what waits for an answer rejects. */
  destroy(): void;
}

const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.MAP]: Array };

/** @param name as operators see it in the server's list of clients. */
export function makeClient(target: Target, name: string, connectTimeoutMs: number): Client {
  const { tls, host, port, username, password, database } = target;
  const address = {
    host,
    port,
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: false,
  } as const;
  const client = createClient({
    // A name is told to the server, which may have several; an address is not (RFC 6066, section 3).
    socket: !tls
      ? address
      : isIP(host)
      ? { ...address, tls }
      : { ...address, tls, servername: host },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    RESP: 3,
    // A name with a space is refused.
    name: name.replaceAll(/[^!-~]+/g, "-"),
    // A command while there is no connection rejects at once.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    // The library would make a timer for each command.
    commandOptions: { timeout: 0 },
  });
  const lost = (error: Error) => {
    const { onLost } = made;
    made.onLost = () => {};
    onLost(error);
  };
  let opening = false;
  let destroyed = false;
  const made: Client = {
    async connect() {
      opening = true;
      try {
        await client.connect();
      } finally {
        opening = false;
      }
    },
    send: (args) => client.sendCommand<Reply>(args, { typeMapping }),
    subscribe: (channel, listener) => client.subscribe(channel, listener),
    unsubscribe: (channel, listener) => client.unsubscribe(channel, listener),
    onLost: () => {},
    destroy() {
      destroyed = true;
      // The library forgets a socket that is not connected yet, and would go on with it.
      if (!opening) client.destroy();
    },
  };
  client.on("connect", () => {
    opening = false;
    if (destroyed) client.destroy();
  });
  client.on("error", lost);
  client.on("end", () => lost(new Error("the connection was lost")));
  return made;
}

/** Bytes as the client takes them, not copied. */
export function bytes({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** A reply that is text, or a number. */
export function textOf(reply: Reply | undefined): string {
  return reply === undefined || reply === null ? "" : String(reply);
}

/** A reply that is a list; anything else is an empty one. */
export function listOf(reply: Reply | undefined): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}
