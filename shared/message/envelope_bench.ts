import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type QueuedRequest,
} from "./envelope.ts";

const request: QueuedRequest = {
  id: "019aa7c2-5f00-7000-8000-000000000001",
  method: "POST",
  path: "/v1/items?limit=10",
  headers: {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "gzip, br",
    "user-agent": "bench/1.0",
    "x-repeated": ["1", "2"],
  },
  body: new Uint8Array(1_024),
  deadline: 1_764_000_060_000,
  replyTo: "reply_0c0ffee0-0000-4000-8000-000000000000",
};
const response = {
  status: 200,
  headers: { "content-type": "application/json", "cache-control": "no-store" },
  body: new Uint8Array(1_024),
};
const now = 1_764_000_000_000;
const requestMessage = encodeRequest(request, now);
const responseMessage = encodeResponse(response, request.id, true);

Deno.bench("envelope: a request becomes a message", () => void encodeRequest(request, now));
Deno.bench("envelope: a message is read as a request", () => void decodeRequest(requestMessage));
Deno.bench("envelope: a response becomes a message", () => {
  encodeResponse(response, request.id, true);
});
Deno.bench("envelope: a message is read as a response", () => void decodeResponse(responseMessage));
