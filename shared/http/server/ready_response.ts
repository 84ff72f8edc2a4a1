import { type HeaderTable, toHeaders } from "../headers.ts";
import { MadeOnDemand } from "./made_on_demand.ts";

/**
 * A response that is there, status, headers and body, to be sent as it is. Of what the Web has in a
 * `Response` only that is made which is asked for: the server asks for nothing of it.
 */
export class ReadyResponse extends MadeOnDemand<Response> {
  readonly status: number;
  readonly #table: HeaderTable;
  readonly #bytes: Uint8Array;
  #web: Response | undefined;

  /** @param headers good ones: the server refuses others. */
  constructor(status: number, headers: HeaderTable, bytes: Uint8Array) {
    super();
    this.status = status;
    this.#table = headers;
    this.#bytes = bytes;
  }

  /** The whole body. */
  get known(): Uint8Array {
    return this.#bytes;
  }

  /** The headers as they are to be sent. */
  get table(): HeaderTable | Headers {
    // Whoever has had the Web's may have changed them.
    return this.#web?.headers ?? this.#table;
  }

  /**
   * The whole of it, as others take it.
   * @throws {TypeError} the Web has no such response.
   */
  override get web(): Response {
    const body = this.#bytes.byteLength > 0 ? this.#bytes as Uint8Array<ArrayBuffer> : null;
    return this.#web ??= new Response(body, {
      status: this.status,
      headers: toHeaders(this.#table),
    });
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    return this.web.headers;
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.web.body;
  }

  get bodyUsed(): boolean {
    return this.#web?.bodyUsed ?? false;
  }
}

/** Makes a {@link ReadyResponse} that passes for a `Response` in this process. */
export function readyResponse(status: number, headers: HeaderTable, bytes: Uint8Array): Response {
  return new ReadyResponse(status, headers, bytes) as unknown as Response;
}

/** A response as others take it. */
export function toWeb(response: Response): Response {
  return isReady(response) ? response.web : response;
}

/** Whether a response is there as a whole. */
export function isReady(response: unknown): response is ReadyResponse {
  return response instanceof ReadyResponse;
}
