/**
 * What stands for a `Request` or a `Response`, of which only that is made which is asked for: whoever
 * reads its body as the Web does gets it from the Web's own.
 */
export abstract class MadeOnDemand<T extends Request | Response> {
  /** The whole of it, as others take it. */
  abstract get web(): T;

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.web.arrayBuffer();
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.web.bytes();
  }

  blob(): Promise<Blob> {
    return this.web.blob();
  }

  formData(): Promise<FormData> {
    return this.web.formData();
  }

  json(): Promise<unknown> {
    return this.web.json();
  }

  text(): Promise<string> {
    return this.web.text();
  }

  clone(): T {
    return this.web.clone() as T;
  }
}
