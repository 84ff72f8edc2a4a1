const bodies = new WeakMap<Response, Uint8Array>();

/** Says what a response's body is, so that a server need not read it off a stream to send it. */
export function withKnownBody(response: Response, body: Uint8Array): Response {
  bodies.set(response, body);
  return response;
}

/** A response's body, if it was said. */
export function knownBody(response: Response): Uint8Array | undefined {
  return bodies.get(response);
}
