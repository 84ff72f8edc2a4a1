import {
  AMQPClient,
  AMQPError,
  type AMQPTlsOptions,
  AMQPWebSocketClient,
} from "@cloudamqp/amqp-client";
import type { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import { Outbox } from "./outbox.ts";
import { readServer, type Server } from "./server.ts";
import type { Host, Target } from "./url.ts";
import { RecurringView } from "./view.ts";

/** The largest frame that we offer to a server, bytes. */
export const offeredFrameMax = 131072;

const sent = Promise.resolve();
const heartbeatFrame = new Uint8Array([8, 0, 0, 0, 0, 0, 0, 206]);

/**
 * One connection of the client library, with what it lacks: one write for each turn of the event
 * loop, TCP_NODELAY, the server's name and version, a count of what comes in, heartbeats of our
 * own. It connects once; a lost one is replaced by another.
 *
 * Publishing by the library's `basicPublish` is out of bounds: it would reuse its buffers before
 * they are written.
 */
export interface Client extends Pick<AMQPClient, "channel" | "channels" | "closed" | "frameMax"> {
  blocked?: string;
  ondisconnect?: (error?: Error) => void;
  onblocked?: (reason: string) => void;
  onunblocked?: () => void;
  connect(): Promise<unknown>;
  close(reason?: string): Promise<void>;
  readonly outbox: Outbox;
  readonly server: Server | undefined;
  /** How many frames came in. */
  readonly framesRead: number;
  /** Bytes that the operating system has not taken yet. */
  readonly backlog: number;
  /** Resolves when the backlog is gone. */
  drained(): Promise<void>;
  /** Sends a heartbeat if nothing was sent since the last call. */
  beat(): void;
  /** Ends the connection without a word to the server. */
  destroy(error: Error): void;
}

/** Makes a client of one of the hosts that is not connected yet. */
export function createClient(target: Target, host: Host, name: string): Client {
  return host.endpoint
    ? new WebSocketClient(target, host, name)
    : new TcpClient(target, host, name);
}

class TcpClient extends AMQPClient implements Client {
  readonly outbox = new Outbox((chunks) => this.#write(chunks));
  server: Server | undefined;
  framesRead = 0;
  #wrote = false;

  constructor(target: Target, host: Host, name: string) {
    const { username, password, vhost } = target;
    const secrets = `${encodeURIComponent(username)}:${encodeURIComponent(password)}`;
    const query = new URLSearchParams({
      name,
      frameMax: String(offeredFrameMax),
      heartbeat: String(target.heartbeat),
    });
    const url = `${target.scheme}://${secrets}@${host.shown}/${encodeURIComponent(vhost)}?${query}`;
    // The library hands these to the plain socket too, and takes an IPv6 address in its brackets.
    const socketOptions: AMQPTlsOptions & { noDelay: boolean } = {
      noDelay: true,
      ...(host.name.includes(":") ? { host: host.name, servername: "" } : {}),
    };
    super(url, socketOptions);
    this.onerror = () => {};
  }

  override async connect(): Promise<this> {
    const connected = super.connect();
    this.socket?.setNoDelay(true);
    await connected;
    this.socket?.setNoDelay(true);
    this.socket?.setTimeout(0);
    this.frameMax ||= offeredFrameMax;
    return this;
  }

  override send(bytes: Uint8Array): Promise<void> {
    if (!this.socket) return Promise.reject(new AMQPError("Socket not connected", this));
    this.outbox.append(bytes);
    return sent;
  }

  protected override parseFrames(view: AMQPView): void {
    this.framesRead++;
    if (this.framesRead === 1) this.server = readServer(view);
    try {
      super.parseFrames(new RecurringView(view.buffer, view.byteOffset, view.byteLength));
    } catch (error) {
      this.destroy(asError(error));
    }
  }

  protected override closeSocket(): void {
    if (this.socket) this.outbox.flush();
    super.closeSocket();
  }

  get backlog(): number {
    return this.socket?.writableLength ?? 0;
  }

  drained(): Promise<void> {
    const { socket } = this;
    if (!socket?.writableNeedDrain) return sent;
    return new Promise((resolve) => {
      const done = () => {
        socket.off("drain", done).off("close", done);
        resolve();
      };
      socket.on("drain", done).on("close", done);
    });
  }

  beat(): void {
    if (!this.#wrote && this.socket) this.outbox.append(heartbeatFrame);
    this.#wrote = false;
  }

  destroy(error: Error): void {
    this.socket?.destroy(error);
  }

  #write(chunks: readonly Uint8Array[]): void {
    const { socket } = this;
    if (!socket || socket.destroyed) return;
    this.#wrote = true;
    const [only] = chunks;
    if (chunks.length === 1 && only) {
      socket.write(only);
      return;
    }
    socket.cork();
    for (const chunk of chunks) socket.write(chunk);
    socket.uncork();
  }
}

class WebSocketClient extends AMQPWebSocketClient implements Client {
  readonly outbox = new Outbox((chunks) => this.#write(chunks));
  readonly backlog = 0;
  server: Server | undefined;
  framesRead = 0;
  #wrote = false;

  constructor(target: Target, host: Host, name: string) {
    super({
      url: host.endpoint,
      vhost: target.vhost,
      username: target.username,
      password: target.password,
      name,
      frameMax: offeredFrameMax,
      heartbeat: target.heartbeat,
    });
    this.onerror = () => {};
  }

  override async connect(): Promise<this> {
    await super.connect();
    this.frameMax ||= offeredFrameMax;
    return this;
  }

  override send(bytes: Uint8Array): Promise<void> {
    this.outbox.append(bytes);
    return sent;
  }

  protected override parseFrames(view: AMQPView): void {
    this.framesRead++;
    if (this.framesRead === 1) this.server = readServer(view);
    try {
      super.parseFrames(new RecurringView(view.buffer, view.byteOffset, view.byteLength));
    } catch (error) {
      this.destroy(asError(error));
    }
  }

  protected override closeSocket(): void {
    this.outbox.flush();
    super.closeSocket();
  }

  drained(): Promise<void> {
    return sent;
  }

  beat(): void {
    if (!this.#wrote) this.outbox.append(heartbeatFrame);
    this.#wrote = false;
  }

  destroy(_error: Error): void {
    super.closeSocket();
  }

  #write(chunks: readonly Uint8Array[]): void {
    this.#wrote = true;
    for (const chunk of chunks) super.send(chunk).catch(() => {});
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
