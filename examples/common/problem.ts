/** An answer that says what was wrong (RFC 9457). */
export function problem(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ type: "about:blank", status, detail }, {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
