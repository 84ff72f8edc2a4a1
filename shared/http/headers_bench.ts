import { requestHeaders, responseHeaders, toHeaders, toRawHeaders } from "./headers.ts";

const raw = [
  ...[
    "Host",
    "example.com",
    "User-Agent",
    "bench/1.0",
    "Accept",
    "*/*",
    "Connection",
    "keep-alive",
  ],
  ...["Content-Type", "application/json", "Content-Length", "1024", "X-Repeated", "1"],
  ...["X-Repeated", "2", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"],
];
const table = requestHeaders(raw);

Deno.bench("headers: a caller's become a table", () => void requestHeaders(raw));
Deno.bench("headers: a microservice's become a table", () => void responseHeaders(raw, "POST"));
Deno.bench("headers: a table becomes name and value in turn", () => void toRawHeaders(table));
Deno.bench("headers: a table becomes the Web's", () => void toHeaders(table));
