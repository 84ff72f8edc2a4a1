import { connect, type Socket } from "node:net";

/** An answer: its status, and its head as text. */
export interface Answer {
  readonly status: number;
  readonly head: string;
}

/**
 * An HTTP connection on which one request follows the other: an HTTP client would take more of the
 * machine than what is measured.
 */
export class Connection implements Disposable {
  readonly #socket: Socket;
  readonly #host: string;
  #received = "";
  #waiting: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#hear(chunk.toString("latin1")));
    const fail = (error?: Error) => this.#waiting?.reject(error ?? new Error("the server hung up"));
    socket.on("error", fail);
    socket.on("close", () => fail());
  }

  static async open(url: URL): Promise<Connection> {
    const socket = connect(Number(url.port), url.hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Connection(socket, url.host);
  }

  /** Sends a request, and waits for the end of its answer. */
  exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
    body = "",
  ): Promise<Answer> {
    this.#waiting = Promise.withResolvers();
    let text = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n`;
    for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
    if (body !== "") text += `content-length: ${body.length}\r\n`;
    this.#socket.write(`${text}\r\n${body}`);
    return this.#waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#received.length < end + 4 + length) return;
    this.#received = "";
    this.#waiting?.resolve({ status: Number(head.slice(9, 12)), head });
  }
}
